import type { DateTemplate } from './date-template.ts';
import type { FilterCommon } from './filter.ts';

/** A filter of fail2ban's as it crosses a thread: its expressions are JavaScript's by now, its values in place. */
export interface Fail2banFilterDefinition extends FilterCommon {
  readonly kind: 'fail2ban';
  /** Must match first; its `content` is what the others look at, its other fields are defaults for theirs. */
  readonly prefix: Fail2banExpression | null;
  /** The first one that matches decides. */
  readonly expressions: readonly Fail2banExpression[];
  /** A text that matches one of these is never a match. */
  readonly ignore: readonly Fail2banExpression[];
  /** How many lines an expression may span. */
  readonly maxLines: number;
  /** What its lines' dates look like, in the order in which they are tried at first. */
  readonly dates: readonly DateTemplate[];
  /** Whether these are fail2ban's own ones, which reach into no word. */
  readonly usualDates: boolean;
}

/**
 * The key of the session of lines whose key is there and empty: to fail2ban they have one in common. No key is a line's
 * end.
 */
export const emptySession = '\n';

export interface Fail2banExpression {
  /** Compiled with the flag `u`. */
  readonly source: string;
  readonly groups: readonly ExpressionGroup[];
  /** `file:line` of what it was made of. */
  readonly where: string;
}

/** What the text of a group is to fail2ban. */
export type GroupMeaning =
  | 'ip4'
  | 'ip6'
  /** A name that may have to be resolved. */
  | 'dns'
  /** The length of an address's prefix. */
  | 'cidr'
  /** What is counted and banned instead of the address. */
  | 'id'
  | 'port'
  | 'user'
  /** Marks a line that gives its session fields and is no hit. */
  | 'nofail'
  /** What the lines of one connection have in common. */
  | 'session'
  /** Marks the end of a session. */
  | 'forget'
  /** Marks that somebody logged in: what is pending in the session does not count. */
  | 'gained'
  /** Of a prefix: what the other expressions are to look at. */
  | 'content'
  /** Lines of a multi-line match that do not belong to it. */
  | 'skipped'
  /** A field of the owner's. */
  | 'evidence';

/** A named group of a translated expression, and the field that it gives a text to. */
export interface ExpressionGroup {
  /** In the JavaScript expression. */
  readonly number: number;
  readonly name: string;
  /** fail2ban's name of the field: `user` for the group `alt_user_1`. */
  readonly field: string;
  readonly meaning: GroupMeaning;
  /**
   * An alternative counts where the field has no text from the groups before in the list; parts are
   * joined with it to a tuple.
   */
  readonly as: 'value' | 'alternative' | 'part';
}

import type { ContainerStream } from '../../core/filter.ts';
import type { MatchKindName } from '../../core/types.ts';
import type { Literals } from '../literals.ts';
import type { DateFinder } from './dates.ts';

/** What a filter says of one line that it matched. `host` is canonical, or '' where none is named. */
export interface Judgement {
  readonly kind: MatchKindName | 'ignored';
  readonly host: string;
  readonly session: string;
  readonly user: string;
  /** Other named groups as a JSON object, or ''; without evidence only where the host is an id, which sessions must know. */
  readonly fields: string;
  /** The time as the line itself gives it in a field, for the date reader; or null. */
  readonly time: string | number | null;
  /** The place of the expression or rule that decided; of what is ignored that of what it is ignored for. From 0. */
  readonly expression: number;
}

/** A compiled filter. All kinds are used through this. */
export interface Filter {
  readonly name: string;
  /** A line without any of these can be left unread; null: every line must be judged. */
  readonly literals: Literals;
  /** Whether the literals' letters may stand in either case (ASCII; there are no others in them then). */
  readonly ignoreCase: boolean;
  /** Whether a text that it judges ends with a newline. */
  readonly withNewline?: boolean;
  /** Of a container's output it judges what comes on these; absent or none: all of it. */
  readonly streams?: readonly ContainerStream[];
  /** Bytes of a line that it gets, where that is more than the line cap. */
  readonly longestLine?: number;
  /**
   * Judges the text of one line, its date cut out. Null: a miss. Keeps nothing that the text is a part of.
   * `evidence`: whether other fields are wanted than those that have a meaning; they are, by default.
   */
  judge(text: string, evidence?: boolean): Judgement | null;
  /** What finds the dates of one log's lines, where it has rules of its own. `timeZone`: of dates that name none. */
  dates?(timeZone: string | undefined): DateFinder;
  /** Itself, or its like for one log alone: some keep lines. */
  ofLog?(): Filter;
  /** The lines that it keeps, for one of its like that goes on after a restart; absent: it keeps none. */
  kept?(): readonly string[];
  /** Goes on with what was kept. What makes no sense is passed over. */
  recall?(kept: unknown): void;
}

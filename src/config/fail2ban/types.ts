import type { BailiffError } from '../../core/errors.ts';
import type { Place } from './place.ts';
import type { Remark } from './problem.ts';
import type { SourcedText } from './traced-text.ts';

export type OptionTexts = ReadonlyMap<string, SourcedText>;

/** What a fail2ban configuration directory says. */
export interface Fail2banConfiguration {
  /** fail2ban.conf, its [Definition]: dbfile, loglevel and the like. */
  readonly settings: OptionTexts;
  /** Whom DEFAULT spares. */
  readonly ignored: Fail2banIgnored;
  /** The jails that are enabled and sound, in the order of the files. */
  readonly jails: readonly Fail2banJail[];
  /** The names of those that are not enabled. */
  readonly disabled: readonly string[];
  readonly problems: readonly Fail2banProblem[];
  readonly remarks: readonly Remark[];
}

export interface Fail2banProblem {
  /** The jail that is left out for it; null where it is about a file, and jails go on without what it says there. */
  readonly jail: string | null;
  readonly error: BailiffError;
}

export interface Fail2banJail {
  readonly name: string;
  /** Where its section begins. */
  readonly at: Place;
  /** Every option with its value as text, those from DEFAULT included. */
  readonly options: OptionTexts;
  readonly backend: Fail2banBackend;
  readonly filter: Fail2banFilter | null;
  readonly actions: readonly Fail2banAction[];
  /** fail2ban's own defaults are 3 here; its jail.conf says 5. Null: not set, as all that follow. */
  readonly maxRetry: number | null;
  readonly maxMatches: number | null;
  /** Seconds. */
  readonly findTime: number | null;
  /** Seconds; `forever` for a negative one. */
  readonly banTime: number | 'forever' | null;
  readonly increment: Fail2banIncrement;
  readonly ignore: Fail2banIgnoreList;
  readonly logPaths: readonly Fail2banLogPath[];
  /** `auto` or the name of an encoding. */
  readonly logEncoding: string | null;
  readonly logTimezone: string | null;
  readonly skipIfNoLogs: boolean;
  /** What the jail's `port` and `protocol` say; what a ban covers is for its actions to say. */
  readonly ports: readonly Fail2banPort[];
  readonly protocol: string | null;
  readonly chain: string | null;
}

export interface Fail2banBackend {
  readonly kind: 'auto' | 'pyinotify' | 'gamin' | 'polling' | 'systemd';
  /** `systemd[journalpath=…]`. */
  readonly options: OptionTexts;
}

/** bantime.increment and what goes with it; times in seconds, null where not set. */
export interface Fail2banIncrement {
  readonly enabled: boolean;
  /** Python expressions: never to be evaluated as such. */
  readonly factor: SourcedText | null;
  readonly formula: SourcedText | null;
  readonly multipliers: readonly number[];
  readonly maxTime: number | null;
  readonly randomTime: number | null;
  readonly overallJails: boolean;
}

/** Whom an `ignoreip` names. */
export interface Fail2banIgnored {
  /** Addresses and ranges, canonical. */
  readonly ranges: readonly string[];
  readonly names: readonly string[];
  /** Files that hold more of them. */
  readonly files: readonly string[];
}

export interface Fail2banIgnoreList extends Fail2banIgnored {
  /** Whether the host's own addresses are ignored. */
  readonly self: boolean;
  readonly command: SourcedText | null;
  /** `key="…", max-count=…, max-time=…`: how answers of the command are kept. */
  readonly cache: SourcedText | null;
}

export interface Fail2banLogPath {
  /** May be a pattern. */
  readonly path: string;
  readonly from: 'head' | 'tail';
  readonly at: Place;
}

/** A number, a range, or the name of a service (services(5)). */
export type Fail2banPort = { readonly from: number; readonly to: number } | { readonly service: string };

/** The part of a filter that was read from filter.d, with what the jail adds to it. Tags such as <HOST> stand as they are. */
export interface Fail2banFilter {
  readonly name: string;
  /** The file that comes first. */
  readonly file: string;
  /** What the jail gives it: `sshd[mode=aggressive]`, and the log's type. */
  readonly given: OptionTexts;
  readonly failRegex: readonly SourcedText[];
  readonly ignoreRegex: readonly SourcedText[];
  readonly prefRegex: SourcedText | null;
  /** May hold several lines. */
  readonly datePattern: SourcedText | null;
  /** How many lines an expression may span. */
  readonly maxLines: number | null;
  readonly useDns: string | null;
  /** Each is one line's words: terms that must hold, and `+` between groups. One of the lines must hold. */
  readonly journalMatch: readonly Fail2banJournalMatch[];
  /** Every option of the file with its value, before the jail's own options count. */
  readonly options: OptionTexts;
}

export interface Fail2banJournalMatch {
  readonly words: readonly string[];
  readonly at: Place;
}

export interface Fail2banAction {
  /** The file in action.d. */
  readonly name: string;
  /** The name that it has in the jail. */
  readonly label: string;
  readonly at: Place;
  /** `python` is a module of fail2ban's own, which cannot be run elsewhere. */
  readonly kind: 'command' | 'python';
  /** actionstart, actionban and so on; tags that come with a ban stand as they are. */
  readonly commands: OptionTexts;
  /** actionstart_on_demand, actionrepair_on_unban and norestored, where they are set. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** The values that its tags get when it runs, as they are written: they may hold tags themselves. */
  readonly properties: OptionTexts;
  /** The same with the tags replaced that have a value: what to look at to know a port or a chain. */
  readonly resolved: OptionTexts;
}

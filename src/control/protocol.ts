import type { Counted } from '../core/counted.ts';
import type { AllowedAddress, Ban, EvidenceLine, PastBan, SourceState, UnbanReason } from '../core/types.ts';

/** What `bailiff status --json` prints. Times are seconds since the epoch. */
export interface Status {
  readonly version: string;
  /** The commit that it was built from; null where the build was not told. */
  readonly revision: string | null;
  readonly started: number;
  /** Whether everything that should hold holds. */
  readonly ready: boolean;
  /** Why not, in words; empty where ready. */
  readonly problems: readonly string[];
  /** What the owner should know though everything that should hold holds. */
  readonly warnings: readonly string[];
  readonly enforcement: {
    readonly backend: string;
    /** `partial`: only some services heed it (hosts-deny). */
    readonly state: 'enforcing' | 'partial' | 'dry-run' | 'degraded';
    readonly detail: string;
    readonly hooks: readonly {
      readonly name: string;
      readonly family: 4 | 6;
      /** Read back from the kernel as it must be. */
      readonly ok: boolean;
      /** And a packet of a banned address was seen to be dropped there. */
      readonly verified: boolean;
      readonly problem?: string;
    }[];
    /** What our rules have taken since the start, as the kernel counts it. */
    readonly dropped: readonly {
      readonly hook: string;
      readonly family: 4 | 6;
      readonly packets: number;
      readonly bytes: number;
    }[];
    /** Traffic that this host's packet filter does not see, and other limits, with the remedy. */
    readonly gaps: readonly string[];
    /** Addresses and ranges in the kernel's sets. */
    readonly elements: number;
  };
  readonly jails: readonly JailStatus[];
  readonly sources: readonly SourceStatus[];
  readonly findings: readonly Finding[];
  /** Containers of whose labels there is something to say. */
  readonly labels: readonly LabelReport[];
  /** The owner's notifiers. */
  readonly notifiers: readonly NotifierStatus[];
  /** Ranges of which many addresses are banned, where no jail bans ranges; those with the most first. */
  readonly ranges: readonly BusyRange[];
  /** Where metrics are, or null. */
  readonly metrics: string | null;
  /** When the configuration was last read again, and what it came to; null: not since the start. */
  readonly reload: ReloadStatus | null;
}

/** A range that a jail with `ranges` would ban. */
export interface BusyRange {
  readonly range: string;
  /** Of it, banned now. */
  readonly addresses: number;
  /** Why it would not be banned: a part of it is protected; null: it would. */
  readonly protected: string | null;
}

export interface NotifierStatus {
  readonly name: string;
  readonly type: string;
  /** Bans and problems that wait to be told. */
  readonly waiting: number;
  /** Since the daemon started: messages that were taken, attempts that failed, and what was dropped. */
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  /** Why the last message could not be sent, or null. */
  readonly problem: string | null;
}

/** Something that the owner should put right, with how; `status` names it, `doctor` is to explain it. */
export interface Finding {
  /** Of its kind. `client-hidden`: a log names a proxy where the client should stand. */
  readonly id: 'client-hidden';
  readonly jail: string;
  readonly source: string;
  /** What is so, and what follows from it. */
  readonly text: string;
  /** What to do, by what it may be that is in the way. */
  readonly remedies: readonly { readonly behind: string; readonly remedy: string }[];
  /** Where more is said. */
  readonly page: string;
}

/** What is wrong with one container's labels, and what the owner should know of them. */
export interface LabelReport {
  readonly container: string;
  readonly errors: readonly {
    readonly code: string;
    /** The container and the label. */
    readonly where: string;
    readonly message: string;
    readonly remedy: string | null;
  }[];
  /** Of jails that nobody named: which were left out, and which are started though their logs are forgeable. */
  readonly notes: readonly string[];
}

export interface JailStatus {
  readonly name: string;
  /** Of a jail that reads no log: whose bans it counts, in words. */
  readonly filter: string;
  /** Why a client can write whole lines of its log, with somebody else's address; null: it cannot, as far as is known. */
  readonly forgeable: string | null;
  readonly maxretry: number;
  /** Seconds. */
  readonly findtime: number;
  /** Seconds; null: for ever. */
  readonly bantime: number | null;
  /** Since the daemon started. */
  readonly hits: number;
  readonly bans: number;
  /** Bans that stand now. */
  readonly active: number;
  /** Addresses being counted. */
  readonly tracked: number;
  /** What becomes of a banned address's packets, and of which: `drop`, `reject 80/tcp`, `log published web`. */
  readonly policy: string;
  /** The ports that a ban shuts now, such as `80/tcp,443/tcp`; `all`. */
  readonly ports: string;
}

export interface SourceStatus {
  readonly id: string;
  readonly state: SourceState;
  readonly detail: string;
  /** Bytes that are known to be there and are not judged yet. */
  readonly lag: number;
  /** How old its lines are when they are read, in seconds, 0 once nothing more comes; null: what brings them does not say when they were written. */
  readonly lagSeconds: number | null;
  readonly lines: number;
  /** When the last line was read; null: none since `since`. */
  readonly lastLine: number | null;
  /** Since when it is known to this run. */
  readonly since: number;
  /** How often reading it failed, and how often it began again. */
  readonly errors: number;
  readonly restarts: number;
  readonly lastError: { readonly time: number; readonly message: string } | null;
  /** That it is far behind, or silent for unusually long, in words; or null. */
  readonly behind: string | null;
  readonly silent: string | null;
  readonly jails: readonly string[];
  /** Something the owner should know, such as a masked source. */
  readonly warning: string | null;
}

export interface BanCommand {
  readonly address: string;
  /** Default `manual`. */
  readonly jail?: string;
  /** A duration as text; default: the jail's, or the default, ban time. */
  readonly for?: string;
  /** Ban it though it is protected; own addresses and loopback excepted. */
  readonly force?: boolean;
}

export interface BanAnswer {
  readonly outcome: 'banned' | 'prolonged' | 'already';
  readonly ban: Ban;
  /** Whether all of enforcement holds: false in a dry run, and where one way or family is open. */
  readonly enforced: boolean;
  readonly state: Status['enforcement']['state'];
  /** Whether it survives a restart: false while the database cannot be written. */
  readonly stored: boolean;
}

export type UnbanCommand = { readonly address: string; readonly jail?: string } | { readonly all: true };

export interface UnbanAnswer {
  readonly unbanned: readonly Ban[];
  /** Bans of wider ranges, which stand and still shut the address out. */
  readonly covering: readonly Ban[];
}

/** Who is never banned, and by which rule. */
export interface NeverBanned {
  /** An address or a range; a domain or the path of a program where that is asked about each address. */
  readonly address: string;
  /** The jail that never bans him; null: none does. */
  readonly jail: string | null;
  readonly reason: string;
}

export interface AllowCommand {
  readonly address: string;
  /** A duration as text; default: for ever. */
  readonly for?: string;
}

export interface AllowAnswer {
  readonly allowed: AllowedAddress;
  /** Bans that ended by it. */
  readonly unbanned: readonly Ban[];
  /** Whether it survives a restart: false while the database cannot be written. */
  readonly stored: boolean;
}

export interface DisallowAnswer {
  readonly removed: readonly AllowedAddress[];
  /** Why it is not banned all the same, such as the entry of a wider range; null: it may be banned now. */
  readonly protected: string | null;
  readonly stored: boolean;
}

/** A ban that another program made. Times are seconds since the epoch. */
export interface ImportedBan {
  readonly address: string;
  readonly jail: string;
  readonly since: number;
  /** null: for ever. Absent: as long as its jail bans, or the default. */
  readonly until?: number | null;
  /** How often its jail has banned the address, this time included. */
  readonly bancount: number;
  /** How many failures led to it. */
  readonly failures: number;
}

/** Bans of one request. */
export const mostImported = 1_000;

export interface ImportCommand {
  readonly bans: readonly ImportedBan[];
}

export interface ImportAnswer {
  readonly imported: number;
  /** How many this jail had banned here already; where the imported one lasts longer, it is that long now. */
  readonly already: number;
  /** How many were over by now. */
  readonly ended: number;
  /** Who must not be banned, and why. */
  readonly protected: readonly { readonly address: string; readonly jail: string; readonly reason: string }[];
  /** How many of the imported ones each jail had that does not exist here. */
  readonly unknownJails: Readonly<Record<string, number>>;
  readonly state: Status['enforcement']['state'];
  /** Whether they survive a restart. */
  readonly stored: boolean;
}

/** Something wrong in a configuration. */
export interface ConfigurationProblem {
  readonly code: string;
  readonly message: string;
  /** File, line and column; or the variable. */
  readonly where: string | null;
  readonly remedy: string | null;
  /** All of it for a person, as `bailiff check` says it. */
  readonly text: string;
}

export interface ReloadAnswer {
  /** false: there are errors, and everything is as it was. */
  readonly applied: boolean;
  /** What has changed, a sentence each. */
  readonly changes: readonly string[];
  /** Options that were changed and hold from the next start on. */
  readonly restart: readonly string[];
  readonly errors: readonly ConfigurationProblem[];
}

export type ReloadStatus = ReloadAnswer & { readonly time: number };

/** How long the next ban of an address, or of the range around it, would be, in seconds; null: for ever. */
export interface NextBan {
  readonly jail: string;
  readonly address: string;
  readonly seconds: number | null;
  /** By how much more it may be, by chance. */
  readonly more: number;
  /** How many attempts lead to it, by somebody who has come back. */
  readonly attempts: number;
  readonly counts: Counted;
  /** Where bans grow: the how many-th it would be, whether of all jails, and after how many seconds without a ban it is the first again. */
  readonly growth: { readonly ban: number; readonly ofAll: boolean; readonly forget: number } | null;
}

export interface WhyBan extends Ban {
  /** The ports that it shuts now: `all`, `none`, or a list such as `80/tcp`. */
  readonly ports: string;
  /** What its `hits` are. */
  readonly counts: Counted;
  /** The lines that led to it; none where none were kept. */
  readonly evidence: readonly EvidenceLine[];
  /**
   * What was dropped, or rejected, for it since it stands in the kernel: since it began, or since its set had to be made anew.
   * Of a range, of all in it. null: not known, or it drops nothing.
   */
  readonly dropped: { readonly packets: number; readonly bytes: number } | null;
}

export interface EarlierBan extends PastBan {
  readonly counts: Counted;
  readonly evidence: readonly EvidenceLine[];
}

/** What a jail counts of an address, or of the range around it, now. */
export interface WhyWindow {
  readonly jail: string;
  readonly address: string;
  readonly counts: Counted;
  readonly hits: number;
  readonly maxretry: number;
  /** Seconds. */
  readonly findtime: number;
  /** When the oldest of the hits counts no more, and when none does. */
  readonly nextOut: number;
  readonly lastOut: number;
  /** The lines that counted. */
  readonly evidence: readonly EvidenceLine[];
}

/** What `bailiff why ADDR --json` prints. Times are seconds since the epoch. */
export interface WhyAnswer {
  readonly address: string;
  /** What an attacker's address is counted and banned as: of IPv6 the /64. */
  readonly counted: string;
  readonly verdict: 'banned' | 'protected' | 'counted' | 'free';
  readonly enforcement: {
    readonly backend: string;
    readonly state: Status['enforcement']['state'];
    readonly detail: string;
  };
  /** Bans of the address and of ranges around it, the narrowest first. */
  readonly bans: readonly WhyBan[];
  /** Bans of addresses inside, where a range was asked about: how many, and the first of them. */
  readonly inside: { readonly count: number; readonly bans: readonly Ban[] };
  /** Entries that keep it from being banned; of a jail's own list with the jail. */
  readonly protectedBy: readonly {
    readonly jail: string | null;
    readonly entry: string | null;
    readonly reason: string;
  }[];
  readonly windows: readonly WhyWindow[];
  /** Bans that are over, the newest first; at most 50. */
  readonly earlier: readonly EarlierBan[];
  /** Of each jail that has counted or banned it. */
  readonly next: readonly NextBan[];
  /** Why it is not known what a ban that drops something has dropped; null where it is. */
  readonly dropsUnknown: string | null;
}

export interface HistoryQuery {
  /** Seconds since the epoch: bans that began then or later. */
  readonly since?: number;
  readonly jail?: string;
  /** Where the page before said to go on. */
  readonly before?: number;
}

/** Some bans, the newest first; a page may be empty though there are more. */
export interface HistoryAnswer {
  readonly bans: readonly PastBan[];
  readonly next: number | null;
}

/** What happens, as `bailiff events --json` prints it, one a line. */
export type DaemonEvent =
  | {
      readonly event: 'found';
      readonly time: number;
      readonly jail: string;
      readonly address: string;
      readonly hits: number;
      readonly maxretry: number;
      readonly source: string;
    }
  | ({ readonly event: 'ban'; readonly time: number; readonly counts: Counted } & Pick<
      Ban,
      'jail' | 'address' | 'until' | 'hits'
    >)
  | ({ readonly event: 'unban'; readonly time: number; readonly reason: UnbanReason } & Pick<
      Ban,
      'jail' | 'address'
    >)
  | { readonly event: 'repair'; readonly time: number; readonly what: string }
  /** More happened than is told of one after another. */
  | { readonly event: 'skipped'; readonly time: number; readonly count: number }
  /** The last one: this reader was too slow. */
  | { readonly event: 'cut-off'; readonly time: number; readonly message: string };

/** A jail, and where it comes from. */
export interface ListedJail {
  readonly name: string;
  readonly origin: 'configuration' | 'api' | 'labels';
  /** false: one of the API is switched off, or something is wrong with it, as `problems` of the status says. */
  readonly running: boolean;
  /** As they were given over the API; of labels, as they hold; null: they are the configuration's. */
  readonly options: Readonly<Record<string, unknown>> | null;
}

/** What became of a jail that was put or removed over the API. */
export interface JailChange {
  readonly jail: string;
  readonly outcome: 'added' | 'changed' | 'unchanged' | 'removed';
  /** In sentences, as `bailiff reload` says them. */
  readonly changes: readonly string[];
}

export interface TeardownAnswer {
  /** Backends of which something stood, and is gone. */
  readonly removed: readonly string[];
  /** What had to be left in place, and why. */
  readonly problems: readonly string[];
}

export interface NotifyTestCommand {
  readonly name: string;
}

export interface NotifyTestAnswer {
  readonly delivered: boolean;
  /** What the other side said, or why it was not reached. */
  readonly detail: string;
}

/** What the daemon does for the commands. All may throw BailiffError, which the caller is told. */
export interface Control {
  status(): Status;
  bans(): readonly Ban[];
  ban(command: BanCommand): Promise<BanAnswer>;
  unban(command: UnbanCommand): Promise<UnbanAnswer>;
  importBans(command: ImportCommand): Promise<ImportAnswer>;
  /** Whom a person has put on the allow list, the oldest entry first. */
  allowed(): readonly AllowedAddress[];
  /** Whom all rules together keep from being banned. */
  neverBanned(): readonly NeverBanned[];
  allow(command: AllowCommand): Promise<AllowAnswer>;
  disallow(address: string): DisallowAnswer;
  teardown(): Promise<TeardownAnswer>;
  notifyTest(command: NotifyTestCommand): Promise<NotifyTestAnswer>;
  /** Reads the configuration again. */
  reload(): Promise<ReloadAnswer>;
  jails(): readonly ListedJail[];
  /** Makes a jail of these options, as bailiff.yaml has them, and keeps it. @throws ConfigurationErrors */
  putJail(name: string, options: Readonly<Record<string, unknown>>): Promise<JailChange>;
  removeJail(name: string): Promise<JailChange>;
  why(address: string): WhyAnswer | Promise<WhyAnswer>;
  history(query: HistoryQuery): HistoryAnswer;
  /** What happened lately, attempts excepted; the newest last. */
  recentEvents(): readonly DaemonEvent[];
  /** `reader` gets whole lines of JSON, and must not throw. @returns what ends it */
  follow(reader: (lines: string) => void): () => void;
}

/** An error on the wire. */
export interface ErrorAnswer {
  readonly error: WireError;
  /** All of them, where there are several. */
  readonly errors?: readonly WireError[];
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly where?: string | undefined;
  readonly remedy?: string | undefined;
}

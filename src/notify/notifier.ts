import type { Counted } from '../core/counted.ts';
import type { Address } from '../core/types.ts';

/** What is known of attempts, of one ban or of several together. */
export interface Evidence {
  readonly failures: number;
  /** Lines of logs, as hostile as these are. */
  readonly matches: readonly string[];
}

/** A ban as those learn of it who want to know. Times are seconds since the epoch. */
export interface BanEvent extends Evidence {
  readonly jail: string;
  /** What is banned, canonical: for IPv6 the whole /64 as a rule. */
  readonly address: Address;
  /** The attacker's own address within it, canonical. */
  readonly host: Address;
  readonly since: number;
  /** null: for ever. */
  readonly until: number | null;
  /** How often the address was banned, this time included. */
  readonly bancount: number;
  /** What its failures are; absent: attempts. */
  readonly counts?: Counted;
  /** A ban of an earlier run, which stands again after a start. */
  readonly restored: boolean;
  /** What an expression has found beside the address, by the names of its groups in lower case, as `user`. */
  readonly fields: Readonly<Record<string, string>>;
  /** Of all bans of the address in this jail, and in all jails; this one's own where nothing else is known. */
  readonly inJail: Evidence;
  readonly inAllJails: Evidence;
}

/** Somebody who wants to know of a jail's bans. All return at once, in no case throw, and hold nothing up. */
export interface Notifier {
  /** `after`: which does not reject, and until when nothing is done. */
  start(after?: Promise<unknown>): void;
  banned(event: BanEvent): void;
  /** The ban of an address has got a later end. */
  prolonged(event: BanEvent): void;
  unbanned(event: BanEvent): void;
  /** A banned address was seen again: something may have taken away what keeps it out. */
  seenAgain(event: BanEvent): void;
  /** Works through what waits, takes back what has to be, and ends; what is not done after some seconds is given up. */
  stop(): Promise<void>;
}

/**
 * What somebody does about bans, one after another. Each may throw, which is reported, and ends soon after its signal
 * aborts: the daemon stops then.
 */
export interface Reaction {
  start(signal: AbortSignal): Promise<void>;
  ban(event: BanEvent, signal: AbortSignal): Promise<void>;
  prolong?(event: BanEvent, signal: AbortSignal): Promise<void>;
  unban?(event: BanEvent, signal: AbortSignal): Promise<void>;
  /** A banned address was seen again. */
  recheck?(event: BanEvent, signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
}

/** What went wrong, and how often since it was last told. */
export interface Complaint {
  readonly jail: string;
  readonly action: string;
  readonly message: string;
  /** How many more of its kind there were since the one that was told before. */
  readonly more: number;
}

export type Report = (complaint: Complaint) => void;

import type { Match } from './types.ts';

/** An attempt as the jails count it: the match with what its session knew. */
export interface Attempt {
  readonly host: string;
  readonly user: string;
  readonly time: number;
  /** Matches merged into this one. */
  readonly attempts: number;
  /** All names that were tried in its session, where these are kept. */
  readonly users?: readonly string[];
}

/** The open sessions of one scope. */
export interface SessionMerger<Kept> {
  /** What the match amounts to: an attempt to count, or null where it only changed its session. */
  merge(match: Match): Attempt | null;
  /** The oldest first. */
  pack(): Iterable<readonly [key: string, session: Kept]>;
  restore(key: string, session: Kept): void;
}

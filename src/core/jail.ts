import type { AllowEntry } from './allowlist.ts';
import { type BanIncrement, BanTimes } from './ban-increment.ts';
import { sortIgnoreEntries } from './ignore-entry.ts';
import type { Address } from './types.ts';
import { longestSkew, type Windows } from './window.ts';

export interface JailLimits {
  readonly name: string;
  readonly maxretry: number;
  /** Seconds. */
  readonly findtime: number;
  /** Seconds; null: for ever. */
  readonly bantime: number | null;
  readonly increment: BanIncrement;
  /** Whom this jail never bans: see ignore-entry.ts. */
  readonly ignoreip: readonly string[];
  readonly maxTracked: number;
}

/** What one attempt came to. */
export type Judgement =
  | { readonly verdict: 'stale' }
  | { readonly verdict: 'counted' | 'ban'; readonly count: number; readonly time: number };

/** Counts attempts per address and says when it is enough. Knows nothing of bans: the ledger does. */
export class Jail {
  readonly limits: JailLimits;
  readonly windows: Windows;
  readonly times: BanTimes;
  readonly #own: () => readonly AllowEntry[];
  readonly #others: (() => readonly (readonly AllowEntry[])[]) | null;
  #lists: readonly (readonly AllowEntry[])[] = [];
  #joined: readonly AllowEntry[] = [];

  /**
   * `own` gives whom its list means at this time; by default, the addresses and ranges in it. `others`: lists of whom it
   * never bans beside those, where it bans on the word of other jails.
   */
  constructor(
    limits: JailLimits,
    windows: Windows,
    own?: () => readonly AllowEntry[],
    others: (() => readonly (readonly AllowEntry[])[]) | null = null,
  ) {
    this.limits = limits;
    this.windows = windows;
    this.times = new BanTimes(limits.increment);
    const { ranges } = sortIgnoreEntries(limits.ignoreip);
    const plain = ranges.map((range) => ({ range, reason: ignoredBy(limits.name) }));
    this.#own = own ?? (() => plain);
    this.#others = others;
  }

  /** Of its own list. */
  get own(): readonly AllowEntry[] {
    return this.#own();
  }

  /** Whom it never bans: the same array as long as all lists say the same, by which the allow check knows it. */
  get allow(): readonly AllowEntry[] {
    if (this.#others === null) return this.#own();
    const lists = [this.#own(), ...this.#others()];
    const same = (list: readonly AllowEntry[], index: number): boolean => list === this.#lists[index];
    if (lists.length !== this.#lists.length || !lists.every(same)) {
      this.#lists = lists;
      this.#joined = lists.flat();
    }
    return this.#joined;
  }

  /**
   * Judges attempts of an address at a log time. What is older than findtime never counts: it was
   * judged long ago or its moment is over (field notes, row 11). A date in the future counts as now,
   * so that a wrong clock can neither keep a window open nor empty it.
   */
  judge(address: Address, time: number, attempts: number, now: number): Judgement {
    if (time < now - this.limits.findtime) return { verdict: 'stale' };
    const counted = time > now + longestSkew ? now : time;
    const count = this.windows.add(address, counted, attempts);
    return { verdict: count >= this.limits.maxretry ? 'ban' : 'counted', count, time: counted };
  }
}

/** What a person is told of an address that a jail's own list names. */
export function ignoredBy(jail: string): string {
  return `ignoreip of jail ${jail}`;
}

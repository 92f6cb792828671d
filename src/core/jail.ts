import type { AllowEntry } from './allowlist.ts';
import type { Address } from './types.ts';
import { longestSkew, type Windows } from './window.ts';

export interface JailLimits {
  readonly name: string;
  readonly maxretry: number;
  /** Seconds. */
  readonly findtime: number;
  /** Seconds; null: for ever. */
  readonly bantime: number | null;
  /** Canonical addresses and ranges that this jail never bans. */
  readonly ignoreip: readonly Address[];
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
  readonly allow: readonly AllowEntry[];

  constructor(limits: JailLimits, windows: Windows) {
    this.limits = limits;
    this.windows = windows;
    this.allow = limits.ignoreip.map((range) => ({ range, reason: `ignoreip of jail ${limits.name}` }));
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

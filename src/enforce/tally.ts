import type { Family } from '../core/address.ts';
import type { Dropped } from './backend.ts';

/** What one counter of the kernel says. */
export type Count = Pick<Dropped, 'packets' | 'bytes'>;

interface Sum {
  readonly hook: string;
  readonly family: Family;
  last: Count;
  total: Count;
}

/** Counts on over rules that are made anew, whose own counters begin at nought again: its sums never go down. */
export class Tally {
  readonly #sums = new Map<string, Sum>();

  /** `place` tells one set of counters from another that counts for the same hook and family. */
  read(place: string, hook: string, family: Family, now: Count): void {
    const sum = this.#sums.get(place) ?? { hook, family, last: zero, total: zero };
    const anew = now.packets < sum.last.packets || now.bytes < sum.last.bytes;
    const base = anew ? zero : sum.last;
    sum.total = {
      packets: sum.total.packets + now.packets - base.packets,
      bytes: sum.total.bytes + now.bytes - base.bytes,
    };
    sum.last = now;
    this.#sums.set(place, sum);
  }

  dropped(): Dropped[] {
    const merged = new Map<string, Dropped>();
    for (const { hook, family, total } of this.#sums.values()) {
      const key = `${hook} ${family}`;
      const other = merged.get(key);
      merged.set(key, {
        hook,
        family,
        packets: total.packets + (other?.packets ?? 0),
        bytes: total.bytes + (other?.bytes ?? 0),
      });
    }
    return [...merged.values()];
  }
}

const zero: Count = { packets: 0, bytes: 0 };

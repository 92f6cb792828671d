import type { Dropped } from '../backend.ts';
import { chain, counters } from './rules.ts';
import type { StandingTable } from './table.ts';

/** What our rules took, by family, summed over the lives of the table: it never goes down. */
export class Counts {
  readonly #sums = { 4: { packets: 0, bytes: 0 }, 6: { packets: 0, bytes: 0 } };
  #last: StandingTable['counters'] = new Map();

  /** Takes in what was read; to be told in the order of the readings. */
  add(now: StandingTable['counters']): void {
    for (const family of [4, 6] as const) {
      const name = counters[family];
      const [counted, last] = [now.get(name), this.#last.get(name)];
      this.#sums[family].packets += risen(counted?.packets, last?.packets);
      this.#sums[family].bytes += risen(counted?.bytes, last?.bytes);
    }
    this.#last = now;
  }

  dropped(): Dropped[] {
    return ([4, 6] as const).map((family) => ({ hook: chain, family, ...this.#sums[family] }));
  }
}

/** A counter that stands lower than it did began again, as when somebody deletes the table. */
function risen(now = 0, last = 0): number {
  return now < last ? now : now - last;
}

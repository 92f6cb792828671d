import { AddressTable } from './address-table.ts';
import { EntryPool } from './entry-pool.ts';
import type { Address } from './types.ts';

/** Log dates may run ahead of the clock by this much (seconds) before they are taken as now. */
export const longestSkew = 60;

/** Windows are spread over this many buckets by address, so that a checkpoint rewrites one of them. */
export const bucketCount = 256;

/** FNV-1a over the canonical text: stable over restarts, since buckets are stored. */
export function bucketOf(address: Address): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < address.length; index++) {
    hash = Math.imul(hash ^ address.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % bucketCount;
}

/** The windows of one bucket, packed: the addresses, how many times each has, and all times in order. */
export interface PackedWindows {
  readonly addresses: readonly Address[];
  readonly counts: Uint32Array;
  readonly times: Float64Array;
}

export interface WindowLimits {
  /** Attempts within `findtime` that make a verdict; below 8 million. */
  readonly maxretry: number;
  /** Seconds. */
  readonly findtime: number;
  /** Most addresses held; the one whose last hit is oldest goes first. */
  readonly maxTracked: number;
}

/**
 * An exact sliding window per address: of every address, the times of its newest `maxretry` attempts.
 * That is all a verdict needs: it is due when the oldest of them lies within findtime of the newest.
 */
export class Windows {
  readonly #limits: WindowLimits;
  /** By bucket, each in the order of the last hit; null where there never was an address. */
  readonly #buckets = new Array<AddressTable | null>(bucketCount).fill(null);
  #pool = new EntryPool();
  #size = 0;
  #evicted = 0;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Seconds. */
  get findtime(): number {
    return this.#limits.findtime;
  }

  /** Addresses held. */
  get size(): number {
    return this.#size;
  }

  /** Addresses that had to go because of `maxTracked`, since the start. */
  get evicted(): number {
    return this.#evicted;
  }

  /** What is counted of an address, in the order of time; also what is over by now. @throws RangeError where it is none */
  timesOf(address: Address): readonly number[] {
    return this.#buckets[bucketOf(address)]?.times(address) ?? [];
  }

  /**
   * Adds attempts at a time, in any order of time. Returns the attempts within findtime of the newest.
   * @throws RangeError where the text is no address
   */
  add(address: Address, time: number, attempts: number): number {
    const count = Math.min(attempts, this.#limits.maxretry);
    return this.#change(address, (times) => insertSorted(times, time, count));
  }

  /**
   * The clock was set back: attempts that lie ahead of it count as of now. Else they would hold their window
   * shut, for every later attempt would be too old beside them. @returns whether there were any
   */
  settle(now: number): boolean {
    let found = false;
    const isAhead = (time: number): boolean => time > now + longestSkew;
    const settled = (times: number[]): number[] =>
      times.map((time) => (isAhead(time) ? now : time)).sort((a, b) => a - b);
    for (const bucket of this.#buckets) {
      const lists = [...(bucket ?? [])];
      if (bucket === null || !lists.some(([, times]) => times.some(isAhead))) continue;
      found = true;
      // All of them, so that they keep their order.
      for (const [address, times] of lists) bucket.change(address, () => settled(times));
    }
    return found;
  }

  /** Drops an address: it was banned, or let in by hand. @throws RangeError where the text is none */
  forget(address: Address): void {
    if (this.#buckets[bucketOf(address)]?.delete(address)) this.#size--;
  }

  /** Drops every address of a bucket whose newest attempt is before `oldest` (seconds), then packs the rest. */
  pack(bucketIndex: number, oldest: number): PackedWindows {
    const addresses: Address[] = [];
    const lists: number[][] = [];
    for (const [address, times] of this.#buckets[bucketIndex] ?? []) {
      if ((times.at(-1) ?? 0) < oldest) {
        this.forget(address);
        continue;
      }
      addresses.push(address);
      lists.push(times);
    }
    this.#tidy();
    return {
      addresses,
      counts: Uint32Array.from(lists, (times) => times.length),
      times: Float64Array.from(lists.flat()),
    };
  }

  /** Puts back what `pack` gave, also when the limits have changed since. */
  unpack(packed: PackedWindows): void {
    let from = 0;
    for (const [index, address] of packed.addresses.entries()) {
      const times = packed.times.subarray(from, from + (packed.counts[index] ?? 0));
      from += times.length;
      this.#addAll(address, times);
    }
  }

  /** Adds what others hold, under whatever limits; they are empty then. */
  takeOver(others: Windows): void {
    for (const bucket of others.#buckets) {
      for (const [address, times] of bucket ?? []) this.#addAll(address, times);
    }
    others.#buckets.fill(null);
    others.#size = 0;
    others.#pool.release();
    others.#pool = new EntryPool();
  }

  #addAll(address: Address, added: Iterable<number>): void {
    this.#change(address, (times) => {
      for (const time of added) insertSorted(times, time, 1);
    });
  }

  #change(address: Address, insert: (times: number[]) => void): number {
    const index = bucketOf(address);
    const bucket = this.#buckets[index] ?? new AddressTable(this.#pool);
    this.#buckets[index] = bucket;
    const size = bucket.size;
    const count = bucket.change(address, (times) => {
      insert(times);
      return this.#trimmed(times);
    });
    this.#size += bucket.size - size;
    if (this.#size > this.#limits.maxTracked) this.#evict(index);
    return count;
  }

  /** After a flood the room is given back. */
  #tidy(): void {
    if (!this.#pool.isSparse) return;
    this.#pool = new EntryPool();
    for (const [index, bucket] of this.#buckets.entries()) {
      this.#buckets[index] =
        bucket === null || bucket.size === 0 ? null : new AddressTable(this.#pool, bucket);
    }
  }

  /** The newest maxretry, and of those what lies within findtime of the newest. */
  #trimmed(times: number[]): number[] {
    const oldest = (times.at(-1) ?? 0) - this.#limits.findtime;
    let drop = Math.max(0, times.length - this.#limits.maxretry);
    while ((times[drop] ?? oldest) < oldest) drop++;
    return drop === 0 ? times : times.slice(drop);
  }

  /** The bucket of the newcomer pays first: over many addresses that is as good as one global order. */
  #evict(start: number): void {
    for (let step = 0; step < bucketCount; step++) {
      const bucket = this.#buckets[(start + step) % bucketCount];
      // The newcomer itself is the last of its bucket and must stay.
      if (bucket === null || bucket === undefined || bucket.size < (step === 0 ? 2 : 1)) continue;
      bucket.deleteOldest();
      this.#size--;
      this.#evicted++;
      return;
    }
  }
}

function insertSorted(times: number[], time: number, count: number): void {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) > time) at--;
  times.splice(at, 0, ...Array<number>(count).fill(time));
}

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
  /** Attempts within `findtime` that make a verdict. */
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
  /** Per bucket, in order of the last hit: Map keeps insertion order. */
  readonly #buckets: Map<Address, number[]>[] = Array.from({ length: bucketCount }, () => new Map());
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

  /** Adds attempts at a time, in any order of time. Returns the attempts within findtime of the newest. */
  add(address: Address, time: number, attempts: number): number {
    const bucket = this.#bucket(address);
    const times = bucket.get(address) ?? [];
    if (times.length === 0) this.#size++;
    else bucket.delete(address);
    insertSorted(times, time, Math.min(attempts, this.#limits.maxretry));
    this.#trim(times);
    bucket.set(address, times);
    if (this.#size > this.#limits.maxTracked) this.#evict(bucketOf(address));
    return times.length;
  }

  /**
   * The clock was set back: attempts that lie ahead of it count as of now. Else they would hold their window
   * shut, for every later attempt would be too old beside them. @returns whether there were any
   */
  settle(now: number): boolean {
    let found = false;
    for (const bucket of this.#buckets) {
      for (const times of bucket.values()) {
        const ahead = times.findIndex((time) => time > now + longestSkew);
        if (ahead < 0) continue;
        found = true;
        times.fill(now, ahead).sort((a, b) => a - b);
      }
    }
    return found;
  }

  /** Drops an address: it was banned, or let in by hand. */
  forget(address: Address): void {
    if (this.#bucket(address).delete(address)) this.#size--;
  }

  /** Drops every address of a bucket whose newest attempt is before `oldest` (seconds), then packs the rest. */
  pack(bucketIndex: number, oldest: number): PackedWindows {
    const bucket = this.#buckets[bucketIndex] ?? new Map<Address, number[]>();
    for (const [address, times] of bucket) {
      if ((times.at(-1) ?? 0) < oldest) this.forget(address);
    }
    const all = [...bucket.values()];
    return {
      addresses: [...bucket.keys()],
      counts: Uint32Array.from(all, (times) => times.length),
      times: Float64Array.from(all.flat()),
    };
  }

  /** Puts back what `pack` gave, also when the limits have changed since. */
  unpack(packed: PackedWindows): void {
    let from = 0;
    for (const [index, address] of packed.addresses.entries()) {
      const count = packed.counts[index] ?? 0;
      for (const time of packed.times.subarray(from, from + count)) this.add(address, time, 1);
      from += count;
    }
  }

  #bucket(address: Address): Map<Address, number[]> {
    const bucket = this.#buckets[bucketOf(address)];
    if (bucket === undefined) throw new RangeError('bucketOf is below bucketCount');
    return bucket;
  }

  /** Keeps the newest maxretry, and of those what lies within findtime of the newest. */
  #trim(times: number[]): void {
    const oldest = (times.at(-1) ?? 0) - this.#limits.findtime;
    let drop = Math.max(0, times.length - this.#limits.maxretry);
    while ((times[drop] ?? oldest) < oldest) drop++;
    times.splice(0, drop);
  }

  /** The bucket of the newcomer pays first: over many addresses that is as good as one global order. */
  #evict(start: number): void {
    for (let step = 0; step < bucketCount; step++) {
      const bucket = this.#buckets[(start + step) % bucketCount];
      // The newcomer itself is the last of its bucket and must stay.
      if (bucket === undefined || bucket.size < (step === 0 ? 2 : 1)) continue;
      const [oldest] = bucket.keys();
      if (oldest !== undefined) this.forget(oldest);
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

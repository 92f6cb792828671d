import { deserialize, serialize } from 'node:v8';
import type { Address } from '../core/types.ts';
import { bucketCount, bucketOf, type PackedWindows, type WindowLimits, Windows } from '../core/window.ts';
import type { Store } from './store.ts';

/** One change to a jail's windows. `attempts` 0: the address was forgotten. */
export interface WindowChange {
  readonly jail: string;
  readonly address: Address;
  readonly time: number;
  readonly attempts: number;
}

/** A segment: the changes since the last checkpoint, as columns. */
interface PackedSegment {
  readonly jails: readonly string[];
  readonly jail: Uint32Array;
  readonly addresses: readonly Address[];
  readonly times: Float64Array;
  readonly attempts: Uint32Array;
}

/**
 * Windows read back for a jail that is not there yet are kept whole: its own limits come when it is
 * opened, by the configuration or by a container's label.
 */
const parkedLimits: WindowLimits = {
  // The most that the configuration allows.
  maxretry: 10_000,
  findtime: Number.POSITIVE_INFINITY,
  maxTracked: Number.POSITIVE_INFINITY,
};
/** Jails that are gone whose windows are kept, should they come back: whoever starts containers may name many. */
const mostClosed = 500;
/** Windows of a jail that nobody opens are dropped this long (seconds) after their last attempt. */
const parkedFor = 30 * 86_400;

/**
 * The append-only store of the windows. Each checkpoint appends one segment and rewrites one of the
 * buckets, in turn; a segment goes when every bucket was rewritten after it. So the cost of a
 * checkpoint follows what changed, not how many addresses are tracked. `append` runs inside the
 * ledger's transaction; the store may be another one each time, when `changes` is null.
 */
export class WindowStore {
  readonly #windows = new Map<string, Windows>();
  /** Jails that are gone: their windows go when they are empty. */
  readonly #closing = new Set<string>();
  #seq = 0;

  /** The windows of a jail: what was stored under its name, in its limits of today. */
  open(jail: string, limits: WindowLimits): Windows {
    this.#closing.delete(jail);
    const windows = new Windows(limits);
    const parked = this.#windows.get(jail);
    if (parked !== undefined) windows.takeOver(parked);
    this.#windows.set(jail, windows);
    return windows;
  }

  close(jail: string): void {
    this.#closing.delete(jail);
    this.#closing.add(jail);
    const [oldest] = this.#closing;
    if (this.#closing.size > mostClosed && oldest !== undefined) {
      this.#closing.delete(oldest);
      this.#windows.delete(oldest);
    }
    this.#release();
  }

  #release(): void {
    for (const jail of this.#closing) {
      if ((this.#windows.get(jail)?.size ?? 0) > 0) continue;
      this.#windows.delete(jail);
      this.#closing.delete(jail);
    }
  }

  /** `null` in place of changes: they are not known, so every bucket is rewritten. */
  append(store: Store, changes: readonly WindowChange[] | null, now: number): void {
    this.#seq++;
    if (changes === null) {
      for (let bucket = 0; bucket < bucketCount; bucket++) this.#rewrite(store, bucket, now);
      store.dropSegments();
      return;
    }
    if (changes.length > 0) store.addSegment(this.#seq, serialize(pack(changes)));
    this.#rewrite(store, this.#seq % bucketCount, now);
    store.dropSegmentsInAll(bucketCount);
  }

  /** What lies ahead of the clock counts as of now. @returns whether there was anything: `changes` are not known then */
  settle(now: number): boolean {
    return [...this.#windows.values()].map((windows) => windows.settle(now)).includes(true);
  }

  #rewrite(store: Store, bucket: number, now: number): void {
    const packed = [...this.#windows]
      .map(([jail, windows]) => [jail, windows.pack(bucket, now - keptFor(windows))] as const)
      .filter(([, windows]) => windows.addresses.length > 0);
    store.putBucket(bucket, this.#seq, serialize(packed));
    this.#release();
  }

  /** Reads what an earlier run stored: each bucket, then the segments after it. @throws on what makes no sense */
  restore(store: Store): void {
    const includes = new Float64Array(bucketCount);
    for (const { bucket, seq, packed } of store.buckets()) {
      includes[bucket] = seq;
      this.#seq = Math.max(this.#seq, seq);
      const stored = deserialize(packed) as readonly (readonly [string, PackedWindows])[];
      for (const [jail, windows] of stored) this.#parked(jail).unpack(windows);
      release(packed);
    }
    for (const { seq, packed } of store.segments()) {
      this.#seq = Math.max(this.#seq, seq);
      this.#replay(deserialize(packed) as PackedSegment, seq, includes);
      release(packed);
    }
  }

  #replay(segment: PackedSegment, seq: number, includes: Float64Array): void {
    for (const [index, address] of segment.addresses.entries()) {
      if (seq <= (includes[bucketOf(address)] ?? 0)) continue;
      const windows = this.#parked(segment.jails[segment.jail[index] ?? 0] ?? '');
      const attempts = segment.attempts[index] ?? 0;
      if (attempts === 0) windows.forget(address);
      else windows.add(address, segment.times[index] ?? 0, attempts);
    }
  }

  #parked(jail: string): Windows {
    return this.#windows.get(jail) ?? this.open(jail, parkedLimits);
  }
}

/** Frees the memory of what was read, now: until a collection it would lie between what is to stay. */
function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Seconds: findtime, or the parked time of windows that nobody opened. */
function keptFor({ findtime }: Windows): number {
  return Number.isFinite(findtime) ? findtime : parkedFor;
}

function pack(changes: readonly WindowChange[]): PackedSegment {
  const jails = [...new Set(changes.map((change) => change.jail))];
  const indexOf = new Map(jails.map((jail, index) => [jail, index]));
  return {
    jails,
    jail: Uint32Array.from(changes, (change) => indexOf.get(change.jail) ?? 0),
    addresses: changes.map((change) => change.address),
    times: Float64Array.from(changes, (change) => change.time),
    attempts: Uint32Array.from(changes, (change) => change.attempts),
  };
}

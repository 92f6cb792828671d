import type { AddressKey } from './address-key.ts';
import { TimeSlab } from './time-slab.ts';

/** Numbers of an entry: the words of its address, then its neighbours in the order, and its times. */
const stride = 8;
const olderAt = 4;
/** Also the next free entry, of a free one. */
const newerAt = 5;
const timesAt = 6;
/** How many times there are, above the byte with the length of the prefix. */
const countAt = 7;

/** Entries of a page: 32 KiB. */
const pageBits = 10;
const pageMask = (1 << pageBits) - 1;

/** In place of an entry's number: there is none. */
export const none = -1;

/**
 * Addresses with their times, in pages that tables share: 32 bytes an address and 8 a time. Pages are of one size and
 * are given back only together, so that neither growing nor shrinking leaves holes in the memory.
 */
export class EntryPool {
  readonly #pages: Int32Array<ArrayBuffer>[] = [];
  readonly #times = new TimeSlab();
  #size = 0;
  /** Entries from here on were never used. */
  #unused = 0;
  #free = none;

  /** Whether most of the room it takes is of entries that are gone. */
  get isSparse(): boolean {
    return this.#unused >> pageBits > 0 && this.#unused > 4 * this.#size;
  }

  /** Frees its memory at once; it must not be used any more. Until a collection it would lie between what is to stay. */
  release(): void {
    for (const { buffer } of this.#pages.splice(0)) buffer.transfer(0);
    this.#times.release();
  }

  /** @returns the number of a new entry; `times` is not empty */
  add(key: AddressKey, times: readonly number[]): number {
    const entry = this.#take();
    this.#size++;
    this.#set(entry, 0, key.word0);
    this.#set(entry, 1, key.word1);
    this.#set(entry, 2, key.word2);
    this.#set(entry, 3, key.word3);
    this.#set(entry, timesAt, this.#times.add(times));
    this.#set(entry, countAt, (times.length << 8) | key.bits);
    return entry;
  }

  remove(entry: number): void {
    this.#times.remove(this.#get(entry, timesAt), this.#count(entry));
    this.#set(entry, newerAt, this.#free);
    this.#free = entry;
    this.#size--;
  }

  times(entry: number): number[] {
    return this.#times.read(this.#get(entry, timesAt), this.#count(entry));
  }

  /** `times` is not empty. */
  setTimes(entry: number, times: readonly number[]): void {
    const at = this.#times.replace(this.#get(entry, timesAt), this.#count(entry), times);
    this.#set(entry, timesAt, at);
    this.#set(entry, countAt, (times.length << 8) | (this.#get(entry, countAt) & 0xff));
  }

  hasKey(entry: number, key: AddressKey): boolean {
    return (
      this.#get(entry, 3) === key.word3 &&
      this.#get(entry, 1) === key.word1 &&
      this.#get(entry, 0) === key.word0 &&
      this.#get(entry, 2) === key.word2 &&
      (this.#get(entry, countAt) & 0xff) === key.bits
    );
  }

  readKey(entry: number, key: AddressKey): void {
    key.word0 = this.#get(entry, 0);
    key.word1 = this.#get(entry, 1);
    key.word2 = this.#get(entry, 2);
    key.word3 = this.#get(entry, 3);
    key.bits = this.#get(entry, countAt) & 0xff;
  }

  older(entry: number): number {
    return this.#get(entry, olderAt);
  }

  newer(entry: number): number {
    return this.#get(entry, newerAt);
  }

  setOlder(entry: number, older: number): void {
    this.#set(entry, olderAt, older);
  }

  setNewer(entry: number, newer: number): void {
    this.#set(entry, newerAt, newer);
  }

  #take(): number {
    if (this.#free !== none) {
      const entry = this.#free;
      this.#free = this.#get(entry, newerAt);
      return entry;
    }
    const entry = this.#unused++;
    if (entry >> pageBits === this.#pages.length) this.#pages.push(new Int32Array(stride << pageBits));
    return entry;
  }

  #count(entry: number): number {
    return this.#get(entry, countAt) >>> 8;
  }

  #get(entry: number, offset: number): number {
    return this.#pages[entry >> pageBits]?.[(entry & pageMask) * stride + offset] ?? 0;
  }

  #set(entry: number, offset: number, value: number): void {
    const page = this.#pages[entry >> pageBits];
    if (page !== undefined) page[(entry & pageMask) * stride + offset] = value;
  }
}

import { AddressIndex } from './address-index.ts';
import { type AddressKey, formatKey, readKey } from './address-key.ts';
import { EntryPool, none } from './entry-pool.ts';
import type { Address } from './types.ts';

/** One for all tables: it is made use of before another one is read. */
const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };

/**
 * Lists of times by address, in the order in which they were last changed. A Map of arrays takes 260 bytes an
 * address; this takes 60, in arrays that the garbage collector need not look into.
 */
export class AddressTable {
  readonly #pool: EntryPool;
  readonly #index: AddressIndex;
  #oldest = none;
  #newest = none;

  /** `lists`: what it holds at first, the oldest before the others. */
  constructor(pool = new EntryPool(), lists: Iterable<readonly [Address, readonly number[]]> = []) {
    this.#pool = pool;
    this.#index = new AddressIndex(pool);
    for (const [address, times] of lists) this.change(address, () => times);
  }

  get size(): number {
    return this.#index.size;
  }

  /** @throws RangeError where the text is no address */
  has(address: Address): boolean {
    readKey(address, key);
    return this.#index.find(key) !== none;
  }

  /** The times of an address, in order; none where it is not held. @throws RangeError where the text is no address */
  times(address: Address): readonly number[] {
    readKey(address, key);
    const found = this.#index.find(key);
    return found === none ? [] : this.#pool.times(found);
  }

  /**
   * Puts another list of times in place of an address's, which becomes the newest. Both may be empty: such an
   * address is not held. @returns how many times it has now. @throws RangeError where the text is no address
   */
  change(address: Address, become: (times: number[]) => readonly number[]): number {
    readKey(address, key);
    const found = this.#index.find(key);
    const times = become(found === none ? [] : this.#pool.times(found));
    if (times.length === 0) this.#delete(found);
    else if (found === none) this.#add(times);
    else {
      this.#pool.setTimes(found, times);
      this.#unlink(found);
      this.#append(found);
    }
    return times.length;
  }

  /** @returns whether it was there. @throws RangeError where the text is no address */
  delete(address: Address): boolean {
    readKey(address, key);
    return this.#delete(this.#index.find(key));
  }

  /** @returns whether there was one */
  deleteOldest(): boolean {
    return this.#delete(this.#oldest);
  }

  /** The oldest first. What was yielded last may be deleted meanwhile, and nothing else changed. */
  *[Symbol.iterator](): Generator<readonly [Address, number[]], void> {
    for (let entry = this.#oldest; entry !== none; ) {
      const next = this.#pool.newer(entry);
      this.#pool.readKey(entry, key);
      yield [formatKey(key), this.#pool.times(entry)];
      entry = next;
    }
  }

  #add(times: readonly number[]): void {
    const entry = this.#pool.add(key, times);
    this.#append(entry);
    this.#index.add(entry);
  }

  #delete(entry: number): boolean {
    if (entry === none) return false;
    this.#index.delete(entry);
    this.#unlink(entry);
    this.#pool.remove(entry);
    return true;
  }

  #append(entry: number): void {
    this.#pool.setOlder(entry, this.#newest);
    this.#pool.setNewer(entry, none);
    if (this.#newest === none) this.#oldest = entry;
    else this.#pool.setNewer(this.#newest, entry);
    this.#newest = entry;
  }

  #unlink(entry: number): void {
    const older = this.#pool.older(entry);
    const newer = this.#pool.newer(entry);
    if (older === none) this.#oldest = newer;
    else this.#pool.setNewer(older, newer);
    if (newer === none) this.#newest = older;
    else this.#pool.setOlder(newer, older);
  }
}

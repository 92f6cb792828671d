import { type AddressKey, formatKey, readKey } from './address-key.ts';
import { EntryPool, none } from './entry-pool.ts';
import type { Address } from './types.ts';

const firstPlaces = 8;

/** Of this process alone, so that nobody can choose addresses that meet in one place. */
const seed = Math.trunc(Math.random() * 2 ** 32) | 0;

/** One for all tables: it is made use of before another one is read. */
const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };

/**
 * Lists of times by address, in the order in which they were last changed. A Map of arrays takes 260 bytes an
 * address; this takes 60, in arrays that the garbage collector need not look into. Open addressing, linear probing.
 */
export class AddressTable {
  readonly #pool: EntryPool;
  /** Numbers of entries, each one higher, so that 0 is a free place. Of four places at least one is free. */
  #index = new Int32Array(firstPlaces);
  #size = 0;
  #oldest = none;
  #newest = none;

  /** `lists`: what it holds at first, the oldest before the others. */
  constructor(pool = new EntryPool(), lists: Iterable<readonly [Address, readonly number[]]> = []) {
    this.#pool = pool;
    for (const [address, times] of lists) this.change(address, () => times);
  }

  get size(): number {
    return this.#size;
  }

  /** @throws RangeError where the text is no address */
  has(address: Address): boolean {
    readKey(address, key);
    return this.#find() !== none;
  }

  /** The times of an address, in order; none where it is not held. @throws RangeError where the text is no address */
  times(address: Address): readonly number[] {
    readKey(address, key);
    const found = this.#find();
    return found === none ? [] : this.#pool.times(found);
  }

  /**
   * Puts another list of times in place of an address's, which becomes the newest. Both may be empty: such an
   * address is not held. @returns how many times it has now. @throws RangeError where the text is no address
   */
  change(address: Address, become: (times: number[]) => readonly number[]): number {
    readKey(address, key);
    const found = this.#find();
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
    return this.#delete(this.#find());
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
    this.#size++;
    if (this.#size * 4 > this.#index.length * 3) this.#makeIndex(this.#index.length * 2);
    else this.#enter(entry);
  }

  #delete(entry: number): boolean {
    if (entry === none) return false;
    this.#leave(entry);
    this.#unlink(entry);
    this.#pool.remove(entry);
    this.#size--;
    return true;
  }

  /** The entry of `key`, or none. */
  #find(): number {
    const mask = this.#index.length - 1;
    for (let place = hashOf(key) & mask; ; place = (place + 1) & mask) {
      const entry = (this.#index[place] ?? 0) - 1;
      if (entry === none || this.#pool.hasKey(entry, key)) return entry;
    }
  }

  #makeIndex(places: number): void {
    this.#index = new Int32Array(places);
    for (let entry = this.#oldest; entry !== none; entry = this.#pool.newer(entry)) this.#enter(entry);
  }

  #enter(entry: number): void {
    const mask = this.#index.length - 1;
    let place = this.#home(entry);
    while (this.#index[place] !== 0) place = (place + 1) & mask;
    this.#index[place] = entry + 1;
  }

  /** Takes an entry out of the index. Those behind it move up, so that no gap lies between one and its home. */
  #leave(entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = this.#home(entry);
    while (index[gap] !== entry + 1) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; index[place] !== 0; place = (place + 1) & mask) {
      const other = (index[place] ?? 0) - 1;
      const fromHome = (place - this.#home(other)) & mask;
      if (fromHome < ((place - gap) & mask)) continue;
      index[gap] = other + 1;
      gap = place;
    }
    index[gap] = 0;
  }

  /** The place where the search for an entry begins. */
  #home(entry: number): number {
    this.#pool.readKey(entry, key);
    return hashOf(key) & (this.#index.length - 1);
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

/** Murmur3's mixing of words (public domain, Austin Appleby). */
function hashOf({ word0, word1, word2, word3, bits }: AddressKey): number {
  let hash = seed ^ bits;
  hash = mixed(hash, word0);
  hash = mixed(hash, word1);
  hash = mixed(hash, word2);
  hash = mixed(hash, word3);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const turned = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593) ^ hash;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

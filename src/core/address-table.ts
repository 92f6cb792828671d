import { type AddressKey, formatKey, readKey } from './address-key.ts';
import { TimeSlab } from './time-slab.ts';
import type { Address } from './types.ts';

/** Numbers of an entry: the words of its address, then its neighbours in the order, and its times. */
const stride = 8;
const olderAt = 4;
/** Also the next unused entry, of an unused one. */
const newerAt = 5;
const timesAt = 6;
/** How many times there are, above the byte with the length of the prefix. */
const countAt = 7;

const none = -1;
const firstCapacity = 8;

/** Of this process alone, so that nobody can choose addresses that meet in one place. */
const seed = Math.trunc(Math.random() * 2 ** 32) | 0;

/** One for all tables: it is made use of before another one is read. */
const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };

/**
 * Lists of times by address, in the order in which they were last changed. A Map of arrays takes 250 bytes an
 * address; this takes 60, in arrays that the garbage collector need not look into. Open addressing, linear probing.
 */
export class AddressTable {
  #entries = new Int32Array(firstCapacity * stride);
  /** Numbers of entries, each one higher, so that 0 is a free place. Of four places at least one is free. */
  #index = new Int32Array(2 * firstCapacity);
  readonly #times = new TimeSlab();
  #size = 0;
  /** Entries from here on were never used. */
  #unused = 0;
  #free = none;
  #oldest = none;
  #newest = none;

  /** A table of these lists, the oldest first: as large as it has to be. */
  static of(lists: Iterable<readonly [Address, readonly number[]]>): AddressTable {
    const table = new AddressTable();
    for (const [address, times] of lists) table.change(address, () => times);
    return table;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether most of the room it takes is of addresses that are gone. */
  get isSparse(): boolean {
    return this.#unused > 4 * Math.max(this.#size, firstCapacity);
  }

  /**
   * Puts another list of times in place of an address's, which becomes the newest. Both may be empty: such an
   * address is not held. @returns how many times it has now. @throws RangeError where the text is no address
   */
  change(address: Address, become: (times: number[]) => readonly number[]): number {
    readKey(address, key);
    const found = this.#find();
    const times = become(found === none ? [] : this.#timesOf(found));
    if (found !== none) this.#unlink(found);
    if (times.length === 0) {
      if (found !== none) this.#drop(found);
      return 0;
    }
    const entry = found === none ? this.#add(times) : this.#replace(found, times);
    this.#append(entry);
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
      const next = this.#field(entry, newerAt);
      this.#readKeyOf(entry);
      yield [formatKey(key), this.#timesOf(entry)];
      entry = next;
    }
  }

  #delete(entry: number): boolean {
    if (entry === none) return false;
    this.#unlink(entry);
    this.#drop(entry);
    return true;
  }

  #add(times: readonly number[]): number {
    const entry = this.#takeFree();
    const at = entry * stride;
    this.#entries[at] = key.word0;
    this.#entries[at + 1] = key.word1;
    this.#entries[at + 2] = key.word2;
    this.#entries[at + 3] = key.word3;
    this.#entries[at + timesAt] = this.#times.add(times);
    this.#entries[at + countAt] = (times.length << 8) | key.bits;
    this.#size++;
    if (this.#size * 4 > this.#index.length * 3) this.#widenIndex();
    this.#enter(entry);
    return entry;
  }

  #replace(entry: number, times: readonly number[]): number {
    const at = entry * stride;
    const before = this.#field(entry, timesAt);
    this.#entries[at + timesAt] = this.#times.replace(before, this.#count(entry), times);
    this.#entries[at + countAt] = (times.length << 8) | (this.#field(entry, countAt) & 0xff);
    return entry;
  }

  /** Of an entry that is in no order any more. */
  #drop(entry: number): void {
    this.#leave(entry);
    this.#times.remove(this.#field(entry, timesAt), this.#count(entry));
    this.#entries[entry * stride + newerAt] = this.#free;
    this.#free = entry;
    this.#size--;
  }

  #takeFree(): number {
    if (this.#free !== none) {
      const entry = this.#free;
      this.#free = this.#field(entry, newerAt);
      return entry;
    }
    if ((this.#unused + 1) * stride > this.#entries.length) {
      const capacity = Math.ceil(this.#unused * 1.25);
      const wider = new Int32Array(capacity * stride);
      wider.set(this.#entries);
      this.#entries = wider;
    }
    return this.#unused++;
  }

  /** The entry of `key`, or none. */
  #find(): number {
    const mask = this.#index.length - 1;
    for (let place = hashOf(key) & mask; ; place = (place + 1) & mask) {
      const entry = (this.#index[place] ?? 0) - 1;
      if (entry === none || this.#hasKey(entry)) return entry;
    }
  }

  #hasKey(entry: number): boolean {
    return (
      this.#field(entry, 3) === key.word3 &&
      this.#field(entry, 1) === key.word1 &&
      this.#field(entry, 0) === key.word0 &&
      this.#field(entry, 2) === key.word2 &&
      (this.#field(entry, countAt) & 0xff) === key.bits
    );
  }

  /** Puts the entry of `key` into the index, which has room. */
  #enter(entry: number): void {
    const mask = this.#index.length - 1;
    let place = hashOf(key) & mask;
    while (this.#index[place] !== 0) place = (place + 1) & mask;
    this.#index[place] = entry + 1;
  }

  /** Takes an entry out of the index. Those behind it move up, so that no gap lies between one and its hash. */
  #leave(entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = this.#home(entry);
    while (index[gap] !== entry + 1) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; ; place = (place + 1) & mask) {
      const other = (index[place] ?? 0) - 1;
      if (other === none) break;
      const isBehindGap = ((place - this.#home(other)) & mask) >= ((place - gap) & mask);
      if (!isBehindGap) continue;
      index[gap] = other + 1;
      gap = place;
    }
    index[gap] = 0;
  }

  #home(entry: number): number {
    this.#readKeyOf(entry);
    return hashOf(key) & (this.#index.length - 1);
  }

  /** Leaves `key` as it was: it is of an entry that is about to be entered. */
  #widenIndex(): void {
    const entering = { ...key };
    this.#index = new Int32Array(this.#index.length * 2);
    for (let entry = this.#oldest; entry !== none; entry = this.#field(entry, newerAt)) {
      this.#readKeyOf(entry);
      this.#enter(entry);
    }
    Object.assign(key, entering);
  }

  #append(entry: number): void {
    this.#entries[entry * stride + olderAt] = this.#newest;
    this.#entries[entry * stride + newerAt] = none;
    if (this.#newest === none) this.#oldest = entry;
    else this.#entries[this.#newest * stride + newerAt] = entry;
    this.#newest = entry;
  }

  #unlink(entry: number): void {
    const older = this.#field(entry, olderAt);
    const newer = this.#field(entry, newerAt);
    if (older === none) this.#oldest = newer;
    else this.#entries[older * stride + newerAt] = newer;
    if (newer === none) this.#newest = older;
    else this.#entries[newer * stride + olderAt] = older;
  }

  #timesOf(entry: number): number[] {
    return this.#times.read(this.#field(entry, timesAt), this.#count(entry));
  }

  #count(entry: number): number {
    return this.#field(entry, countAt) >>> 8;
  }

  #readKeyOf(entry: number): void {
    key.word0 = this.#field(entry, 0);
    key.word1 = this.#field(entry, 1);
    key.word2 = this.#field(entry, 2);
    key.word3 = this.#field(entry, 3);
    key.bits = this.#field(entry, countAt) & 0xff;
  }

  #field(entry: number, offset: number): number {
    return this.#entries[entry * stride + offset] ?? 0;
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

import type { AddressKey } from './address-key.ts';
import { none } from './entry-pool.ts';

const firstPlaces = 8;

/** Of this process alone, so that nobody can choose addresses that meet in one place. */
const seed = Math.trunc(Math.random() * 2 ** 32) | 0;

/** One for all indexes: it is made use of before another one is read. */
const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };

/** Where the entries of an index keep their keys. */
export interface KeyedEntries {
  hasKey(entry: number, key: AddressKey): boolean;
  readKey(entry: number, key: AddressKey): void;
}

/** Numbers of entries by the key of their address. Open addressing, linear probing; the keys stay where they are. */
export class AddressIndex {
  readonly #entries: KeyedEntries;
  /** Numbers of entries, each one higher, so that 0 is a free place. Of four places at least one is free. */
  #places = new Int32Array(firstPlaces);
  #size = 0;

  constructor(entries: KeyedEntries) {
    this.#entries = entries;
  }

  /** How many entries it holds. */
  get size(): number {
    return this.#size;
  }

  /** The entry of this key, or none. */
  find(key: AddressKey): number {
    const mask = this.#places.length - 1;
    for (let place = hashOf(key) & mask; ; place = (place + 1) & mask) {
      const entry = (this.#places[place] ?? 0) - 1;
      if (entry === none || this.#entries.hasKey(entry, key)) return entry;
    }
  }

  /** Takes in an entry whose key it does not hold. */
  add(entry: number): void {
    this.#size++;
    if (this.#size * 4 > this.#places.length * 3) this.#grow();
    this.#enter(entry);
  }

  /** Puts an entry of the same key in the place of one that it holds. */
  replace(entry: number, by: number): void {
    this.#places[this.#placeOf(entry)] = by + 1;
  }

  /** Takes out an entry that it holds. Those behind it move up, so that no gap lies between one and its home. */
  delete(entry: number): void {
    this.#size--;
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#placeOf(entry);
    for (let place = (gap + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const other = (places[place] ?? 0) - 1;
      const fromHome = (place - this.#home(other)) & mask;
      if (fromHome < ((place - gap) & mask)) continue;
      places[gap] = other + 1;
      gap = place;
    }
    places[gap] = 0;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Int32Array(before.length * 2);
    for (const entry of before) if (entry !== 0) this.#enter(entry - 1);
  }

  #enter(entry: number): void {
    const mask = this.#places.length - 1;
    let place = this.#home(entry);
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = entry + 1;
  }

  #placeOf(entry: number): number {
    const mask = this.#places.length - 1;
    let place = this.#home(entry);
    while (this.#places[place] !== entry + 1) place = (place + 1) & mask;
    return place;
  }

  /** The place where the search for an entry begins. */
  #home(entry: number): number {
    this.#entries.readKey(entry, key);
    return hashOf(key) & (this.#places.length - 1);
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

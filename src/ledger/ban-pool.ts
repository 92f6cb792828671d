import type { KeyedEntries } from '../core/address-index.ts';
import type { AddressKey } from '../core/address-key.ts';
import { none } from '../core/entry-pool.ts';

/** Entries of a page, which is 64 KiB: 64 bytes an entry, 16 words of which the last four are two numbers of 8 bytes. */
const pageBits = 10;
const pageMask = (1 << pageBits) - 1;
const words = 16;
const numbers = 8;

/** Where in an entry its words are, behind the four of its address. */
const bitsAt = 4;
/** Also the next free entry, of a free one. */
const nextAt = 5;
const queueAt = 6;
const hitsAt = 7;
const countAt = 8;
const jailAt = 9;
const policyAt = 10;
const forcedAt = 11;
/** And its numbers. */
const sinceAt = 6;
const untilAt = 7;

/** The largest number of hits, and of bans, that an entry holds. */
export const mostCounted = 2 ** 31 - 1;

/** What an entry holds beside its address. Jail and policy are numbers of texts that are kept elsewhere. */
export interface BanFields {
  readonly jail: number;
  readonly policy: number;
  readonly hits: number;
  readonly count: number;
  readonly forced: boolean;
  /** Seconds since the epoch. */
  readonly since: number;
  /** The same; infinite: for ever. */
  readonly until: number;
}

interface Page {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/**
 * Bans, in pages that the garbage collector need not look into: 64 bytes each, where an object and its texts take
 * four times as much, and are copied twice by the collector while a hundred thousand are read at a start. The entries
 * of one address are a chain.
 */
export class BanPool implements KeyedEntries {
  #pages: Page[] = [];
  #size = 0;
  /** Entries from here on were never used. */
  #unused = 0;
  #free = none;

  /** @returns the number of a new entry, the last of its chain and in no queue */
  add(key: AddressKey, fields: BanFields): number {
    const entry = this.#take();
    this.#size += 1;
    const page = this.#page(entry);
    const at = (entry & pageMask) * words;
    page.words[at] = key.word0;
    page.words[at + 1] = key.word1;
    page.words[at + 2] = key.word2;
    page.words[at + 3] = key.word3;
    page.words[at + bitsAt] = key.bits;
    page.words[at + nextAt] = none;
    page.words[at + queueAt] = none;
    this.write(entry, fields);
    return entry;
  }

  /** Everything but its address. */
  write(entry: number, { jail, policy, hits, count, forced, since, until }: BanFields): void {
    const page = this.#page(entry);
    const at = (entry & pageMask) * words;
    page.words[at + hitsAt] = hits;
    page.words[at + countAt] = count;
    page.words[at + jailAt] = jail;
    page.words[at + policyAt] = policy;
    page.words[at + forcedAt] = Number(forced);
    const number = (entry & pageMask) * numbers;
    page.numbers[number + sinceAt] = since;
    page.numbers[number + untilAt] = until;
  }

  read(entry: number): BanFields {
    const page = this.#page(entry);
    const at = (entry & pageMask) * words;
    return {
      jail: page.words[at + jailAt] ?? 0,
      policy: page.words[at + policyAt] ?? 0,
      hits: page.words[at + hitsAt] ?? 0,
      count: page.words[at + countAt] ?? 0,
      forced: page.words[at + forcedAt] === 1,
      since: page.numbers[(entry & pageMask) * numbers + sinceAt] ?? 0,
      until: this.until(entry),
    };
  }

  /** Its room is another's from now on; with the last one all memory is given back. */
  remove(entry: number): void {
    this.#size -= 1;
    if (this.#size === 0) {
      this.#pages = [];
      this.#unused = 0;
      this.#free = none;
      return;
    }
    this.#setWord(entry, bitsAt, none);
    this.#setWord(entry, nextAt, this.#free);
    this.#free = entry;
  }

  /** All of them. What is added or removed meanwhile may be among them or not. */
  *entries(): Generator<number, void> {
    for (let entry = 0; entry < this.#unused; entry += 1) if (this.#word(entry, bitsAt) !== none) yield entry;
  }

  hasKey(entry: number, key: AddressKey): boolean {
    const page = this.#page(entry).words;
    const at = (entry & pageMask) * words;
    return (
      page[at + 3] === key.word3 &&
      page[at + 1] === key.word1 &&
      page[at] === key.word0 &&
      page[at + 2] === key.word2 &&
      page[at + bitsAt] === key.bits
    );
  }

  readKey(entry: number, key: AddressKey): void {
    const page = this.#page(entry).words;
    const at = (entry & pageMask) * words;
    key.word0 = page[at] ?? 0;
    key.word1 = page[at + 1] ?? 0;
    key.word2 = page[at + 2] ?? 0;
    key.word3 = page[at + 3] ?? 0;
    key.bits = page[at + bitsAt] ?? 0;
  }

  jail(entry: number): number {
    return this.#word(entry, jailAt);
  }

  policy(entry: number): number {
    return this.#word(entry, policyAt);
  }

  hits(entry: number): number {
    return this.#word(entry, hitsAt);
  }

  forced(entry: number): boolean {
    return this.#word(entry, forcedAt) === 1;
  }

  until(entry: number): number {
    return this.#page(entry).numbers[(entry & pageMask) * numbers + untilAt] ?? 0;
  }

  /** The next of the same address, or none. */
  next(entry: number): number {
    return this.#word(entry, nextAt);
  }

  setNext(entry: number, next: number): void {
    this.#setWord(entry, nextAt, next);
  }

  /** Its place in the queue of those that end, or none. */
  queued(entry: number): number {
    return this.#word(entry, queueAt);
  }

  setQueued(entry: number, place: number): void {
    this.#setWord(entry, queueAt, place);
  }

  #take(): number {
    if (this.#free !== none) {
      const entry = this.#free;
      this.#free = this.#word(entry, nextAt);
      return entry;
    }
    const entry = this.#unused++;
    if (entry >> pageBits === this.#pages.length) this.#pages.push(newPage());
    return entry;
  }

  #word(entry: number, offset: number): number {
    return this.#page(entry).words[(entry & pageMask) * words + offset] ?? 0;
  }

  #setWord(entry: number, offset: number, value: number): void {
    this.#page(entry).words[(entry & pageMask) * words + offset] = value;
  }

  #page(entry: number): Page {
    const page = this.#pages[entry >> pageBits];
    if (page === undefined) throw new RangeError(`there is no entry ${entry}`);
    return page;
  }
}

function newPage(): Page {
  const buffer = new ArrayBuffer((words * 4) << pageBits);
  return { words: new Int32Array(buffer), numbers: new Float64Array(buffer) };
}

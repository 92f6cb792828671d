import {
  type FingerprintKernel,
  fingerprintKernel,
  fingerprintLength,
  groupCount,
  tableLength,
} from './fingerprint-kernel.ts';
import { formsOf, type LiteralFinder, lowerCase, lowerOf } from './literal-search.ts';

/** Of more, the groups would hold so many that most places look like one of them. */
const mostFingerprints = 64;

const slotCount = 1_024;
/** Of a product of 32 bits, whose highest are the best mixed. */
const slotShift = 22;

/** One literal, as bytes; in lower case where case does not matter. */
interface Literal {
  readonly bytes: Buffer;
  /** Where in it its fingerprint begins. */
  readonly at: number;
  /** The set that it belongs to. */
  readonly set: number;
}

const nothing = Buffer.alloc(0);

/**
 * Finds some dozens of literals in one pass over all bytes, sixteen at a time: first the places where three bytes of one,
 * those that are thought to be the rarest, may stand; there it compares ("Teddy", as Hyperscan has it).
 */
export class FingerprintSearch implements LiteralFinder {
  readonly #kernel: FingerprintKernel;
  readonly #tables = new Uint8Array(2 * fingerprintLength * tableLength);
  /** By a digest of the fingerprint: the literals that are compared where one is found. */
  readonly #slots: Literal[][] = Array.from({ length: slotCount }, () => []);
  /** What becomes of a byte before it is compared: itself, or its lower case. */
  readonly #folded: Uint8Array;
  #block: Buffer = nothing;
  /** The places of the block that the kernel can be asked about. */
  #from = 0;
  #to = 0;
  /** The place that is looked at next. */
  #at = 0;
  #sets: number[] = [];

  /**
   * `sets`: literals as text. With `fold`, letters of ASCII are the same in both cases. Null where one of them is too short,
   * there are too many, or the processor cannot.
   */
  static of(sets: readonly (readonly string[])[], fold: boolean): FingerprintSearch | null {
    const kernel = fingerprintKernel();
    const literals = sets.flatMap((texts, set) => texts.map((text) => literalOf(text, set, fold)));
    if (kernel === null || literals.some(({ bytes }) => bytes.length < fingerprintLength)) return null;
    const keys = new Set(literals.map(({ bytes, at }) => keyOf(bytes, at)));
    return keys.size > mostFingerprints ? null : new FingerprintSearch(kernel, literals, [...keys], fold);
  }

  private constructor(
    kernel: FingerprintKernel,
    literals: readonly Literal[],
    keys: readonly number[],
    fold: boolean,
  ) {
    this.#kernel = kernel;
    this.#folded = Uint8Array.from({ length: 256 }, (_, byte) => (fold ? lowerOf(byte) : byte));
    for (const literal of literals) this.#literalsOf(keyOf(literal.bytes, literal.at)).push(literal);
    // Those that begin alike share a group, which then holds fewer different bytes.
    const sorted = keys.toSorted((a, b) => a - b);
    for (const [index, key] of sorted.entries())
      this.#addTo(1 << Math.floor((index * groupCount) / sorted.length), key, fold);
  }

  #literalsOf(key: number): Literal[] {
    return this.#slots[Math.imul(key, 0x9e3779b1) >>> slotShift] as Literal[];
  }

  #addTo(group: number, fingerprint: number, fold: boolean): void {
    for (let offset = 0; offset < fingerprintLength; offset++) {
      const low = 2 * offset * tableLength;
      const byte = (fingerprint >> (8 * (fingerprintLength - 1 - offset))) & 0xff;
      for (const form of formsOf(byte, fold)) {
        this.#tables[low + (form & 15)] = (this.#tables[low + (form & 15)] ?? 0) | group;
        const high = low + tableLength + (form >> 4);
        this.#tables[high] = (this.#tables[high] ?? 0) | group;
      }
    }
  }

  /** Of the text at a place, which has as many bytes there. */
  #fingerprint(bytes: Uint8Array, at: number): number {
    const folded = this.#folded;
    const first = folded[bytes[at] as number] as number;
    const second = folded[bytes[at + 1] as number] as number;
    return (first << 16) | (second << 8) | (folded[bytes[at + 2] as number] as number);
  }

  get sets(): readonly number[] {
    return this.#sets;
  }

  begin(block: Buffer): void {
    this.#block = block;
    this.#to = 0;
  }

  first(from: number, to: number): number {
    this.#at = from;
    return this.next(to);
  }

  next(to: number): number {
    const block = this.#block;
    for (let at = this.#find(this.#at, to); at < to; at = this.#find(at + 1, to)) {
      const start = this.#compare(block, this.#literalsOf(this.#fingerprint(block, at)), at, to);
      if (start < 0) continue;
      this.#at = at + 1;
      return start;
    }
    this.#at = to;
    return -1;
  }

  /** The first place that may be a fingerprint's, or `to`. */
  #find(at: number, to: number): number {
    if (at >= this.#from && to <= this.#to)
      return this.#kernel.find(at - this.#from, to - this.#from) + this.#from;
    let from = at;
    while (from < to) {
      if (from < this.#from || from >= this.#to) this.#load(from);
      const end = Math.min(to, this.#to);
      const found = this.#kernel.find(from - this.#from, end - this.#from) + this.#from;
      if (found < end) return found;
      from = end;
    }
    return to;
  }

  #load(from: number): void {
    const part = this.#block.subarray(from, from + this.#kernel.capacity);
    this.#kernel.load(this.#tables, part);
    const isLast = from + part.length === this.#block.length;
    this.#from = from;
    this.#to = from + part.length - (isLast ? 0 : fingerprintLength - 1);
  }

  #compare(block: Buffer, literals: readonly Literal[], at: number, to: number): number {
    const sets = this.#sets;
    sets.length = 0;
    let first = -1;
    for (let index = 0; index < literals.length; index++) {
      const literal = literals[index] as Literal;
      const start = at - literal.at;
      if (start < 0 || start + literal.bytes.length > to || !this.#stands(block, literal.bytes, start))
        continue;
      sets.push(literal.set);
      if (first < 0) first = start;
    }
    return first;
  }

  #stands(block: Buffer, literal: Uint8Array, start: number): boolean {
    const folded = this.#folded;
    for (let index = 0; index < literal.length; index++)
      if (literal[index] !== folded[block[start + index] as number]) return false;
    return true;
  }

  end(): void {
    this.#block = nothing;
  }
}

function literalOf(text: string, set: number, fold: boolean): Literal {
  const bytes = Buffer.from(fold ? lowerCase(text) : text);
  let at = 0;
  let rarest = -1;
  for (let place = 0; place + fingerprintLength <= bytes.length; place++) {
    const rarity = fingerprintRarity(bytes, place);
    if (rarity > rarest) [at, rarest] = [place, rarity];
  }
  return { bytes, at, set };
}

/** Bytes that abound in logs, the most usual last. */
const usual = 'xqjzkvwybgfpum-dhclsnirotae .:/0123456789';

/** How rare three bytes are to be thought in a row: a guess, which decides about speed alone. */
function fingerprintRarity(bytes: Uint8Array, at: number): number {
  let rarity = 0;
  for (let place = at; place < at + fingerprintLength; place++)
    rarity += usual.length - usual.indexOf(String.fromCharCode(bytes[place] ?? 0));
  return rarity;
}

/** The fingerprint of a literal, as a number. */
function keyOf(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + fingerprintLength);
  return (first << 16) | (second << 8) | third;
}

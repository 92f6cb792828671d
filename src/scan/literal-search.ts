/** Pairs of bytes. */
const pairs = 65_536;

/** Longer beginnings than this, in bytes, let the search leap no further. */
const longestBeginning = 32;

/** Finds many literals in a block, each of which belongs to a set. */
export interface LiteralFinder {
  /** The sets of the literals that were found at the last place. Valid until the next is looked for. */
  readonly sets: readonly number[];
  begin(block: Buffer): void;
  /** A place at or behind `from` where a literal begins that ends at or before `to`, or -1. */
  first(from: number, to: number): number;
  /** The next such place; no place in the lines before is left out. */
  next(to: number): number;
  /** Lets go of the block, which may be a chunk of a megabyte. */
  end(): void;
}

const nothing = Buffer.alloc(0);

/** One literal, as bytes; in lower case where case does not matter. */
interface Literal {
  readonly bytes: Uint8Array;
  /** The set that it belongs to. */
  readonly set: number;
}

/**
 * Finds many literals in one pass that leaps over most bytes (Wu and Manber, "A fast algorithm for multi-pattern
 * searching", 1994): the beginnings of all literals are laid one over the other, cut to the length of the shortest; the
 * last two bytes of such a window in the text say how far it is to the next place where any of them could end.
 */
export class LiteralSearch implements LiteralFinder {
  /** Bytes of the beginnings. */
  readonly #length: number;
  /** By pair of bytes: how far the window may leap. */
  readonly #leaps: Uint8Array;
  /** By pair of bytes: 1 where a literal begins with it. */
  readonly #begins = new Uint8Array(pairs);
  /** By pair of bytes that ends a beginning: where its literals stand in `#endings`. */
  readonly #endingOf: Uint16Array;
  readonly #endings: Literal[][] = [[]];
  /** What becomes of a byte before it is compared: itself, or its lower case. */
  readonly #folded: Uint8Array;
  #block: Buffer = nothing;
  /** The end of the window that is looked at next. */
  #at = 0;
  #sets: number[] = [];

  /**
   * `sets`: literals as text. With `fold`, letters of ASCII are the same in both cases. Null where one of them is
   * a single byte, or there are more than can be told apart.
   */
  static of(sets: readonly (readonly string[])[], fold: boolean): LiteralSearch | null {
    const literals = sets.flatMap((texts, set) =>
      texts.map((text) => ({ bytes: Buffer.from(fold ? lowerCase(text) : text), set })),
    );
    const shortest = Math.min(longestBeginning, ...literals.map(({ bytes }) => bytes.length));
    return shortest < 2 || literals.length >= pairs ? null : new LiteralSearch(literals, shortest, fold);
  }

  private constructor(literals: readonly Literal[], length: number, fold: boolean) {
    this.#length = length;
    this.#leaps = new Uint8Array(pairs).fill(length - 1);
    this.#endingOf = new Uint16Array(pairs);
    this.#folded = Uint8Array.from({ length: 256 }, (_, byte) => (fold ? lowerOf(byte) : byte));
    for (const literal of literals) this.#add(literal, fold);
  }

  #add(literal: Literal, fold: boolean): void {
    const { bytes } = literal;
    for (const pair of pairsAt(bytes, 1, fold)) this.#begins[pair] = 1;
    for (let last = 1; last < this.#length; last++) {
      const leap = this.#length - 1 - last;
      for (const pair of pairsAt(bytes, last, fold)) {
        if (leap < (this.#leaps[pair] ?? 0)) this.#leaps[pair] = leap;
        if (leap === 0) this.#endingWith(pair).push(literal);
      }
    }
  }

  #endingWith(pair: number): Literal[] {
    if (this.#endingOf[pair] === 0) this.#endingOf[pair] = this.#endings.push([]) - 1;
    return this.#endings[this.#endingOf[pair] ?? 0] ?? [];
  }

  get sets(): readonly number[] {
    return this.#sets;
  }

  begin(block: Buffer): void {
    this.#block = block;
  }

  first(from: number, to: number): number {
    this.#at = from + this.#length - 1;
    return this.next(to);
  }

  next(to: number): number {
    const [bytes, leaps, begins, before] = [this.#block, this.#leaps, this.#begins, this.#length - 1];
    let at = this.#at;
    // Every index is one of the array: the values need no check, and this is the innermost loop of all.
    while (at < to) {
      const pair = ((bytes[at - 1] as number) << 8) | (bytes[at] as number);
      const leap = leaps[pair] as number;
      at += leap;
      if (leap > 0) continue;
      const start = at - before;
      at++;
      if (begins[((bytes[start] as number) << 8) | (bytes[start + 1] as number)] === 0) continue;
      if (!this.#compare(bytes, pair, start, to)) continue;
      this.#at = at;
      return start;
    }
    this.#at = at;
    return -1;
  }

  end(): void {
    this.#block = nothing;
  }

  /** Whether any of the literals whose beginning ends with the pair stands there. */
  #compare(bytes: Uint8Array, pair: number, start: number, to: number): boolean {
    this.#sets.length = 0;
    const literals = this.#endings[this.#endingOf[pair] ?? 0] ?? [];
    for (const { bytes: literal, set } of literals)
      if (start + literal.length <= to && this.#stands(literal, bytes, start)) this.#sets.push(set);
    return this.#sets.length > 0;
  }

  #stands(literal: Uint8Array, bytes: Uint8Array, start: number): boolean {
    for (let index = 0; index < literal.length; index++)
      if (literal[index] !== this.#folded[bytes[start + index] ?? 0]) return false;
    return true;
  }
}

export const lowerOf = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

/** The pairs that the byte at `last` makes with the one before, in every case. */
function pairsAt(bytes: Uint8Array, last: number, fold: boolean): number[] {
  const seconds = formsOf(bytes[last] ?? 0, fold);
  return formsOf(bytes[last - 1] ?? 0, fold).flatMap((first) =>
    seconds.map((second) => (first << 8) | second),
  );
}

/** The bytes that are the same as this one, which is in lower case where case does not matter. */
export function formsOf(byte: number, fold: boolean): readonly number[] {
  return fold && byte >= 0x61 && byte <= 0x7a ? [byte, byte - 0x20] : [byte];
}

/** Letters of ASCII alone: what other letters fold to is not known here. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

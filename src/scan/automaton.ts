/** A state's row in the table has a number for each byte. */
const row = 256;

/** Added to the number of a state in which a literal ends. */
const ending = 0x4000_0000;

/** Beyond so many states (a KiB each) a table is not worth its memory. */
const mostStates = 16_384;

/**
 * All literals of many filters, found in one pass over the bytes whatever their number (Aho and Corasick, 1975). The
 * table is complete: each byte costs one look.
 */
export class Automaton {
  readonly #table: Int32Array;
  /** By state: the sets of which a literal ends there. */
  readonly #ends: readonly (readonly number[])[];
  #state = 0;

  /**
   * `sets`: literals as UTF-8, none of them empty. With `fold`, letters of ASCII are the same in both cases. Null where
   * it would be too large.
   */
  static of(sets: readonly (readonly string[])[], fold: boolean): Automaton | null {
    const trie = new Trie();
    for (const [set, literals] of sets.entries())
      for (const literal of literals) trie.add(Buffer.from(fold ? foldedCase(literal) : literal), set);
    return trie.size > mostStates ? null : new Automaton(trie, fold);
  }

  private constructor(trie: Trie, fold: boolean) {
    const { rows, ends } = trie.completed();
    this.#ends = ends;
    this.#table = new Int32Array(rows.length * row);
    for (const [state, next] of rows.entries())
      for (let byte = 0; byte < row; byte++) {
        const target = next[fold ? lowerOf(byte) : byte] ?? 0;
        this.#table[state * row + byte] = target * row + ((ends[target]?.length ?? 0) > 0 ? ending : 0);
      }
  }

  /** Where the first literal ends at or behind `from`, or -1: the place of its last byte. */
  first(bytes: Uint8Array, from: number, to: number): number {
    const table = this.#table;
    let state = 0;
    for (let at = from; at < to; at++) {
      state = table[state + (bytes[at] as number)] as number;
      if (state >= ending) {
        this.#state = state - ending;
        return at;
      }
    }
    return -1;
  }

  /** The sets of the literals that end where `first` or `next` found one. */
  get sets(): readonly number[] {
    return this.#ends[this.#state / row] ?? [];
  }

  /** Goes on behind the last place: as `first`. */
  next(bytes: Uint8Array, from: number, to: number): number {
    const table = this.#table;
    let state = this.#state;
    for (let at = from; at < to; at++) {
      state = table[state + (bytes[at] as number)] as number;
      if (state >= ending) {
        this.#state = state - ending;
        return at;
      }
    }
    return -1;
  }
}

const lowerOf = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

/** Letters of ASCII alone: what other letters fold to is not known here. */
export function foldedCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The literals' common beginnings. */
class Trie {
  readonly #rows: Int32Array[] = [new Int32Array(row)];
  readonly #ends: Set<number>[] = [new Set()];

  get size(): number {
    return this.#rows.length;
  }

  add(literal: Uint8Array, set: number): void {
    let state = 0;
    for (const byte of literal) state = this.#child(state, byte);
    this.#ends[state]?.add(set);
  }

  #child(state: number, byte: number): number {
    const next = this.#rows[state];
    if (next === undefined) return 0;
    next[byte] ||= this.#rows.push(new Int32Array(row)) - 1;
    if (this.#ends.length < this.#rows.length) this.#ends.push(new Set());
    return next[byte] ?? 0;
  }

  /** With a way from every state for every byte: where no literal goes on, that of its longest end that begins one. */
  completed(): { rows: readonly Int32Array[]; ends: readonly (readonly number[])[] } {
    const longestEnd = new Int32Array(this.size);
    const reached: number[] = [0];
    for (const state of reached) {
      const [next, other] = [this.#rows[state], this.#rows[longestEnd[state] ?? 0]];
      if (next === undefined || other === undefined) continue;
      for (const set of this.#ends[longestEnd[state] ?? 0] ?? []) this.#ends[state]?.add(set);
      for (let byte = 0; byte < row; byte++) {
        const child = next[byte] ?? 0;
        const elsewhere = state === 0 ? 0 : (other[byte] ?? 0);
        if (child === 0) next[byte] = elsewhere;
        else {
          longestEnd[child] = elsewhere;
          reached.push(child);
        }
      }
    }
    return { rows: this.#rows, ends: this.#ends.map((sets) => [...sets]) };
  }
}

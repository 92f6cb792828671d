import type { Literals } from './literals.ts';

/** V8 searches an alternation of a few literals fast and one of many slowly (565 MB/s at 5, 80-125 at 50). */
const perAlternation = 8;

/** Beyond this, judging every line is no slower than searching. */
const mostLiterals = 32;

/** Finds the next place where any of a set of literals stands, over one chunk of bytes read as latin1. */
export class Search {
  readonly #alternations: readonly { readonly regexp: RegExp; next: number }[];
  #text = '';

  /** Null where searching does not pay: every line is a candidate. */
  static for(literals: Literals): Search | null {
    return literals === null || literals.length > mostLiterals ? null : new Search(literals);
  }

  private constructor(literals: readonly string[]) {
    const patterns = literals.map((literal) => Buffer.from(literal).toString('latin1')).map(escaped);
    const alternations: string[] = [];
    for (let at = 0; at < patterns.length; at += perAlternation) {
      alternations.push(patterns.slice(at, at + perAlternation).join('|'));
    }
    this.#alternations = alternations.map((source) => ({ regexp: new RegExp(source, 'g'), next: 0 }));
  }

  begin(text: string): void {
    this.#text = text;
    for (const alternation of this.#alternations) alternation.next = -1;
  }

  /** Lets go of the text, which may be a chunk of a megabyte. */
  end(): void {
    this.#text = '';
  }

  /** The first place at or behind `from`, or -1. `from` never decreases between two `begin`s. */
  next(from: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const alternation of this.#alternations) {
      if (alternation.next < from) {
        alternation.regexp.lastIndex = from;
        alternation.next = alternation.regexp.exec(this.#text)?.index ?? Number.POSITIVE_INFINITY;
      }
      if (alternation.next < first) first = alternation.next;
    }
    return first === Number.POSITIVE_INFINITY ? -1 : first;
  }
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

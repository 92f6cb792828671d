import type { Filter } from './filters/filter.ts';
import { FingerprintSearch } from './fingerprint-search.ts';
import { type LiteralFinder, LiteralSearch } from './literal-search.ts';
import { unionOf } from './literals.ts';

/** V8 searches an alternation of a few literals faster than a table, and one of many more slowly. */
const mostAlternatives = 8;

/** Finds the lines of a chunk that any filter could match, and which filters these are. */
export interface Search {
  /** `text`: the block's bytes, one character each. */
  begin(block: Buffer, text: string): void;
  /** A place in the first line at or behind `from` that is a candidate, or -1. `from` is the beginning of a line. */
  next(from: number): number;
  /** The line of the last place ends before `end`: from now on `wants` knows about all of it. */
  finish(end: number): void;
  /** Whether the filter of this index could match the line. */
  wants(filter: number): boolean;
  /** Lets go of the block, which may be a chunk of a megabyte. */
  end(): void;
}

/** The fastest way to the candidates of these filters. */
export function searchFor(filters: readonly Filter[]): Search {
  const union = unionOf(filters.map(({ literals }) => literals));
  const fold = filters.some(({ ignoreCase }) => ignoreCase);
  if (union !== null && union.length <= mostAlternatives && !fold) return new FewLiterals(union);
  const sets = filters.map(({ literals }) => literals ?? []);
  const finder = FingerprintSearch.of(sets, fold) ?? LiteralSearch.of(sets, fold);
  return finder === null ? new EveryLine() : new ManyLiterals(finder, filters);
}

/** Every line is a candidate, for every filter. */
export class EveryLine implements Search {
  begin(_block: Buffer, _text: string): void {}

  next(from: number): number {
    return from;
  }

  finish(): void {}

  wants(): boolean {
    return true;
  }

  end(): void {}
}

/** One alternation; which of the few filters it was is not worth to be asked. */
class FewLiterals extends EveryLine {
  readonly #regexp: RegExp;
  /** Characters of the shortest literal. */
  readonly #shortest: number;
  #text = '';

  constructor(literals: readonly string[]) {
    super();
    const patterns = literals.map((literal) =>
      Buffer.from(literal).toString('latin1').replace(special, '\\$&'),
    );
    this.#shortest = Math.min(...literals.map((literal) => Buffer.byteLength(literal)));
    // Without any alternative nothing is found.
    this.#regexp = new RegExp(patterns.join('|') || '(?!)', 'g');
  }

  override begin(_block: Buffer, text: string): void {
    this.#text = text;
  }

  override next(from: number): number {
    const regexp = this.#regexp;
    regexp.lastIndex = from;
    // Any place in the literal is one in its line, and to be told where it begins costs an array.
    return regexp.test(this.#text) ? regexp.lastIndex - this.#shortest : -1;
  }

  override end(): void {
    this.#text = '';
  }
}

const special = /[\\^$.*+?()[\]{}|/]/g;

class ManyLiterals implements Search {
  readonly #finder: LiteralFinder;
  /** By filter: whether it has no literals, and must judge every line. */
  readonly #always: readonly boolean[];
  readonly #everyLine: boolean;
  /** By filter: the last line that it could match. */
  readonly #wanted: Uint32Array;
  #line = 0;
  #length = 0;
  /** Where the line begins. */
  #start = 0;

  constructor(finder: LiteralFinder, filters: readonly Filter[]) {
    this.#finder = finder;
    this.#always = filters.map(({ literals }) => literals === null);
    this.#everyLine = this.#always.includes(true);
    this.#wanted = new Uint32Array(filters.length);
  }

  begin(block: Buffer): void {
    this.#finder.begin(block);
    this.#length = block.length;
    this.#line = 0;
    this.#wanted.fill(0);
  }

  next(from: number): number {
    this.#line++;
    this.#start = from;
    if (this.#everyLine) return from;
    const found = this.#finder.first(from, this.#length);
    if (found >= 0) this.#mark();
    return found;
  }

  finish(end: number): void {
    // Of one filter all is known.
    if (this.#wanted.length === 1) return;
    const finder = this.#finder;
    let found = this.#everyLine ? finder.first(this.#start, end) : finder.next(end);
    while (found >= 0) {
      this.#mark();
      found = finder.next(end);
    }
  }

  #mark(): void {
    for (const filter of this.#finder.sets) this.#wanted[filter] = this.#line;
  }

  wants(filter: number): boolean {
    return this.#wanted[filter] === this.#line || this.#always[filter] === true;
  }

  end(): void {
    this.#finder.end();
  }
}

import { BailiffError } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { endsWithin, longestTriesMs } from '../scan/filters/timed.ts';
import { Watch } from '../scan/filters/watch.ts';
import { expressionName, restraintProblem } from '../scan/slow-expression.ts';
import { readSpot, Spot, spotBytes } from '../scan/spot.ts';

/** In ms. */
export interface PatienceLimits {
  /** For a block of lines, before it is judged line by line. */
  readonly block: number;
  /** For a line, before somebody is to blame. */
  readonly line: number;
}

const usualLimits: PatienceLimits = { block: 5_000, line: 1_000 };
/** So many offences, and an expression is restrained, as by the daemon. */
const mostOffences = 3;
/** Lines without a verdict, after which nothing that could be said of the others would be worth the wait. */
const mostLost = 10;

export interface PatientLine<Verdict> {
  readonly bytes: Buffer;
  readonly verdict: Verdict | null;
}

/**
 * Sees that judging comes to an end, on one thread: an expression that takes too long on a line is taken not to match
 * it, and is restrained at the third, as by the daemon's watchdog. Each is told of, with the line.
 */
export class Patience {
  readonly watch: Watch;
  readonly #memory = new ArrayBuffer(spotBytes);
  readonly #definition: FilterDefinition;
  readonly #warn: (text: string) => void;
  readonly #limits: PatienceLimits;
  /** By expression. */
  readonly #offences = new Map<number, number>();
  #lost = 0;
  /** From the first offence on, lines are judged one at a time. */
  #wary = false;

  constructor(definition: FilterDefinition, warn: (text: string) => void, limits = usualLimits) {
    this.watch = new Watch(new Spot(this.#memory));
    this.#definition = definition;
    this.#warn = warn;
    this.#limits = limits;
  }

  /** Runs what judges many lines, perhaps more than once; whether it came to an end. */
  endsOn(run: () => void): boolean {
    if (this.#wary) return false;
    const ended = endsWithin(this.#limits.block, run);
    this.#wary = !ended;
    return ended;
  }

  /**
   * Judges line by line. `first`: the number of the block's first line.
   * @throws BailiffError filter-invalid where line after line takes too long, and no expression is to blame
   */
  *eachLine<Verdict>(
    block: Buffer,
    first: number,
    judge: (line: Buffer) => Verdict | null,
  ): Generator<PatientLine<Verdict>> {
    let start = 0;
    let number = first;
    const next = (): Buffer => {
      const newline = block.indexOf(0x0a, start);
      return block.subarray(start, newline < 0 ? block.length : newline + 1);
    };
    while (start < block.length) {
      const judged: PatientLine<Verdict>[] = [];
      const ended = this.endsOn(() => {
        while (start < block.length) {
          const bytes = next();
          judged.push({ bytes, verdict: judge(bytes) });
          start += bytes.length;
        }
      });
      yield* judged;
      if (ended) return;
      number += judged.length;
      const bytes = next();
      yield { bytes, verdict: this.#verdict(number, () => judge(bytes)) };
      start += bytes.length;
      number++;
    }
  }

  #verdict<Verdict>(line: number, judge: () => Verdict | null): Verdict | null {
    /** Expressions, each with the length of its text. */
    const suspects = new Set<string>();
    const expressions = new Set<number>();
    let verdict: Verdict | null = null;
    const run = () => {
      verdict = judge();
    };
    // Each that is suspected already is broken off by itself.
    while (!endsWithin(this.#limits.line + suspects.size * longestTriesMs, run)) {
      const place = readSpot(this.#memory);
      const suspect = `${place?.expression} ${place?.length}`;
      if (place === null || suspects.has(suspect)) return this.#lose(line);
      suspects.add(suspect);
      expressions.add(place.expression);
      this.#suspect(line, place.expression, place.length);
    }
    for (const expression of expressions) this.#settle(expression);
    return verdict;
  }

  #suspect(line: number, expression: number, length: number): void {
    const name = expressionName([this.#definition], { filter: 0, expression });
    this.#warn(
      `line ${line}: ${name.expression} does not come to an end on ${length} characters, and is taken not to match`,
    );
    this.watch.expression(expression)?.suspect(length);
  }

  #settle(expression: number): void {
    const offences = (this.#offences.get(expression) ?? 0) + 1;
    this.#offences.set(expression, offences);
    const guarded = this.watch.expression(expression);
    guarded?.acquit();
    if (offences < mostOffences) return;
    const restraint = guarded?.restrain('linear') ?? 'timed';
    this.#warn(restraintProblem(expressionName([this.#definition], { filter: 0, expression }), restraint));
  }

  /** No expression is to blame: it is the search for the date. */
  #lose(line: number): null {
    this.#warn(`line ${line}: the search for its date does not come to an end, and it is not judged`);
    this.#lost++;
    if (this.#lost < mostLost) return null;
    const { name, file } = this.#definition;
    throw new BailiffError('filter-invalid', `on ${this.#lost} lines the search for a date takes too long`, {
      where: file ?? `filter ${name}`,
      remedy: 'Correct the datepattern: bind it to the beginning, and let no part of it repeat what repeats.',
    });
  }
}

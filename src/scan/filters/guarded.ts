import type { Spot } from '../spot.ts';
import { type CompiledExpression, compileExpression } from './expression.ts';
import { type LinearExpression, linearExpression } from './linear.ts';
import { execTimed, longestRunMs } from './timed.ts';
import type { Watch } from './watch.ts';

/** The texts of a match's groups, by number; 0 is the whole. */
export type Groups = readonly (string | undefined)[];

/** How an expression is run that was found not to come to an end. */
export type Restraint =
  /** Under a time limit, on all texts. */
  | 'timed'
  /** By the linear engine. */
  | 'linear';

/** So many, and it is restrained: offences.ts comes to the same. */
const mostTimeouts = 3;
/** Each further one in a chunk halves the limit, down to this, in ms. */
const shortestLimitMs = 5;

/**
 * A regular expression that cannot hold up its worker for good: while it runs, the spot says so, and the main thread ends
 * the worker. Its successor is told of the text's length, and runs such texts under a time limit until it comes
 * upon the one that does not end; that one is skipped, as if it did not match.
 */
export class GuardedRegExp {
  readonly regexp: RegExp;
  readonly #linearForm: () => LinearExpression | null;
  readonly #watch: Watch;
  readonly #spot: Spot;
  readonly #filter: number;
  readonly #number: number;
  /** Lengths of texts one of which did not end. */
  readonly #suspects = new Set<number>();
  /** Texts that did not end, since it was acquitted. */
  #timeouts = 0;
  #timed = false;
  #linear: LinearExpression | null = null;
  /** Whether any of these holds. */
  #restrained = false;

  /** `linearForm` gives what finds the same in linear time; null: there is none. */
  constructor(regexp: RegExp, watch: Watch, linearForm: () => LinearExpression | null) {
    this.regexp = regexp;
    this.#linearForm = linearForm;
    this.#watch = watch;
    this.#spot = watch.spot;
    this.#filter = watch.filter;
    this.#number = watch.add(this);
  }

  exec(text: string): Groups | null {
    if (this.#restrained) return this.#execRestrained(text);
    this.#spot.enter(this.#filter, this.#number, text.length);
    return this.run(text);
  }

  protected run(text: string): Groups | null {
    return this.regexp.exec(text);
  }

  test(text: string): boolean {
    if (this.#restrained) return this.#execRestrained(text) !== null;
    this.#spot.enter(this.#filter, this.#number, text.length);
    return this.regexp.test(text);
  }

  /** One of the texts to come, of this length, does not end. */
  suspect(length: number): void {
    this.#suspects.add(length);
    this.#note();
  }

  /** What was suspected was met, and what comes is judged as before. */
  acquit(): void {
    this.#suspects.clear();
    this.#timeouts = 0;
    this.#note();
  }

  /** Null takes a restraint away. Returns what it came to: where the linear engine cannot express it, 'timed'. */
  restrain(restraint: Restraint | null): Restraint | null {
    if (restraint === null) this.acquit();
    this.#linear = restraint === 'linear' ? this.#linearForm() : null;
    this.#timed = restraint !== null;
    this.#note();
    return this.#timed && this.#linear === null ? 'timed' : restraint;
  }

  #execRestrained(text: string): Groups | null {
    this.#spot.leave();
    const found = this.#linear?.exec(text);
    if (found !== undefined && found !== 'unsure') return found;
    if (this.#timed || this.#suspects.has(text.length)) return this.#execTimed(text);
    this.#spot.enter(this.#filter, this.#number, text.length);
    return this.regexp.exec(text);
  }

  #execTimed(text: string): Groups | null {
    const match = execTimed(this.regexp, text, this.#limitMs());
    if (match !== 'timeout') return match;
    this.#timeouts++;
    this.#watch.skipped(this.#number, text);
    // The main thread is going to say so, but nothing that it says is heard before the end of the chunk.
    if (!this.#timed && this.#timeouts >= mostTimeouts) this.restrain('linear');
    return null;
  }

  /** A chunk may hold thousands of such texts. */
  #limitMs(): number {
    return Math.max(
      shortestLimitMs,
      Math.floor(longestRunMs / 2 ** Math.max(0, this.#timeouts - mostTimeouts)),
    );
  }

  #note(): void {
    this.#restrained = this.#timed || this.#suspects.size > 0;
  }
}

/** An expression of a filter. */
export class GuardedExpression extends GuardedRegExp {
  readonly source: string;
  readonly groups: CompiledExpression['groups'];

  /** @throws SyntaxError */
  constructor(pattern: string, ignoreCase: boolean, watch: Watch) {
    const { regexp, source, groups } = compileExpression(pattern, ignoreCase);
    super(regexp, watch, () => linearExpression(source, ignoreCase));
    this.source = source;
    this.groups = groups;
  }
}

/** What looks for a date from a place in a text on: global, and where its groups stand is told. */
export class GuardedSearch extends GuardedRegExp {
  readonly #place: Spot;

  constructor(regexp: RegExp, watch: Watch) {
    super(regexp, watch, () => null);
    this.#place = watch.spot;
  }

  find(text: string, from: number): RegExpExecArray | null {
    this.regexp.lastIndex = from;
    const found = this.exec(text);
    // A date is looked for also where no expression follows.
    this.#place.leave();
    // Without a linear form it is always the expression itself that has matched.
    return found as RegExpExecArray | null;
  }
}

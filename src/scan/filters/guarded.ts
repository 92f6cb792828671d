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
 * An expression that cannot hold up its worker for good: while it runs, the spot says so, and the main thread ends
 * the worker. Its successor is told of the text's length, and runs such texts under a time limit until it comes
 * upon the one that does not end; that one is skipped, as if it did not match.
 */
export class GuardedExpression {
  readonly source: string;
  readonly groups: CompiledExpression['groups'];
  readonly #regexp: RegExp;
  readonly #ignoreCase: boolean;
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

  /** @throws SyntaxError */
  constructor(pattern: string, ignoreCase: boolean, watch: Watch) {
    const { regexp, source, groups } = compileExpression(pattern, ignoreCase);
    this.source = source;
    this.groups = groups;
    this.#regexp = regexp;
    this.#ignoreCase = ignoreCase;
    this.#watch = watch;
    this.#spot = watch.spot;
    this.#filter = watch.filter;
    this.#number = watch.add(this);
  }

  exec(text: string): Groups | null {
    if (this.#restrained) return this.#execRestrained(text);
    this.#spot.enter(this.#filter, this.#number, text.length);
    return this.#regexp.exec(text);
  }

  test(text: string): boolean {
    if (this.#restrained) return this.#execRestrained(text) !== null;
    this.#spot.enter(this.#filter, this.#number, text.length);
    return this.#regexp.test(text);
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
    this.#linear = restraint === 'linear' ? linearExpression(this.source, this.#ignoreCase) : null;
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
    return this.#regexp.exec(text);
  }

  #execTimed(text: string): Groups | null {
    const match = execTimed(this.#regexp, text, this.#limitMs());
    if (match !== 'timeout') return match;
    this.#timeouts++;
    this.#watch.skipped(this.#number, text);
    // The main thread is going to say so, but nothing that it says is heard before the end of the chunk.
    if (!this.#timed && this.#timeouts >= mostTimeouts) this.restrain('linear');
    return null;
  }

  /** A chunk may hold thousands of such texts. */
  #limitMs(): number {
    return Math.max(shortestLimitMs, longestRunMs / 2 ** Math.max(0, this.#timeouts - mostTimeouts));
  }

  #note(): void {
    this.#restrained = this.#timed || this.#suspects.size > 0;
  }
}

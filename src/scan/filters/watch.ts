import { Spot } from '../spot.ts';
import type { GuardedRegExp } from './guarded.ts';

/** Told of a text that an expression could not be brought to an end on: it counts as one that does not match. */
export type Skipped = (filter: number, expression: number, text: string) => void;

/** How the expressions of one filter are watched. They are made in the order of `patternsOf`. */
export class Watch {
  readonly spot: Spot;
  readonly filter: number;
  readonly #skipped: Skipped;
  readonly #expressions: GuardedRegExp[] = [];

  constructor(spot: Spot = new Spot(), filter = 0, skipped: Skipped = () => undefined) {
    this.spot = spot;
    this.filter = filter;
    this.#skipped = skipped;
  }

  /** Returns the expression's number. */
  add(expression: GuardedRegExp): number {
    return this.#expressions.push(expression) - 1;
  }

  expression(number: number): GuardedRegExp | undefined {
    return this.#expressions[number];
  }

  skipped(expression: number, text: string): void {
    this.#skipped(this.filter, expression, text);
  }
}

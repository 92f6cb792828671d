import type { Clock } from '../core/types.ts';
import type { ProblemNotice } from '../notify/notice.ts';

/** Looks in a row at which a problem must be there before it is told of: what is repaired at once is none. */
const looksBefore = 2;

/** Tells, once, of each problem that has come to stay, and of its end. */
export class ProblemWatch {
  readonly #tell: (notice: ProblemNotice) => void;
  readonly #clock: Clock;
  /** How often in a row each was seen. */
  #seen = new Map<string, number>();

  constructor(tell: (notice: ProblemNotice) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  look(problems: readonly string[]): void {
    const before = this.#seen;
    this.#seen = new Map(problems.map((text) => [text, (before.get(text) ?? 0) + 1]));
    const time = this.#clock.now();
    for (const [text, looks] of this.#seen) {
      if (looks === looksBefore) this.#tell({ kind: 'problem', time, text, solved: false });
    }
    for (const [text, looks] of before) {
      if (looks >= looksBefore && !this.#seen.has(text))
        this.#tell({ kind: 'problem', time, text, solved: true });
    }
  }
}

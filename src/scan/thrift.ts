import { LookAgain } from './siblings.ts';

/** Of the time, no more than this part goes into what is asked of it again and again. */
const share = 1 / 20;
/** What took less, in ms, is free. */
const free = 10;
/** The longest pause, in ms: what was rotated is to be read. */
const longest = 5_000;

/**
 * Keeps work from filling the worker's time whose amount others choose: whoever writes in a log's folder may put
 * ten thousand files there that look like rotated ones.
 */
export class Thrift {
  readonly #nowMs: () => number;
  #notBefore = 0;

  /** `nowMs`: a clock that is never set. */
  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Does the work, unless too much time went into it lately. @throws LookAgain then, beside what the work throws */
  async spend<Result>(work: () => Promise<Result>): Promise<Result> {
    const started = this.#nowMs();
    if (started < this.#notBefore) throw new LookAgain('searched just now');
    try {
      return await work();
    } finally {
      const took = this.#nowMs() - started;
      if (took > free) this.#notBefore = this.#nowMs() + Math.min(took / share, longest);
    }
  }
}

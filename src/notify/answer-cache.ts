import type { Clock } from '../core/types.ts';

interface Answer {
  readonly value: boolean;
  /** Seconds since the epoch. */
  readonly until: number;
}

/** Answers that hold for a while; the oldest goes where there are too many. */
export class AnswerCache {
  readonly #most: number;
  readonly #seconds: number;
  readonly #clock: Clock;
  /** In the order in which they were given. */
  readonly #answers = new Map<string, Answer>();

  constructor(most: number, seconds: number, clock: Clock) {
    this.#most = most;
    this.#seconds = seconds;
    this.#clock = clock;
  }

  get(key: string): boolean | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    const age = answer.until - this.#clock.now();
    // The clock may have been set back since.
    if (age > 0 && age <= this.#seconds) return answer.value;
    this.#answers.delete(key);
    return undefined;
  }

  set(key: string, value: boolean): void {
    this.#answers.delete(key);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size >= this.#most && oldest !== undefined) this.#answers.delete(oldest);
    this.#answers.set(key, { value, until: this.#clock.now() + this.#seconds });
  }
}

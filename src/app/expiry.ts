import type { Clock } from '../core/types.ts';

/** Timers beyond this (ms) are set in steps: setTimeout takes 2^31 - 1 at most, and clocks get stepped. */
const longestTimerMs = 3_600_000;

/** One timer, for the next ban to end. Call `arm` whenever the bans change. */
export class Expiry {
  readonly #clock: Clock;
  readonly #next: () => number | null;
  readonly #due: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `next`: when the next ban ends, in seconds, or null; `due` is called when that time has come. */
  constructor(clock: Clock, next: () => number | null, due: () => void) {
    this.#clock = clock;
    this.#next = next;
    this.#due = due;
  }

  arm(): void {
    clearTimeout(this.#timer);
    const next = this.#next();
    if (next === null) return;
    const waitMs = Math.ceil((next - this.#clock.now()) * 1000);
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(waitMs, 0), longestTimerMs));
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #fire(): void {
    const next = this.#next();
    if (next !== null && next <= this.#clock.now()) this.#due();
    this.arm();
  }
}

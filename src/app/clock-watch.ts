import type { Clock } from '../core/types.ts';

/** By how much (seconds) the clock has to go back: less is the correction that every clock gets all the time. */
const smallestStep = 1;

/**
 * Notices that the wall clock was set back. A step forward needs no care: what is over by then ends when it is
 * looked at next.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #wentBack: (seconds: number) => void;
  #latest: number;

  constructor(clock: Clock, wentBack: (seconds: number) => void) {
    this.#clock = clock;
    this.#wentBack = wentBack;
    this.#latest = clock.now();
  }

  /** To be called every second or so. */
  look(): void {
    const now = this.#clock.now();
    const step = this.#latest - now;
    this.#latest = now;
    if (step > smallestStep) this.#wentBack(step);
  }
}

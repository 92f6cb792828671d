import type { Clock } from '../core/types.ts';

/** By how much (seconds) the clock has to go back: less is the correction that every clock gets all the time. */
const smallestStep = 1;

/**
 * Notices that the wall clock was set back. A step forward needs no care, what is over by then ends when it is
 * looked at next; both are told, since log times and bans of other machines may not agree with such a clock.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #wentBack: (seconds: number) => void;
  readonly #steps: Steps | null;
  #latest: number;
  #latestSteady: number;

  constructor(clock: Clock, wentBack: (seconds: number) => void, steps: Steps | null = null) {
    this.#clock = clock;
    this.#wentBack = wentBack;
    this.#steps = steps;
    this.#latest = clock.now();
    this.#latestSteady = steps?.steady.now() ?? 0;
  }

  /** To be called every second or so. */
  look(): void {
    const now = this.#clock.now();
    const step = this.#latest - now;
    this.#latest = now;
    if (step > smallestStep) this.#wentBack(step);
    this.#tell(-step);
  }

  /** By how much the wall clock went on more than time did. */
  #tell(passed: number): void {
    if (this.#steps === null) return;
    const steady = this.#steps.steady.now();
    const by = passed - (steady - this.#latestSteady);
    this.#latestSteady = steady;
    if (Math.abs(by) > smallestStep) this.#steps.stepped(by);
  }
}

export interface Steps {
  /** A clock that is never set. It may stand still while the machine is suspended, which looks like a step forward. */
  readonly steady: Clock;
  /** Seconds; below 0: back. */
  readonly stepped: (seconds: number) => void;
}

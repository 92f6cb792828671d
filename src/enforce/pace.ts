import { LookCost } from './look-cost.ts';

/** Calls `run` once, `ms` from now, unless the returned function is called before. */
export type Schedule = (run: () => void, ms: number) => () => void;

/** Real timers; they keep no process alive. */
export const schedule: Schedule = (run, ms) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/**
 * Reconciling may take a hundredth of a core; two fifths of the time it takes is waiting for the kernel. It is
 * never put off for longer than some intervals.
 */
const restPerCost = 60;
const longestIntervals = 4;
/** After a hint, others may not be done yet. */
const afterHintMs = 100;
/** So many hints are followed in a row; each look that comes by its interval earns some more. */
const mostHints = 20;
const hintsEarned = 4;

/**
 * When to reconcile next: at the interval, rarer where it is costly, soon after a failure, doubling, and
 * almost at once after a hint that something changed; but whoever changes things all the time is not followed
 * all the time.
 */
export class Pace {
  readonly #schedule: Schedule;
  readonly #run: () => Promise<void>;
  #cancel: () => void = () => undefined;
  #failures = 0;
  readonly #cost = new LookCost();
  #hints = mostHints;
  /** `idle` before the first look, and while one is under way. */
  #waiting: 'idle' | 'interval' | 'hint' = 'idle';
  #hinted = false;

  constructor(timers: Schedule, run: () => Promise<void>) {
    this.#schedule = timers;
    this.#run = run;
  }

  /** A look is over that took `tookMs`; the next is due after `intervalMs`. */
  succeeded(tookMs: number, intervalMs: number): void {
    this.#failures = 0;
    const cost = this.#cost.add(tookMs);
    // The first ones are of a program that is still warming up.
    const rest = this.#cost.isSettled ? cost * restPerCost : 0;
    this.#next(Math.min(intervalMs * longestIntervals, Math.max(intervalMs, rest)));
  }

  failed(): void {
    this.#next(Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures));
    this.#failures = Math.min(10, this.#failures + 1);
  }

  /** Something may have changed: look soon. */
  hint(): void {
    if (this.#waiting === 'hint' || this.#hints === 0) return;
    if (this.#waiting === 'idle') this.#hinted = true;
    else this.#follow();
  }

  stop(): void {
    this.#cancel();
  }

  #next(ms: number): void {
    if (this.#hinted) this.#follow();
    else this.#wait('interval', ms);
  }

  #follow(): void {
    this.#hinted = false;
    this.#hints -= 1;
    this.#wait('hint', afterHintMs);
  }

  #wait(what: 'interval' | 'hint', ms: number): void {
    this.#cancel();
    this.#waiting = what;
    this.#cancel = this.#schedule(() => {
      if (what === 'interval') this.#hints = Math.min(mostHints, this.#hints + hintsEarned);
      this.#waiting = 'idle';
      void this.#run();
    }, ms);
  }
}

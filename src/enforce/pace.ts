/** Calls `run` once, `ms` from now, unless the returned function is called before. */
export type Schedule = (run: () => void, ms: number) => () => void;

/** Real timers; they keep no process alive. */
export const schedule: Schedule = (run, ms) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** Reconciling may take a hundredth of the time, but is never put off for longer than some intervals. */
const restPerCost = 100;
const longestIntervals = 4;

/** When to reconcile next: at the interval, rarer where it is costly, and soon after a failure, doubling. */
export class Pace {
  readonly #intervalMs: number;
  readonly #schedule: Schedule;
  readonly #run: () => Promise<void>;
  #cancel: () => void = () => undefined;
  #failures = 0;

  constructor(intervalMs: number, timers: Schedule, run: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#schedule = timers;
    this.#run = run;
  }

  succeeded(tookMs: number): void {
    this.#failures = 0;
    this.#next(
      Math.min(this.#intervalMs * longestIntervals, Math.max(this.#intervalMs, tookMs * restPerCost)),
    );
  }

  failed(): void {
    this.#next(Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures));
    this.#failures = Math.min(10, this.#failures + 1);
  }

  stop(): void {
    this.#cancel();
  }

  #next(ms: number): void {
    this.#cancel();
    this.#cancel = this.#schedule(() => void this.#run(), ms);
  }
}

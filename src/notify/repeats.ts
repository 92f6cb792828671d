import type { Clock } from '../core/types.ts';
import { type Notice, stateOf, subjectOf } from './notice.ts';

/** Subjects that are remembered at least; of more than twice as many the oldest are forgotten, and may be told again. */
const mostRemembered = 10_000;

interface Told {
  readonly state: string;
  readonly at: number;
}

/** Tells what says within a time nothing but what was told of the same subject last. */
export class Repeats {
  /** Seconds. */
  within: number;
  readonly #clock: Clock;
  /** By subject: the latest, and those before. Forgetting one by one would be slower the more there are. */
  #latest = new Map<string, Told>();
  #before = new Map<string, Told>();

  constructor(within: number, clock: Clock) {
    this.within = within;
    this.#clock = clock;
  }

  /** Whether the same was told already; it counts as told from now on. */
  isRepeated(notice: Notice): boolean {
    const now = this.#clock.now();
    const subject = subjectOf(notice);
    const state = stateOf(notice);
    const told = this.#latest.get(subject) ?? this.#before.get(subject);
    // A clock that was set back must not silence anything.
    const isRecent = told !== undefined && now >= told.at && now - told.at < this.within;
    if (isRecent && told.state === state) return true;
    this.#latest.set(subject, { state, at: now });
    if (this.#latest.size >= mostRemembered) {
      this.#before = this.#latest;
      this.#latest = new Map();
    }
    return false;
  }
}

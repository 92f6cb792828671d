import { messageLine } from '../core/errors.ts';
import type { Report } from './notifier.ts';

/** For so long (ms) the same is not told again, but counted. */
const quietMs = 60_000;

interface Told {
  readonly atMs: number;
  more: number;
}

/** Tells what goes wrong with an action; what repeats itself once a minute, with how often it did. */
export class Complaints {
  readonly #jail: string;
  readonly #action: string;
  readonly #report: Report;
  readonly #nowMs: () => number;
  /** By what failed; there are as many as an action has commands. */
  readonly #told = new Map<string, Told>();

  constructor(jail: string, action: string, report: Report, nowMs: () => number = () => performance.now()) {
    this.#jail = jail;
    this.#action = action;
    this.#report = report;
    this.#nowMs = nowMs;
  }

  /** `subject` is what is the same where it repeats itself: a command's name, and nothing of a ban. */
  tell(subject: string, thrown: unknown): void {
    const nowMs = this.#nowMs();
    const told = this.#told.get(subject);
    if (told !== undefined && nowMs - told.atMs < quietMs) {
      told.more += 1;
      return;
    }
    this.#told.set(subject, { atMs: nowMs, more: 0 });
    const message = `${subject}: ${messageLine(thrown)}`;
    this.#report({ jail: this.#jail, action: this.#action, message, more: told?.more ?? 0 });
  }

  /** Tells the counts that nothing has told yet. */
  end(): void {
    for (const [subject, { more }] of this.#told) {
      if (more === 0) continue;
      const message = `${subject}: failed again`;
      this.#report({ jail: this.#jail, action: this.#action, message, more });
    }
    this.#told.clear();
  }
}

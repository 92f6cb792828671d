import type { Change } from './backend.ts';
import { Lane } from './lane.ts';

/**
 * The changes of one comparison on their way to the kernel while it goes on: a part at a time, so that single
 * bans go in between. After a part that was refused, all that waits goes in one.
 */
export class Repair {
  readonly #size: number;
  readonly #send: (part: readonly Change[]) => Promise<void>;
  readonly #lane = new Lane();
  readonly #waiting: Change[] = [];
  #added = 0;
  readonly #refusals: unknown[] = [];

  /** `size`: changes of a part. `send` is called for one part at a time. */
  constructor(size: number, send: (part: readonly Change[]) => Promise<void>) {
    this.#size = size;
    this.#send = send;
  }

  add(change: Change): void {
    this.#waiting.push(change);
    this.#added += 1;
    if (this.#added % this.#size === 0) void this.#lane.run(() => this.#sendNext());
  }

  /** Resolves when all of it was sent. Rejects with the first refusal, after all was tried. */
  async end(): Promise<void> {
    await this.#lane.idle();
    while (this.#waiting.length > 0) await this.#sendNext();
    if (this.#refusals.length > 0) throw this.#refusals[0];
  }

  async #sendNext(): Promise<void> {
    const part = this.#waiting.splice(0, this.#refusals.length === 0 ? this.#size : this.#waiting.length);
    try {
      if (part.length > 0) await this.#send(part);
    } catch (error) {
      this.#refusals.push(error);
    }
  }
}

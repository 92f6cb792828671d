import type { Change } from './backend.ts';

/** How many changes are sent together: so many are waited for, and no more than so many go. */
export interface PartSize {
  readonly least: number;
  readonly most: number;
}

/**
 * The changes of one comparison on their way to the kernel while it goes on: a part at a time, so that single
 * bans go in between. After a part that was refused, all that waits goes in one.
 */
export class Repair {
  readonly #size: PartSize;
  readonly #send: (part: readonly Change[]) => Promise<void>;
  #waiting: Change[] = [];
  #sending: Promise<void> | null = null;
  readonly #refusals: unknown[] = [];

  /** `send` is called for one part at a time. */
  constructor(size: PartSize, send: (part: readonly Change[]) => Promise<void>) {
    this.#size = size;
    this.#send = send;
  }

  add(change: Change): void {
    this.#waiting.push(change);
    if (this.#waiting.length >= this.#size.least) this.#sending ??= this.#sendParts();
  }

  /** Resolves when all of it was sent. Rejects with the first refusal, after all was tried. */
  async end(): Promise<void> {
    await this.#sending;
    while (this.#waiting.length > 0) await this.#sendNext();
    if (this.#refusals.length > 0) throw this.#refusals[0];
  }

  async #sendParts(): Promise<void> {
    while (this.#waiting.length >= this.#size.least) await this.#sendNext();
    this.#sending = null;
  }

  async #sendNext(): Promise<void> {
    const most = this.#refusals.length === 0 ? this.#size.most : this.#waiting.length;
    const part = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    try {
      await this.#send(part);
    } catch (error) {
      this.#refusals.push(error);
    }
  }
}

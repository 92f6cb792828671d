import type { Address, Clock } from '../core/types.ts';
import type { Change, Element } from './backend.ts';
import { kernelTimeout } from './element.ts';

/** A set as the kernel keeps it, in memory: elements end by themselves when their time is over. */
export class MemorySet {
  readonly #clock: Clock;
  readonly #until = new Map<Address, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  change(change: Change): void {
    if (change.kind === 'delete') this.#until.delete(change.address);
    else this.#until.set(change.address, this.#clock.now() + kernelTimeout(change.remaining));
  }

  elements(): Element[] {
    const now = this.#clock.now();
    const standing: Element[] = [];
    for (const [address, until] of this.#until) {
      if (until <= now) this.#until.delete(address);
      else standing.push({ address, remaining: Math.ceil(until - now) });
    }
    return standing;
  }

  clear(): void {
    this.#until.clear();
  }
}

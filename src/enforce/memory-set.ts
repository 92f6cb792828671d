import { splitTarget, type Target, targetOf } from '../core/policy.ts';
import type { Clock } from '../core/types.ts';
import type { Change, Element } from './backend.ts';
import { kernelTimeout } from './edge.ts';

/** A set as the kernel keeps it, in memory: elements end by themselves when their time is over. */
export class MemorySet {
  readonly #clock: Clock;
  readonly #until = new Map<Target, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  change(change: Change): void {
    const target = targetOf(change.address, change.policy);
    if (change.kind === 'delete') this.#until.delete(target);
    else this.#until.set(target, this.#clock.now() + kernelTimeout(change.remaining));
  }

  elements(): Element[] {
    const now = this.#clock.now();
    const standing: Element[] = [];
    for (const [target, until] of this.#until) {
      if (until <= now) this.#until.delete(target);
      else standing.push({ ...splitTarget(target), remaining: Math.ceil(until - now) });
    }
    return standing;
  }

  clear(): void {
    this.#until.clear();
  }
}

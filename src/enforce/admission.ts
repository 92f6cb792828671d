import type { Desired } from '../core/policy.ts';
import { splitTarget, type Target } from '../core/policy.ts';
import type { Address } from '../core/types.ts';

/** The allow check at the privileged edge: what must never be banned is refused, and that is said once. */
export class Admission {
  readonly #reason: (target: Target) => string | null;
  readonly #refusing: (address: Address, reason: string) => void;
  readonly #refused = new Set<Target>();

  constructor(
    reason: (target: Target) => string | null,
    refusing: (address: Address, reason: string) => void,
  ) {
    this.#reason = reason;
    this.#refusing = refusing;
  }

  admits(target: Target): boolean {
    const reason = this.#reason(target);
    if (reason === null) {
      this.#refused.delete(target);
      return true;
    }
    // Said once: the ledger goes on to desire it.
    if (!this.#refused.has(target)) this.#refusing(splitTarget(target).address, reason);
    this.#refused.add(target);
    return false;
  }

  /** Whether it was not refused when it was last asked. */
  knows(target: Target): boolean {
    return !this.#refused.has(target);
  }

  /** How many of this may be banned, as far as it was asked before; costs next to nothing. */
  expected(desired: Desired): number {
    for (const target of this.#refused) if (!desired.has(target)) this.#refused.delete(target);
    return desired.size - this.#refused.size;
  }
}

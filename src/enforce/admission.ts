import type { Address } from '../core/types.ts';
import type { Change } from './backend.ts';
import type { Desired } from './difference.ts';

/** The allow check at the privileged edge: what must never be banned is refused, and that is said once. */
export class Admission {
  readonly #reason: (address: Address) => string | null;
  readonly #refusing: (address: Address, reason: string) => void;
  readonly #refused = new Set<Address>();

  constructor(
    reason: (address: Address) => string | null,
    refusing: (address: Address, reason: string) => void,
  ) {
    this.#reason = reason;
    this.#refusing = refusing;
  }

  admits(change: Change): boolean {
    if (change.kind === 'delete') return true;
    const reason = this.#reason(change.address);
    if (reason === null) {
      this.#refused.delete(change.address);
      return true;
    }
    // Said once: the ledger goes on to desire it.
    if (!this.#refused.has(change.address)) this.#refusing(change.address, reason);
    this.#refused.add(change.address);
    return false;
  }

  /** What of this may be banned; looks at every address. */
  admitted(desired: Desired): Desired {
    return new Map(
      [...desired].filter(([address]) => this.admits({ kind: 'add', address, remaining: null })),
    );
  }

  /** How many of this may be banned, as far as it was asked before; costs next to nothing. */
  expected(desired: Desired): number {
    for (const address of this.#refused) if (!desired.has(address)) this.#refused.delete(address);
    return desired.size - this.#refused.size;
  }
}

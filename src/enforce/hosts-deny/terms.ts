import type { Policy } from '../../core/policy.ts';
import type { Address } from '../../core/types.ts';
import type { Change, Element } from '../backend.ts';

/**
 * What the file does not say: until when each address is banned (seconds since the epoch; null: for ever),
 * by policy. Ports and kinds of action are all the same to TCP wrappers; only `log` denies nothing.
 */
export class Terms {
  readonly #terms = new Map<Address, Map<Policy, number | null>>();
  /** No term ends before this. */
  #nextEnd = Number.POSITIVE_INFINITY;

  /** `address` is the canonical one of the change. */
  change(address: Address, change: Change, now: number): void {
    const terms = this.#terms.get(address) ?? new Map<Policy, number | null>();
    if (change.kind === 'delete') terms.delete(change.policy);
    else {
      const until = change.remaining === null ? null : now + change.remaining;
      terms.set(change.policy, until);
      this.#nextEnd = Math.min(this.#nextEnd, until ?? Number.POSITIVE_INFINITY);
    }
    if (terms.size === 0) this.#terms.delete(address);
    else this.#terms.set(address, terms);
  }

  /** Forgets the terms that are over. @returns the addresses that no other term shuts out */
  end(now: number): Address[] {
    if (now < this.#nextEnd) return [];
    this.#nextEnd = Number.POSITIVE_INFINITY;
    const ended: Address[] = [];
    for (const [address, terms] of this.#terms) {
      const before = terms.size;
      for (const [policy, until] of terms) {
        if (isOver(until, now)) terms.delete(policy);
        else this.#nextEnd = Math.min(this.#nextEnd, until ?? Number.POSITIVE_INFINITY);
      }
      if (terms.size < before && !this.denies(address)) ended.push(address);
      if (terms.size === 0) this.#terms.delete(address);
    }
    return ended;
  }

  denies(address: Address): boolean {
    const terms = this.#terms.get(address);
    return terms !== undefined && [...terms.keys()].some((policy) => !isTrial(policy));
  }

  /** The elements of one address that shut it out. */
  *denials(address: Address, now: number): Generator<Element, void> {
    for (const [policy, until] of this.#terms.get(address) ?? []) {
      if (!isTrial(policy) && !isOver(until, now)) yield elementOf(address, policy, until, now);
    }
  }

  /** The elements of all addresses that are only logged. */
  *trials(now: number): Generator<Element, void> {
    for (const [address, terms] of this.#terms) {
      for (const [policy, until] of terms) {
        if (isTrial(policy) && !isOver(until, now)) yield elementOf(address, policy, until, now);
      }
    }
  }

  clear(): void {
    this.#terms.clear();
  }
}

function elementOf(address: Address, policy: Policy, until: number | null, now: number): Element {
  return { address, policy, remaining: until === null ? null : Math.ceil(until - now) };
}

function isOver(until: number | null, now: number): boolean {
  return until !== null && until <= now;
}

function isTrial(policy: Policy): boolean {
  return policy === 'log' || policy.startsWith('log ');
}

import { MinHeap } from '../core/heap.ts';
import { type Policy, type Target, targetOf } from '../core/policy.ts';
import type { Address, Ban } from '../core/types.ts';

const keyOf = (jail: string, address: Address): string => `${jail}\n${address}`;

/**
 * The active bans in memory: by jail and address, and merged over jails as the kernel sees them.
 * Changes here are not stored: the ledger does that.
 */
export class ActiveBans {
  readonly #byKey = new Map<string, Ban>();
  readonly #jailsOf = new Map<Address, Set<string>>();
  readonly #until = new Map<Target, number | null>();
  /** How many bans are enforced by each policy. */
  readonly #policies = new Map<Policy, number>();
  readonly #forced = new Set<Target>();
  /** May hold bans that ended or were prolonged since: they are passed over when their time comes. */
  readonly #expiries = new MinHeap<Ban>((ban) => ban.until ?? Number.POSITIVE_INFINITY);

  /** Target to the end of its longest ban; null: for ever. What the kernel should hold. */
  get merged(): ReadonlyMap<Target, number | null> {
    return this.#until;
  }

  /** The policies of all bans. */
  policies(): IterableIterator<Policy> {
    return this.#policies.keys();
  }

  /** Whether a ban of this target was forced by hand. */
  isForced(target: Target): boolean {
    return this.#forced.has(target);
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(jail: string, address: Address): Ban | undefined {
    return this.#byKey.get(keyOf(jail, address));
  }

  ofAddress(address: Address): Ban[] {
    return [...(this.#jailsOf.get(address) ?? [])].flatMap((jail) => this.get(jail, address) ?? []);
  }

  all(): IterableIterator<Ban> {
    return this.#byKey.values();
  }

  /** Adds a ban or replaces the one of the same jail and address. */
  set(ban: Ban): void {
    const replaced = this.get(ban.jail, ban.address);
    if (replaced !== undefined) this.#countPolicy(replaced.policy, -1);
    this.#countPolicy(ban.policy, 1);
    this.#byKey.set(keyOf(ban.jail, ban.address), ban);
    const jails = this.#jailsOf.get(ban.address) ?? new Set();
    this.#jailsOf.set(ban.address, jails.add(ban.jail));
    this.#expiries.push(ban);
    if (replaced !== undefined && replaced.policy !== ban.policy) this.#merge(ban.address, replaced.policy);
    this.#merge(ban.address, ban.policy);
  }

  delete(ban: Ban): void {
    const standing = this.get(ban.jail, ban.address);
    if (standing === undefined) return;
    this.#byKey.delete(keyOf(ban.jail, ban.address));
    this.#countPolicy(standing.policy, -1);
    const jails = this.#jailsOf.get(ban.address);
    jails?.delete(ban.jail);
    if (jails?.size === 0) this.#jailsOf.delete(ban.address);
    this.#merge(ban.address, standing.policy);
  }

  /** When the next ban ends, or null. */
  nextExpiry(): number | null {
    this.#dropOutdated();
    return this.#expiries.peek()?.until ?? null;
  }

  /** The bans whose time is over. They stay until `delete`. */
  expired(now: number): Ban[] {
    const over: Ban[] = [];
    for (;;) {
      this.#dropOutdated();
      const next = this.#expiries.peek();
      if (next === undefined || next.until === null || next.until > now) return over;
      this.#expiries.pop();
      over.push(next);
    }
  }

  #dropOutdated(): void {
    for (let next = this.#expiries.peek(); next !== undefined; next = this.#expiries.peek()) {
      if (this.get(next.jail, next.address) === next) return;
      this.#expiries.pop();
    }
  }

  #countPolicy(policy: Policy, by: 1 | -1): void {
    const count = (this.#policies.get(policy) ?? 0) + by;
    if (count === 0) this.#policies.delete(policy);
    else this.#policies.set(policy, count);
  }

  #merge(address: Address, policy: Policy): void {
    const target = targetOf(address, policy);
    const bans = this.ofAddress(address).filter((ban) => ban.policy === policy);
    if (bans.some(({ forced }) => forced)) this.#forced.add(target);
    else this.#forced.delete(target);
    if (bans.length === 0) this.#until.delete(target);
    else if (bans.some(({ until }) => until === null)) this.#until.set(target, null);
    else this.#until.set(target, Math.max(...bans.map(({ until }) => Number(until))));
  }
}

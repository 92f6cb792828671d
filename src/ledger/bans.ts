import { MinHeap } from '../core/heap.ts';
import { type Policy, type Target, targetOf, unenforced } from '../core/policy.ts';
import type { Address, Ban } from '../core/types.ts';

/**
 * The active bans in memory: by address, and merged over jails as the kernel sees them. Changes here are not
 * stored: the ledger does that. A hundred thousand are read at a start, so an address has one entry, and that
 * is its ban itself where only one jail bans it.
 */
export class ActiveBans {
  readonly #byAddress = new Map<Address, Ban | readonly Ban[]>();
  readonly #until = new Map<Target, number | null>();
  /** How many bans are enforced by each policy, and how many each jail has. */
  readonly #policies = new Map<Policy, number>();
  readonly #jails = new Map<string, number>();
  /** Of those, the ones without an end. */
  readonly #permanent = new Map<string, number>();
  readonly #forced = new Set<Target>();
  /** May hold bans that ended or were prolonged since: they are passed over when their time comes. */
  readonly #expiries = new MinHeap<Ban>((ban) => ban.until ?? Number.POSITIVE_INFINITY);
  #size = 0;

  /** Target to the end of its longest ban; null: for ever. What the kernel should hold. */
  get merged(): ReadonlyMap<Target, number | null> {
    return this.#until;
  }

  /** The policies of all bans. */
  policies(): IterableIterator<Policy> {
    return this.#policies.keys();
  }

  /** Policies of bans that are still to be read: their sets have to be there by then. */
  expect(policies: Iterable<Policy>): void {
    for (const policy of policies) count(this.#policies, policy, 0);
  }

  /** How many bans each jail has; asked often, beside many. */
  get byJail(): ReadonlyMap<string, number> {
    return this.#jails;
  }

  /** How many of them have no end. */
  get permanentByJail(): ReadonlyMap<string, number> {
    return this.#permanent;
  }

  /** Whether a ban of this target was forced by hand. */
  isForced(target: Target): boolean {
    return this.#forced.has(target);
  }

  get size(): number {
    return this.#size;
  }

  get(jail: string, address: Address): Ban | undefined {
    const bans = this.#byAddress.get(address);
    if (bans === undefined || !isList(bans)) return bans?.jail === jail ? bans : undefined;
    return bans.find((ban) => ban.jail === jail);
  }

  ofAddress(address: Address): readonly Ban[] {
    const bans = this.#byAddress.get(address);
    return bans === undefined ? [] : isList(bans) ? bans : [bans];
  }

  *all(): Generator<Ban, void> {
    for (const bans of this.#byAddress.values()) {
      if (isList(bans)) yield* bans;
      else yield bans;
    }
  }

  /** Adds a ban or replaces the one of the same jail and address. */
  set(ban: Ban): void {
    if (!this.#byAddress.has(ban.address)) {
      this.#add(ban);
      return;
    }
    const replaced = this.get(ban.jail, ban.address);
    this.#store(ban.address, [...this.ofAddress(ban.address).filter((other) => other !== replaced), ban]);
    if (replaced === undefined) this.#size += 1;
    count(this.#policies, ban.policy, 1);
    if (replaced === undefined) count(this.#jails, ban.jail, 1);
    else count(this.#policies, replaced.policy, -1);
    if (replaced?.until === null) count(this.#permanent, ban.jail, -1);
    if (ban.until === null) count(this.#permanent, ban.jail, 1);
    this.#expiries.push(ban);
    if (replaced !== undefined && replaced.policy !== ban.policy) this.#merge(ban.address, replaced.policy);
    this.#merge(ban.address, ban.policy);
  }

  /** Of an address that no jail bans: the usual case, and a start has a hundred thousand of them. */
  #add(ban: Ban): void {
    const { address, policy, until, forced } = ban;
    this.#byAddress.set(address, ban);
    this.#size += 1;
    count(this.#policies, policy, 1);
    count(this.#jails, ban.jail, 1);
    if (until === null) count(this.#permanent, ban.jail, 1);
    this.#expiries.push(ban);
    if (policy === unenforced) return;
    const target = targetOf(address, policy);
    this.#until.set(target, until);
    if (forced) this.#forced.add(target);
  }

  delete(ban: Ban): void {
    const standing = this.get(ban.jail, ban.address);
    if (standing === undefined) return;
    this.#store(
      ban.address,
      this.ofAddress(ban.address).filter((other) => other !== standing),
    );
    this.#size -= 1;
    count(this.#policies, standing.policy, -1);
    count(this.#jails, standing.jail, -1);
    if (standing.until === null) count(this.#permanent, standing.jail, -1);
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

  #store(address: Address, bans: readonly Ban[]): void {
    const [first] = bans;
    if (first === undefined) this.#byAddress.delete(address);
    else this.#byAddress.set(address, bans.length === 1 ? first : bans);
  }

  #merge(address: Address, policy: Policy): void {
    if (policy === unenforced) return;
    const target = targetOf(address, policy);
    let until: number | null | undefined;
    let forced = false;
    for (const ban of this.ofAddress(address)) {
      if (ban.policy !== policy) continue;
      forced ||= ban.forced;
      if (until === null || ban.until === null) until = null;
      else until = Math.max(until ?? 0, ban.until);
    }
    if (forced) this.#forced.add(target);
    else this.#forced.delete(target);
    if (until === undefined) this.#until.delete(target);
    else this.#until.set(target, until);
  }
}

function isList(bans: Ban | readonly Ban[]): bans is readonly Ban[] {
  return Array.isArray(bans);
}

/** One that was expected stays, at nought, until its last ban ends. */
function count(counts: Map<string, number>, key: string, by: 1 | 0 | -1): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum === 0 && by < 0) counts.delete(key);
  else counts.set(key, sum);
}

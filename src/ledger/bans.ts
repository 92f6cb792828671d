import { MinHeap } from '../core/heap.ts';
import type { Address, Ban } from '../core/types.ts';

const keyOf = (jail: string, address: Address): string => `${jail}\n${address}`;

/**
 * The active bans in memory: by jail and address, and merged over jails as the kernel sees them.
 * Changes here are not stored: the ledger does that.
 */
export class ActiveBans {
  readonly #byKey = new Map<string, Ban>();
  readonly #jailsOf = new Map<Address, Set<string>>();
  readonly #until = new Map<Address, number | null>();
  /** May hold bans that ended or were prolonged since: they are passed over when their time comes. */
  readonly #expiries = new MinHeap<Ban>((ban) => ban.until ?? Number.POSITIVE_INFINITY);

  /** Address to the end of its longest ban; null: for ever. What the kernel should hold. */
  get merged(): ReadonlyMap<Address, number | null> {
    return this.#until;
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
    this.#byKey.set(keyOf(ban.jail, ban.address), ban);
    const jails = this.#jailsOf.get(ban.address) ?? new Set();
    this.#jailsOf.set(ban.address, jails.add(ban.jail));
    this.#expiries.push(ban);
    this.#merge(ban.address);
  }

  delete(ban: Ban): void {
    if (!this.#byKey.delete(keyOf(ban.jail, ban.address))) return;
    const jails = this.#jailsOf.get(ban.address);
    jails?.delete(ban.jail);
    if (jails?.size === 0) this.#jailsOf.delete(ban.address);
    this.#merge(ban.address);
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

  #merge(address: Address): void {
    const ends = this.ofAddress(address).map((ban) => ban.until);
    if (ends.length === 0) this.#until.delete(address);
    else this.#until.set(address, ends.includes(null) ? null : Math.max(...ends.map(Number)));
  }
}

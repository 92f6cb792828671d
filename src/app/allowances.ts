import { covers } from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import type { Address, AllowedAddress, Clock } from '../core/types.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Of the allow list's entries: those that a person has made while Bailiff runs. */
const section = 'hand';

/** Whom a person has put on the allow list: kept in the ledger, and in the allow check until their time is over. */
export class Allowances {
  readonly #ledger: Ledger;
  readonly #allowlist: Allowlist;
  readonly #clock: Clock;

  constructor(ledger: Ledger, allowlist: Allowlist, clock: Clock) {
    this.#ledger = ledger;
    this.#allowlist = allowlist;
    this.#clock = clock;
    this.expire();
    this.#tellAllowlist();
  }

  all(): readonly AllowedAddress[] {
    this.expire();
    return this.#ledger.allowed;
  }

  /** From now on, for so many seconds (null: for ever), whatever was said of the address before. */
  add(address: Address, seconds: number | null): AllowedAddress {
    const since = this.#clock.now();
    const entry = { address, since, until: seconds === null ? null : since + seconds };
    this.#ledger.allow(entry);
    this.#tellAllowlist();
    return entry;
  }

  /** @returns the entries that are gone: that of the address, or those inside the range */
  remove(address: Address): readonly AllowedAddress[] {
    const removed = this.all().filter((entry) => covers(address, entry.address));
    for (const entry of removed) this.#ledger.disallow(entry.address);
    this.#tellAllowlist();
    return removed;
  }

  /** Takes those off the list whose time is over. Called often: mostly there is nothing to do. */
  expire(): void {
    const now = this.#clock.now();
    const over = this.#ledger.allowed.filter(({ until }) => until !== null && until <= now);
    if (over.length === 0) return;
    for (const { address } of over) this.#ledger.disallow(address);
    this.#tellAllowlist();
  }

  #tellAllowlist(): void {
    const entries = this.#ledger.allowed.map(({ address }) => ({
      range: address,
      reason: 'allowed by hand',
    }));
    this.#allowlist.replace(section, entries);
  }
}

import type { BusyRange } from '../control/protocol.ts';
import { rangeAround } from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { keepsOut } from '../core/policy.ts';
import type { Address } from '../core/types.ts';
import type { ActiveBans } from '../ledger/bans.ts';
import type { Jails } from './jails.ts';

/** So many banned addresses of one /24 or /48 are no chance; so many ranges are named. */
const many = 10;
const mostNamed = 5;
const usualPrefixes = { 4: 24, 6: 48 } as const;

/** Bans that are looked at, the oldest first, and how often at most (ms), or after so many times what looking took. */
const mostLooked = 100_000;
const lookEveryMs = 1_000;
const lookCosts = 100;

export interface BusyRangesParts {
  readonly active: ActiveBans;
  readonly allowlist: Allowlist;
  readonly jails: Pick<Jails, 'all' | 'unaskable'>;
  /** A clock in ms that is never stepped. */
  readonly monotonic: () => number;
}

/** What a jail with `ranges` would ban, for an owner who has none. */
export class BusyRanges {
  readonly #parts: BusyRangesParts;
  #found: readonly BusyRange[] = [];
  #next = Number.NEGATIVE_INFINITY;

  constructor(parts: BusyRangesParts) {
    this.#parts = parts;
  }

  /** As of some seconds ago at most; none where there is such a jail. */
  all(): readonly BusyRange[] {
    const { jails, monotonic } = this.#parts;
    if ([...jails.all()].some(({ configuration }) => configuration.ranges !== null)) return [];
    const started = monotonic();
    if (started < this.#next) return this.#found;
    this.#found = this.#look();
    this.#next = started + Math.max(lookEveryMs, lookCosts * (monotonic() - started));
    return this.#found;
  }

  #look(): BusyRange[] {
    const { active, allowlist, jails } = this.#parts;
    const spared = [...jails.all()].flatMap(({ jail }) => jail.own);
    return [...this.#counts()]
      .filter(([range, addresses]) => addresses >= many && active.ofAddress(range).length === 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostNamed)
      .map(([range, addresses]) => ({
        range,
        addresses,
        protected: allowlist.reason(range, spared) ?? jails.unaskable,
      }));
  }

  #counts(): Map<Address, number> {
    const counts = new Map<string, number>();
    let looked = 0;
    let last: Address | null = null;
    for (const { address, hits, policy } of this.#parts.active.all()) {
      if (++looked > mostLooked) break;
      // Of several jails they come one after another.
      if (address === last || hits === 0 || !keepsOut(policy)) continue;
      last = address;
      const range = usualRange(address);
      if (range !== null) counts.set(range, (counts.get(range) ?? 0) + 1);
    }
    return counts;
  }
}

/** A hundred thousand are asked for at a time: of an IPv4 address it is the text before its last dot. */
function usualRange(address: Address): Address | null {
  if (address.includes(':') || address.includes('/')) return rangeAround(address, usualPrefixes);
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
}

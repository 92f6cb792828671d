import type { BusyRange } from '../control/protocol.ts';
import { type AddressKey, familyOfKey, formatKey } from '../core/address-key.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { keepsOut, type Policy } from '../core/policy.ts';
import type { Address } from '../core/types.ts';
import type { ActiveBans } from '../ledger/bans.ts';
import type { Jails } from './jails.ts';

/** So many banned addresses of one /24 or /48 are no chance; so many ranges are named. */
const many = 10;
const mostNamed = 5;
const usualPrefixes = { 4: 24, 6: 48 } as const;

/** Bans that are looked at, and how often at most (ms), or after so many times what looking took. */
const mostLooked = 100_000;
const lookEveryMs = 1_000;
/** While the bans of an earlier run are read, and brought to the kernel, nothing else should hold that up. */
const firstLookMs = 10_000;
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
  #next: number;

  constructor(parts: BusyRangesParts) {
    this.#parts = parts;
    this.#next = parts.monotonic() + firstLookMs;
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
    // Each list as it is: the allow check knows it again.
    const lists = [[], ...[...jails.all()].map(({ jail }) => jail.own)];
    const sparing = (range: Address): string | null =>
      lists.map((own) => allowlist.reason(range, own)).find((reason) => reason !== null) ?? null;
    return [...this.#counts()]
      .filter(([, addresses]) => addresses >= many)
      .map(([network, addresses]) => [rangeOf(network), addresses] as const)
      .filter(([range]) => active.ofAddress(range).length === 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostNamed)
      .map(([range, addresses]) => ({
        range,
        addresses,
        protected: sparing(range) ?? jails.unaskable,
      }));
  }

  #counts(): Map<number, number> {
    const counts = new Map<number, number>();
    let looked = 0;
    const led = (hits: number, policy: Policy): boolean => hits > 0 && keepsOut(policy);
    for (const key of this.#parts.active.keys(led)) {
      if (++looked > mostLooked) break;
      const network = networkOf(key);
      if (network !== null) counts.set(network, (counts.get(network) ?? 0) + 1);
    }
    return counts;
  }
}

/** Above any network of IPv6, which has 48 bits. */
const above6 = 2 ** 48;

/** The usual range around a narrower one, as a number: a hundred thousand are asked for at a time. */
function networkOf(key: Readonly<AddressKey>): number | null {
  const { word0, word1, word3, bits } = key;
  if (familyOfKey(key) === 4) return bits > 96 + usualPrefixes[4] ? above6 + (word3 >>> 8) : null;
  return bits > usualPrefixes[6] ? (word0 >>> 0) * 2 ** 16 + (word1 >>> 16) : null;
}

function rangeOf(network: number): Address {
  if (network >= above6) {
    const word3 = ((network - above6) << 8) | 0;
    return formatKey({ word0: 0, word1: 0, word2: 0xffff, word3, bits: 96 + usualPrefixes[4] });
  }
  const word0 = Math.trunc(network / 2 ** 16) | 0;
  return formatKey({ word0, word1: (network % 2 ** 16) << 16, word2: 0, word3: 0, bits: usualPrefixes[6] });
}

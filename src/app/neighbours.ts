import { rangeAround } from '../core/address.ts';
import { meansBansOf } from '../core/label-jail.ts';
import { keepsOut } from '../core/policy.ts';
import type { Address, Ban } from '../core/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { JailEntry, Jails } from './jails.ts';

/** For which address, or range, a jail that counts bans counts those of others. */
export class Neighbours {
  readonly #ledger: Pick<Ledger, 'active' | 'bansOf'>;

  readonly #jails: Pick<Jails, 'unaskable'>;

  constructor(ledger: Pick<Ledger, 'active' | 'bansOf'>, jails: Pick<Jails, 'unaskable'>) {
    this.#ledger = ledger;
    this.#jails = jails;
  }

  /** Why a jail can ban none of its ranges, or null: it bans single addresses, or only tries. */
  unaskable({ configuration, policy }: JailEntry): string | null {
    return configuration.ranges === null || !keepsOut(policy) ? null : this.#jails.unaskable;
  }

  /**
   * What a ban counts for; null: for nothing. For a range each address counts once within findtime, whoever bans it how
   * often, and no ban of a trial counts that could shut the range out.
   */
  countedFor(entry: JailEntry, ban: Ban): Address | null {
    const { ranges } = entry.configuration;
    if (ranges === null) return ban.address;
    if (!counts(entry, ban) || this.#countedBefore(entry, ban)) return null;
    return rangeAround(ban.address, ranges);
  }

  #countedBefore(entry: JailEntry, { address, jail, since }: Ban): boolean {
    const from = since - entry.jail.limits.findtime;
    const all = [...this.#ledger.active.ofAddress(address), ...this.#ledger.bansOf(address)];
    return all.some(
      (other) =>
        other.since >= from && !(other.jail === jail && other.since === since) && counts(entry, other),
    );
  }
}

/** Bans by hand do not: nobody attacked. */
function counts({ configuration, policy }: JailEntry, ban: Ban): boolean {
  if (ban.hits === 0 || (keepsOut(policy) && !keepsOut(ban.policy))) return false;
  return meansBansOf(configuration.bans, ban.jail);
}

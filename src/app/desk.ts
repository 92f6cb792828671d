import type {
  BanAnswer,
  BanCommand,
  Control,
  Status,
  UnbanAnswer,
  UnbanCommand,
} from '../control/protocol.ts';
import { canonicalAddress, countedAddress, requireAddress } from '../core/address.ts';
import { formatDuration, parseBanTime } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import type { Address, Ban, UnbanReason } from '../core/types.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Jails } from './jails.ts';
import type { Log } from './log.ts';

/** The jail of bans made by hand without naming one. */
export const manualJail = 'manual';

export interface DeskParts {
  readonly ledger: Ledger;
  readonly jails: Jails;
  readonly enforcer: Enforcer;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Seconds; null: for ever. For bans by hand that name no time. */
  readonly defaultBantime: number | null;
  readonly commit: () => void;
  readonly status: () => Status;
}

/** Where bans are made and ended by hand, and ended when their time is over. */
export class Desk implements Control {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  status(): Status {
    return this.#parts.status();
  }

  bans(): readonly Ban[] {
    return [...this.#parts.ledger.active.all()].sort((a, b) => a.since - b.since);
  }

  /** Bans exactly what was named, an address or a range. @throws BailiffError address-protected and others */
  async ban(command: BanCommand): Promise<BanAnswer> {
    const { ledger, jails, enforcer, metrics, log, defaultBantime, commit } = this.#parts;
    const address = requireAddress(command.address);
    const jail = command.jail ?? manualJail;
    const entry = jails.get(jail);
    if (entry === undefined && jail !== manualJail) throw unknownJail(jail, jails);
    const bantime =
      command.for === undefined ? (entry?.jail.limits.bantime ?? null) : parseBanTime(command.for);
    const time = command.for === undefined && entry === undefined ? defaultBantime : bantime;
    const outcome = ledger.ban({ address, jail, bantime: time, hits: 0, allow: entry?.jail.allow ?? [] });
    if (outcome.outcome === 'protected') {
      throw new BailiffError('address-protected', `${address} is never banned: ${outcome.reason}`);
    }
    commit();
    if (outcome.outcome === 'banned') {
      metrics.bans.inc({ jail });
      if (entry !== undefined) entry.bans++;
      log.warn({ jail, address, hits: 0, duration: formatDuration(time), by: 'hand' }, 'ban');
    }
    await enforcer.changed(address);
    return { outcome: outcome.outcome, ban: outcome.ban, enforced: enforcer.status().state === 'enforcing' };
  }

  /** Ends the bans of an address, in one jail or all. An IPv6 address also means the /64 it was banned as. */
  async unban(command: UnbanCommand): Promise<UnbanAnswer> {
    const { ledger, jails } = this.#parts;
    if ('all' in command) return { unbanned: await this.end([...ledger.active.all()], 'manual') };
    const address = requireAddress(command.address);
    const { jail } = command;
    if (jail !== undefined && jail !== manualJail && jails.get(jail) === undefined)
      throw unknownJail(jail, jails);
    const candidates = [...new Set([address, canonicalAddress(countedAddress(address)) ?? address])];
    const bans = candidates.flatMap((one: Address) => ledger.active.ofAddress(one));
    return {
      unbanned: await this.end(
        bans.filter((ban) => jail === undefined || ban.jail === jail),
        'manual',
      ),
    };
  }

  /** Ends bans for a reason: stored first, then out of the kernel. */
  async end(bans: readonly Ban[], reason: UnbanReason): Promise<readonly Ban[]> {
    const { ledger, enforcer, metrics, log, commit } = this.#parts;
    for (const ban of bans) {
      ledger.unban(ban, reason);
      metrics.unbans.inc({ jail: ban.jail, reason });
      log.info({ jail: ban.jail, address: ban.address, reason }, 'unban');
    }
    commit();
    await Promise.all(bans.map((ban) => enforcer.changed(ban.address)));
    return bans;
  }
}

function unknownJail(name: string, jails: Jails): BailiffError {
  const names = [...jails.all()].map((entry) => entry.configuration.name);
  return new BailiffError('jail-not-found', `there is no jail "${name.slice(0, 64)}"`, {
    remedy: `The jails are: ${[...names, manualJail].join(', ')}.`,
  });
}

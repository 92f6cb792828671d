import { jailName } from '../config/schema.ts';
import type { ImportAnswer, ImportedBan } from '../control/protocol.ts';
import { countedAddress, requireAddress } from '../core/address.ts';
import type { AllowEntry, Allowlist } from '../core/allowlist.ts';
import { plainPolicy, targetOf } from '../core/policy.ts';
import type { Address, Ban, Clock } from '../core/types.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { BanOutcome, Ledger } from '../ledger/ledger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Jails } from './jails.ts';
import type { Log } from './log.ts';

/** The jail of bans whose own jail has a name that none can have here. */
export const importedJail = 'imported';
/** So many jails that do not exist keep their names: each is a label in the metrics. */
const mostUnknownJails = 100;

export interface BanImportParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly jails: Jails;
  readonly enforcer: Enforcer;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly allowlist: Allowlist;
  /** Seconds; null: for ever. For bans that say no time, of jails that say none either. */
  readonly defaultBantime: number | null;
  /** Stores what the ledger holds, and says whether it could. */
  readonly commit: () => boolean;
  /** Bans were made. */
  readonly banned: (bans: readonly Ban[]) => void;
  /** Those of them that are not new, but go on here: nobody is told of them as of news. Called before `banned`. */
  readonly restored: (bans: readonly Ban[]) => void;
}

/** Bans of another program, each held against what must not be banned, as any other ban. */
export class BanImport {
  readonly #parts: BanImportParts;
  /** Those that stand by this import, and those that had stood and last longer. */
  readonly #made: Ban[] = [];
  readonly #prolonged: Ban[] = [];
  readonly #protected: ImportAnswer['protected'][number][] = [];
  readonly #unknownJails: Record<string, number> = {};
  #already = 0;
  #ended = 0;

  constructor(parts: BanImportParts) {
    this.#parts = parts;
  }

  /** Stored first, then enforced. @throws BailiffError address-invalid */
  async take(bans: readonly ImportedBan[]): Promise<ImportAnswer> {
    const read = bans.map((ban) => ({ ...ban, address: requireAddress(ban.address) }));
    for (const ban of read) this.#take(ban);
    const stored = this.#parts.commit();
    this.#parts.restored(this.#made);
    const changed = [...this.#made, ...this.#prolonged];
    this.#parts.banned(changed);
    const { enforcer, log } = this.#parts;
    // The enforcer has said what failed, repairs it by itself, and tells the state.
    await Promise.allSettled(
      changed.map(({ address, policy }) => enforcer.changed(targetOf(address, policy))),
    );
    const answer = { imported: this.#made.length, already: this.#already, ended: this.#ended };
    log.warn({ ...answer, protected: this.#protected.length }, 'bans imported');
    return {
      ...answer,
      protected: this.#protected,
      unknownJails: this.#unknownJails,
      state: enforcer.status().state,
      stored,
    };
  }

  #take(ban: ImportedBan): void {
    const bantime = this.#remaining(ban);
    if (bantime !== null && bantime <= 0) {
      this.#ended++;
      this.#remember(ban);
      return;
    }
    const outcome = this.#ban(ban, bantime);
    if (outcome.outcome === 'protected') {
      this.#protected.push({ address: ban.address, jail: ban.jail, reason: outcome.reason });
      return;
    }
    if (outcome.outcome === 'banned') {
      this.#made.push(outcome.ban);
      this.#count(outcome.ban.jail);
    } else this.#already++;
    if (outcome.outcome === 'prolonged') this.#prolonged.push(outcome.ban);
  }

  /** Where bans grow, that of somebody who comes back grows by those that are over, too. */
  #remember(ban: ImportedBan): void {
    if (this.#parts.jails.get(ban.jail)?.jail.limits.increment.enabled !== true) return;
    const outcome = this.#ban(ban, 0);
    if (outcome.outcome === 'banned') this.#parts.ledger.unban(outcome.ban, 'expired');
  }

  /** Seconds that are left of a ban, of a jail that does not say its end as long as the jail bans now; null: for ever. */
  #remaining({ jail, since, until }: ImportedBan): number | null {
    const { jails, defaultBantime, clock } = this.#parts;
    if (until === null) return null;
    const entry = jails.get(jail);
    const bantime = entry === undefined ? defaultBantime : entry.jail.limits.bantime;
    const end = until ?? (bantime === null ? null : since + bantime);
    return end === null ? null : end - clock.now();
  }

  #ban({ address: named, jail: name, failures, bancount }: ImportedBan, bantime: number | null): BanOutcome {
    const { ledger, jails } = this.#parts;
    const entry = jails.get(name);
    const allow = entry?.jail.allow ?? [];
    const jail = entry === undefined ? this.#nameOf(name) : name;
    const policy = entry?.policy ?? plainPolicy;
    const address = this.#addressOf(named, allow);
    return ledger.ban({
      address,
      jail,
      bantime,
      hits: failures,
      before: Math.max(0, bancount - 1),
      policy,
      allow,
    });
  }

  /** As a jail bans: the /64 of an IPv6 address whole, unless it is also the owner's. */
  #addressOf(address: Address, allow: readonly AllowEntry[]): Address {
    const wide = countedAddress(address);
    return this.#parts.allowlist.reason(wide, allow) === null ? wide : address;
  }

  /** Nobody walks free because a jail does not exist here: its bans stand under its name, for all ports. */
  #nameOf(jail: string): string {
    if (!jailName.test(jail)) return importedJail;
    const { byJail } = this.#parts.ledger.active;
    return byJail.has(jail) || byJail.size < mostUnknownJails ? jail : importedJail;
  }

  #count(jail: string): void {
    this.#parts.metrics.bans.inc({ jail });
    const entry = this.#parts.jails.get(jail);
    if (entry !== undefined) entry.bans++;
    else this.#unknownJails[jail] = (this.#unknownJails[jail] ?? 0) + 1;
  }
}

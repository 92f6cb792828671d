import type {
  AllowAnswer,
  AllowCommand,
  BanAnswer,
  BanCommand,
  Control,
  DaemonEvent,
  DisallowAnswer,
  HistoryAnswer,
  HistoryQuery,
  ImportAnswer,
  ImportCommand,
  JailChange,
  ListedJail,
  NeverBanned,
  NotifyTestAnswer,
  NotifyTestCommand,
  ReloadAnswer,
  Status,
  TeardownAnswer,
  UnbanAnswer,
  UnbanCommand,
  WhyAnswer,
} from '../control/protocol.ts';
import { countedAddress, covers, overlapping, requireAddress } from '../core/address.ts';
import { formatDuration, parseBanTime } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { keepsOut, plainPolicy, targetOf } from '../core/policy.ts';
import type { Address, AllowedAddress, Ban, UnbanReason } from '../core/types.ts';
import type { Allowances } from './allowances.ts';
import type { ApiJailDesk } from './api-jails.ts';
import { BanImport, type BanImportParts } from './ban-import.ts';
import type { EventReader, Events } from './events.ts';
import type { JailEntry, Jails } from './jails.ts';
import { neverBanned } from './never-banned.ts';

/** The jail of bans made by hand without naming one. */
export const manualJail = 'manual';

export interface DeskParts extends BanImportParts {
  readonly allowances: Allowances;
  readonly status: () => Status;
  /** Reads anew what must not be banned: own addresses, gateways, who is logged in over SSH; and asks `about` an address. */
  readonly refreshProtection: (about?: Address, jail?: JailEntry) => Promise<void>;
  readonly ended: (ban: Ban) => void;
  readonly explain: (address: string) => WhyAnswer | Promise<WhyAnswer>;
  readonly events: Events;
  /** Takes everything of ours out of the kernel. */
  readonly teardown: () => Promise<TeardownAnswer>;
  readonly notifyTest: (name: string) => Promise<NotifyTestAnswer>;
  readonly reload: () => Promise<ReloadAnswer>;
  /** The jails that are added over the API. */
  readonly apiJails: () => ApiJailDesk;
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

  reload(): Promise<ReloadAnswer> {
    return this.#parts.reload();
  }

  jails(): readonly ListedJail[] {
    return this.#parts.apiJails().list();
  }

  putJail(name: string, options: Readonly<Record<string, unknown>>): Promise<JailChange> {
    return this.#parts.apiJails().put(name, options);
  }

  removeJail(name: string): Promise<JailChange> {
    return this.#parts.apiJails().remove(name);
  }

  why(address: string): WhyAnswer | Promise<WhyAnswer> {
    return this.#parts.explain(address);
  }

  /** Bans that are over, and those that stand, the newest first. @throws BailiffError ledger-unusable */
  history({ since = 0, jail, before }: HistoryQuery): HistoryAnswer {
    const { bans, next } = this.#parts.ledger.history(before ?? null);
    const wanted = bans.filter((ban) => ban.since >= since && (jail === undefined || ban.jail === jail));
    return { bans: wanted, next };
  }

  recentEvents(): readonly DaemonEvent[] {
    return this.#parts.events.recent();
  }

  follow(reader: EventReader): () => void {
    return this.#parts.events.follow(reader);
  }

  /** Takes all rules and sets away, and enforces nothing until the next start. The bans stay in the ledger. */
  async teardown(): Promise<TeardownAnswer> {
    const answer = await this.#parts.teardown();
    this.#parts.log.warn(answer, 'torn down: nothing is enforced until the next start');
    return answer;
  }

  /** Has a notifier send a test message. @throws BailiffError notifier-not-found */
  async notifyTest({ name }: NotifyTestCommand): Promise<NotifyTestAnswer> {
    return this.#parts.notifyTest(name);
  }

  /** Bans exactly what was named, an address or a range. @throws BailiffError address-protected and others */
  async ban(command: BanCommand): Promise<BanAnswer> {
    const { ledger, jails, enforcer, metrics, log, defaultBantime, commit } = this.#parts;
    const address = requireAddress(command.address);
    const jail = command.jail ?? manualJail;
    const entry = jails.get(jail);
    if (entry === undefined && jail !== manualJail) throw unknownJail(jail, jails);
    const usual = entry === undefined ? defaultBantime : entry.jail.limits.bantime;
    const bantime = command.for === undefined ? usual : parseBanTime(command.for);
    const policy = entry?.policy ?? plainPolicy;
    const force = command.force === true;
    await this.#parts.refreshProtection(address, entry);
    const allow = entry?.jail.allow ?? [];
    const outcome = ledger.ban({ address, jail, bantime, hits: 0, policy, allow, force });
    if (outcome.outcome === 'protected') throw this.#protected(address, outcome.reason);
    const stored = commit();
    if (outcome.outcome === 'banned') {
      metrics.bans.inc({ jail });
      if (entry !== undefined) entry.bans++;
      const duration = formatDuration(bantime);
      log.warn({ jail, address, hits: 0, duration, policy, by: force ? 'force' : 'hand' }, 'ban');
    }
    this.#parts.banned([outcome.ban]);
    await enforcer.changed(targetOf(address, outcome.ban.policy));
    const { state } = enforcer.status();
    const enforced = state === 'enforcing';
    return { outcome: outcome.outcome, ban: outcome.ban, enforced, state, stored };
  }

  /** Takes over bans of another program. */
  async importBans({ bans }: ImportCommand): Promise<ImportAnswer> {
    await this.#parts.refreshProtection();
    return new BanImport(this.#parts).take(bans);
  }

  /**
   * Ends the bans of an address, in one jail or all. An IPv6 address also means the /64 it was banned
   * as, and a range every ban inside it. A wider ban around the address stands, and is named.
   */
  async unban(command: UnbanCommand): Promise<UnbanAnswer> {
    const { ledger, jails } = this.#parts;
    const active = [...ledger.active.all()];
    if ('all' in command) return { unbanned: await this.end(active, 'manual'), covering: [] };
    const address = requireAddress(command.address);
    const { jail } = command;
    const ofJail = active.filter((ban) => jail === undefined || ban.jail === jail);
    if (jail !== undefined && jail !== manualJail && ofJail.length === 0 && jails.get(jail) === undefined) {
      throw unknownJail(jail, jails);
    }
    const counted = countedAddress(address);
    const inside = ofJail.filter((ban) => ban.address === counted || covers(address, ban.address));
    const around = ofJail.filter((ban) => !inside.includes(ban) && covers(ban.address, address));
    const covering = around.filter(({ policy }) => keepsOut(policy));
    return { unbanned: await this.end(inside, 'manual'), covering };
  }

  allowed(): readonly AllowedAddress[] {
    return this.#parts.allowances.all();
  }

  neverBanned(): readonly NeverBanned[] {
    return neverBanned(this.#parts.allowlist, this.#parts.jails);
  }

  /** Lets an address or a range in, and keeps it from being banned. Every ban that it is part of ends, forced ones too. */
  async allow(command: AllowCommand): Promise<AllowAnswer> {
    const { ledger, allowances, log, commit } = this.#parts;
    const address = requireAddress(command.address);
    const seconds = command.for === undefined ? null : parseBanTime(command.for);
    const allowed = allowances.add(address, seconds);
    log.warn({ address, duration: formatDuration(seconds) }, 'allowed by hand');
    const stored = commit();
    const bans = [...ledger.active.all()].filter((ban) => overlapping(ban.address, address));
    return { allowed, unbanned: await this.end(bans, 'protected'), stored };
  }

  disallow(text: string): DisallowAnswer {
    const { allowances, allowlist, log, commit } = this.#parts;
    const address = requireAddress(text);
    const removed = allowances.remove(address);
    for (const entry of removed) log.warn({ address: entry.address }, 'not allowed by hand any more');
    return { removed, protected: allowlist.reason(address), stored: commit() };
  }

  /** Ends bans for a reason: stored first, then out of the kernel. */
  async end(bans: readonly Ban[], reason: UnbanReason): Promise<readonly Ban[]> {
    this.#conclude(bans, reason);
    await Promise.all(bans.map((ban) => this.#parts.enforcer.changed(targetOf(ban.address, ban.policy))));
    return bans;
  }

  /**
   * Ends, in the ledger, the bans of addresses that must not be banned any more: the owner's, a gateway's,
   * one that was put on an ignore list before a restart; and those of ranges by which nobody can tell any more whom they hold. The enforcer's next look takes them out of the kernel.
   */
  releaseProtected(among: Iterable<Ban> = this.#parts.ledger.active.all()): readonly Ban[] {
    const { jails, allowlist } = this.#parts;
    const { unaskable } = jails;
    const released: Ban[] = [];
    for (const ban of among) {
      const entry = jails.get(ban.jail);
      const mayHoldSomebody = unaskable !== null && entry !== undefined && isOfRange(ban, entry);
      if (mayHoldSomebody || allowlist.reason(ban.address, entry?.jail.allow, ban.forced) !== null)
        released.push(ban);
    }
    this.#conclude(released, 'protected');
    return released;
  }

  #protected(address: string, reason: string): BailiffError {
    const forceable = this.#parts.allowlist.reason(address, [], true) === null;
    return new BailiffError('address-protected', `${address} is never banned: ${reason}`, {
      remedy: forceable
        ? 'If you are sure, --force bans it all the same.'
        : 'Not even --force bans what this host needs to go on working.',
    });
  }

  #conclude(bans: readonly Ban[], reason: UnbanReason): void {
    const { ledger, jails, metrics, log, commit } = this.#parts;
    for (const ban of bans) {
      ledger.unban(ban, reason);
      if (reason !== 'expired') jails.pardon(ban.address);
      // Before the jail, and its series, may go with its last ban.
      metrics.unbans.inc({ jail: ban.jail, reason });
      this.#parts.ended(ban);
      log.info({ jail: ban.jail, address: ban.address, reason }, 'unban');
    }
    if (bans.length > 0) commit();
  }
}

/** Of a jail of ranges, and not by hand: it shuts out whoever is in it. */
function isOfRange({ hits, policy }: Ban, { configuration: { ranges } }: JailEntry): boolean {
  return ranges !== null && hits > 0 && keepsOut(policy);
}

function unknownJail(name: string, jails: Jails): BailiffError {
  const names = [...jails.all()].map((entry) => entry.configuration.name);
  return new BailiffError('jail-not-found', `there is no jail "${name.slice(0, 64)}"`, {
    remedy: `The jails are: ${[...names, manualJail].join(', ')}.`,
  });
}

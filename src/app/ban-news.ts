import type { Address, Ban } from '../core/types.ts';
import type { Fail2banLog } from '../notify/fail2ban-log.ts';
import type { BanEvent, Notifier } from '../notify/notifier.ts';
import type { Evidence } from './evidence.ts';

export interface BanNewsParts {
  /** By jail: who wants to know. */
  readonly notifiers: ReadonlyMap<string, readonly Notifier[]>;
  /** Those who are told of the bans of every jail, and of their ends, and choose themselves. */
  readonly everywhere?: { readonly all: readonly Notifier[] };
  /** The lines that are told of with a ban. */
  readonly evidence: Pick<Evidence, 'find'>;
  readonly jails: () => Iterable<string>;
  /** A log in fail2ban's format, where one is wanted. */
  readonly log: Fail2banLog | null;
}

/**
 * Tells of attempts and bans whoever wants to know: the owner's actions, mails, a log in fail2ban's format. It comes
 * after ledger and kernel, and holds neither up.
 */
export class BanNews {
  readonly #parts: BanNewsParts;
  /** Of the bans that were told of, when they end: one that is told of again may only have got a later end. */
  readonly #told = new Map<string, number | null>();

  constructor(parts: BanNewsParts) {
    this.#parts = parts;
  }

  start(): void {
    for (const jail of this.#parts.jails()) this.#parts.log?.jailStarted(jail);
    for (const notifier of this.#all()) notifier.start();
  }

  /** Bans of an earlier run stand again. */
  restored(bans: Iterable<Ban>): void {
    for (const ban of bans) {
      const own = this.#parts.notifiers.get(ban.jail) ?? [];
      // Those who are told of everything know it already; a million of them would only be remembered for nothing.
      if (this.#parts.log === null && own.length === 0) continue;
      this.#told.set(keyOf(ban), ban.until);
      this.#parts.log?.restored(ban);
      for (const notifier of own) notifier.banned(this.#eventOf(ban, true));
    }
  }

  /** An attempt was counted. */
  found(jail: string, host: Address, time: number): void {
    this.#parts.log?.found(jail, host, time);
  }

  banned(bans: readonly Ban[]): void {
    for (const ban of bans) {
      if (!this.#concerns(ban)) continue;
      const before = this.#told.get(keyOf(ban));
      if (before === ban.until) continue;
      this.#told.set(keyOf(ban), ban.until);
      const event = this.#eventOf(ban, false);
      if (before === undefined) this.#parts.log?.banned(ban);
      for (const notifier of this.#of(ban)) {
        if (before === undefined) notifier.banned(event);
        else notifier.prolonged(event);
      }
    }
  }

  /** A line of `time` names an address that is banned. */
  seenAgain(ban: Ban, time: number): void {
    if (!this.#concerns(ban)) return;
    this.#parts.log?.alreadyBanned(ban, time);
    for (const notifier of this.#parts.notifiers.get(ban.jail) ?? [])
      notifier.seenAgain(this.#eventOf(ban, false));
  }

  ended(ban: Ban): void {
    const wasTold = this.#told.delete(keyOf(ban));
    if (wasTold) this.#parts.log?.unbanned(ban);
    const concerned = wasTold ? this.#of(ban) : (this.#parts.everywhere?.all ?? []);
    for (const notifier of concerned) notifier.unbanned(this.#eventOf(ban, false));
  }

  /** Resolves when all that waits was told, or some seconds are over. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((notifier) => notifier.stop()));
    for (const jail of this.#parts.jails()) this.#parts.log?.jailStopped(jail);
    await this.#parts.log?.close();
  }

  #concerns({ jail }: Ban): boolean {
    return this.#parts.log !== null || this.#of({ jail }).length > 0;
  }

  #all(): Notifier[] {
    return [...[...this.#parts.notifiers.values()].flat(), ...(this.#parts.everywhere?.all ?? [])];
  }

  #of({ jail }: Pick<Ban, 'jail'>): readonly Notifier[] {
    const { notifiers, everywhere } = this.#parts;
    const own = notifiers.get(jail) ?? [];
    return everywhere === undefined || everywhere.all.length === 0 ? own : [...own, ...everywhere.all];
  }

  #eventOf(ban: Ban, restored: boolean): BanEvent {
    const { jail, address, since, until, hits, count } = ban;
    const { host, lines, fields } = this.#parts.evidence.find(jail, address);
    const evidence = { failures: hits, matches: lines };
    return {
      jail,
      address,
      host: host ?? hostIn(address),
      since,
      until,
      bancount: count,
      restored,
      fields,
      ...evidence,
      inJail: evidence,
      inAllJails: evidence,
    };
  }
}

const keyOf = ({ jail, address }: Ban): string => `${jail} ${address}`;

/** What stands for a range where no single address is known: its first. */
function hostIn(address: Address): Address {
  return address.split('/')[0] ?? address;
}

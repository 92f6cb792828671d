import type { Counted } from '../core/counted.ts';
import type { Address, Ban } from '../core/types.ts';
import type { Fail2banLog } from '../notify/fail2ban-log.ts';
import type { BanEvent, Notifier } from '../notify/notifier.ts';
import type { Evidence } from './evidence.ts';

export interface BanNewsParts {
  /** By jail: who wants to know; asked each time. */
  readonly notifiers: ReadonlyMap<string, readonly Notifier[]>;
  /** Those who are told of the bans of every jail, and of their ends, and choose themselves. */
  readonly everywhere?: { readonly all: readonly Notifier[] };
  /** The lines that are told of with a ban. */
  readonly evidence: Pick<Evidence, 'find'>;
  readonly jails: () => Iterable<string>;
  /** What a jail counts; absent: attempts. */
  readonly counts?: (jail: string) => Counted;
  /** A log in fail2ban's format, where one is wanted at the start. */
  readonly log: Fail2banLog | null;
}

/**
 * Tells of attempts and bans whoever wants to know: the owner's actions, mails, a log in fail2ban's format. It comes
 * after ledger and kernel, and holds neither up.
 */
export class BanNews {
  readonly #parts: BanNewsParts;
  #log: Fail2banLog | null;
  /** Of the bans that were told of, when they end: one that is told of again may only have got a later end. */
  readonly #told = new Map<string, number | null>();

  constructor(parts: BanNewsParts) {
    this.#parts = parts;
    this.#log = parts.log;
  }

  start(): void {
    for (const jail of this.#parts.jails()) this.#log?.jailStarted(jail);
    for (const notifier of this.#all()) notifier.start();
  }

  /** Bans of an earlier run stand again. */
  restored(bans: Iterable<Ban>): void {
    if (this.#log === null && [...this.#parts.notifiers.values()].every((own) => own.length === 0)) return;
    for (const ban of bans) {
      const own = this.#parts.notifiers.get(ban.jail) ?? [];
      // Those who are told of everything know it already; a million of them would only be remembered for nothing.
      if (this.#log === null && own.length === 0) continue;
      this.#log?.restored(ban);
      this.#restored(ban);
    }
  }

  #restored(ban: Ban): void {
    this.#told.set(keyOf(ban), ban.until);
    for (const notifier of this.#parts.notifiers.get(ban.jail) ?? [])
      notifier.banned(this.#eventOf(ban, true));
  }

  /**
   * Of these jails others want to know from now on than `before`: once those have taken back what they did, the new ones
   * are told of the bans that stand.
   */
  async succeeded(before: ReadonlyMap<string, readonly Notifier[]>, bans: Iterable<Ban>): Promise<void> {
    const ended = [...before].map(([jail, gone]) => {
      const end = Promise.all(gone.map((notifier) => notifier.stop()));
      for (const notifier of this.#parts.notifiers.get(jail) ?? []) notifier.start(end);
      return end;
    });
    for (const ban of bans) if (before.has(ban.jail)) this.#restored(ban);
    await Promise.all(ended);
  }

  /** From now on this is the log in fail2ban's format; null: there is none. */
  async logTo(log: Fail2banLog | null, bans: Iterable<Ban>): Promise<void> {
    const before = this.#log;
    this.#log = log;
    if (log !== null) {
      for (const jail of this.#parts.jails()) log.jailStarted(jail);
      for (const ban of bans) {
        this.#told.set(keyOf(ban), ban.until);
        log.restored(ban);
      }
    }
    await before?.close();
  }

  /** An attempt was counted. */
  found(jail: string, host: Address, time: number): void {
    this.#log?.found(jail, host, time);
  }

  banned(bans: readonly Ban[]): void {
    for (const ban of bans) {
      if (!this.#concerns(ban)) continue;
      const before = this.#told.get(keyOf(ban));
      if (before === ban.until) continue;
      this.#told.set(keyOf(ban), ban.until);
      const event = this.#eventOf(ban, false);
      if (before === undefined) this.#log?.banned(ban);
      for (const notifier of this.#of(ban)) {
        if (before === undefined) notifier.banned(event);
        else notifier.prolonged(event);
      }
    }
  }

  /** A line of `time` names an address that is banned. */
  seenAgain(ban: Ban, time: number): void {
    if (!this.#concerns(ban)) return;
    this.#log?.alreadyBanned(ban, time);
    for (const notifier of this.#parts.notifiers.get(ban.jail) ?? [])
      notifier.seenAgain(this.#eventOf(ban, false));
  }

  ended(ban: Ban): void {
    const wasTold = this.#told.delete(keyOf(ban));
    if (wasTold) this.#log?.unbanned(ban);
    const concerned = wasTold ? this.#of(ban) : (this.#parts.everywhere?.all ?? []);
    for (const notifier of concerned) notifier.unbanned(this.#eventOf(ban, false));
  }

  /** Resolves when all that waits was told, or some seconds are over. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((notifier) => notifier.stop()));
    for (const jail of this.#parts.jails()) this.#log?.jailStopped(jail);
    await this.#log?.close();
  }

  #concerns({ jail }: Ban): boolean {
    return this.#log !== null || this.#of({ jail }).length > 0;
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
    const counts = this.#parts.counts?.(jail) ?? 'attempts';
    return {
      jail,
      address,
      host: host ?? hostIn(address),
      since,
      until,
      bancount: count,
      restored,
      fields,
      ...(counts === 'attempts' ? {} : { counts }),
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

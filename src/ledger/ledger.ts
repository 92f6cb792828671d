import { canonicalAddress } from '../core/address.ts';
import type { AllowEntry, Allowlist } from '../core/allowlist.ts';
import { usualForget } from '../core/ban-increment.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import { isOfLabels } from '../core/label-jail.ts';
import type { Policy } from '../core/policy.ts';
import type { Sessions } from '../core/session.ts';
import type {
  Address,
  AllowedAddress,
  Ban,
  Clock,
  EvidenceLine,
  PastBan,
  UnbanReason,
} from '../core/types.ts';
import type { WindowLimits, Windows } from '../core/window.ts';
import { ActiveBans } from './bans.ts';
import { type WindowChange, WindowStore } from './checkpoint.ts';
import { databaseError } from './database.ts';
import type { HistoryPage, Retention, StoredEvidence } from './history.ts';
import { setAside } from './set-aside.ts';
import { Store } from './store.ts';

/** Window changes kept for the next commit; beyond that all windows are written, which comes to the same. */
const mostChanges = 200_000;

/** Bans and unbans kept for it; beyond that all bans that stand are written. */
const mostWrites = 50_000;
/** Cursors that nobody moved are looked for this often, in seconds. */
const purgeCursorsEvery = 86_400;
/** By how much (seconds) a ban may have begun in the future before the clock is known to have been set back. */
const clockTolerance = 1;
/** What an end is later (seconds) by two looks at the clock, as of a ban that is imported once more, prolongs nothing. */
const sameMoment = 0.05;

export interface LedgerOptions {
  /** The database's path, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  readonly allowlist: Allowlist;
  readonly sessions: Sessions;
  /** How long what is over is kept; asked each time. */
  readonly retention?: Partial<Retention>;
  /** How long bans that are over count for those that follow, in seconds, at most: they are kept as long. */
  readonly counting?: () => number;
  /** Told of each ban that is made or ended, on whatever path; it must not throw. */
  readonly told?: LedgerReader;
}

export interface LedgerReader {
  banned(ban: Ban): void;
  ended(ban: Ban, reason: UnbanReason): void;
}

export interface BanRequest {
  readonly address: Address;
  readonly jail: string;
  /** Seconds; null: for ever. */
  readonly bantime: number | null;
  readonly hits: number;
  /** Bans of it in this jail before, where somebody asked. */
  readonly before?: number;
  readonly policy: Policy;
  readonly allow?: readonly AllowEntry[];
  /** A person insists: only own addresses and loopback stop it. */
  readonly force?: boolean;
  /** The lines that led to it. */
  readonly evidence?: readonly EvidenceLine[];
}

/** Some of the bans that an earlier run has left, and those of their addresses that may have been among them before. */
export interface ReadBans {
  readonly bans: readonly Ban[];
  readonly again: ReadonlySet<Address>;
}

export type BanOutcome =
  | { readonly outcome: 'banned' | 'prolonged' | 'already'; readonly ban: Ban }
  | { readonly outcome: 'protected'; readonly reason: string };

/**
 * The truth about who is banned, what was counted and how far each source was judged. Changes are
 * collected in memory and stored by `commit`, all of them in one transaction: a cursor only moves
 * together with the effect of the lines before it. The kernel is told, and a caller answered, after
 * the commit.
 *
 * A database that is damaged is set aside, and one that cannot be opened is tried again: memory holds
 * everything, and is written whole to the next one.
 */
export class Ledger {
  readonly active = new ActiveBans();
  readonly #options: LedgerOptions;
  /** null: it cannot be opened just now. */
  #store: Store | null = null;
  #windows = new WindowStore();
  readonly #cursors = new Map<string, string>();
  readonly #movedCursors = new Set<string>();
  readonly #allowed = new Map<Address, AllowedAddress>();
  readonly #jailWindows = new Map<string, Windows>();
  #sessionsMoved = false;
  /** null: there were too many to keep while nothing could be stored. */
  #changes: WindowChange[] | null = [];
  #writes: ((store: Store) => void)[] = [];
  /** How often whose ban ended was banned, by address and jail, until the database knows. */
  readonly #ended = new Map<Address, Map<string, number>>();
  /** The database holds nothing that counts: everything is written. */
  #whole = false;
  #allRead = false;
  #blank: BailiffError | null = null;
  #cursorsPurged = Number.NEGATIVE_INFINITY;
  readonly #damages: string[] = [];
  /** The first stored ban of what is no address in its usual form. */
  #unreadable: string | null = null;

  /**
   * The bans of an earlier run stand in `active` when `readBans` has been gone through.
   * @throws BailiffError ledger-in-use, ledger-newer
   */
  constructor(options: LedgerOptions) {
    this.#options = options;
    try {
      this.#restore();
    } catch (thrown) {
      const error = asBailiffError(options.path, thrown);
      if (error.code === 'ledger-in-use' || error.code === 'ledger-newer') throw error;
      this.#beginBlank(error);
    }
  }

  /** Why nothing of an earlier run is known though there may have been one, or null. */
  get blank(): BailiffError | null {
    return this.#blank;
  }

  /** What happened to databases that were damaged, a sentence each. */
  get damages(): readonly string[] {
    return this.#damages;
  }

  /** Whether anything waits for a commit. */
  get dirty(): boolean {
    if (this.#whole || this.#writes.length > 0 || this.#movedCursors.size > 0) return true;
    return this.#changes?.length !== 0;
  }

  cursor(source: string): string | null {
    return this.#cursors.get(source) ?? null;
  }

  moveCursor(source: string, cursor: string): void {
    this.#cursors.set(source, cursor);
    this.#movedCursors.add(source);
  }

  /** The windows of a jail, with what was counted before a restart. */
  openWindows(jail: string, limits: WindowLimits): Windows {
    const windows = this.#windows.open(jail, limits);
    this.#jailWindows.set(jail, windows);
    return windows;
  }

  /** Its jail is gone. The windows are kept until they are empty, should it come back. */
  closeWindows(jail: string): void {
    this.#windows.close(jail);
    this.#jailWindows.delete(jail);
  }

  /** Notes what a jail counted, so that a restart counts on from there. */
  counted(change: WindowChange): void {
    if (this.#changes !== null && this.#changes.push(change) > mostChanges) this.#changes = null;
  }

  /**
   * Bans an address, from any path: a jail, the command, a label. Every one passes the allow check
   * here. A running ban of the same jail is only ever prolonged.
   */
  ban(request: BanRequest): BanOutcome {
    const { address, jail, bantime, hits, policy, force = false } = request;
    const reason = this.#options.allowlist.reason(address, request.allow, force);
    if (reason !== null) return { outcome: 'protected', reason };
    this.forget(jail, address);
    const now = this.#options.clock.now();
    const until = bantime === null ? null : now + bantime;
    const running = this.active.get(jail, address);
    if (running === undefined) {
      const count = (request.before ?? 0) + 1;
      const ban: Ban = { address, jail, since: now, until, hits, count, policy, forced: force };
      this.active.set(ban);
      this.#write((store) => store.addBan(ban));
      const { evidence = [] } = request;
      if (evidence.length > 0) this.#write((store) => store.history.addEvidence(ban, evidence));
      this.#options.told?.banned(ban);
      return { outcome: 'banned', ban };
    }
    const count = Math.max(running.count, (request.before ?? 0) + 1);
    if (running.until === null || (until !== null && until <= running.until + sameMoment)) {
      if ((!force || running.forced) && count === running.count) return { outcome: 'already', ban: running };
      const changed = { ...running, count, forced: running.forced || force };
      this.#change(changed);
      return { outcome: 'already', ban: changed };
    }
    const ban: Ban = {
      ...running,
      until,
      count,
      hits: running.hits + hits,
      forced: running.forced || force,
    };
    this.#change(ban);
    return { outcome: 'prolonged', ban };
  }

  /**
   * Of these bans, those of the jail whose policy is another now. They are enforced by the new one; the kernel is
   * told by the caller.
   */
  movePolicy(
    jail: string,
    policy: Policy,
    among: Iterable<Ban> = [...this.active.all()],
  ): { readonly before: Ban; readonly after: Ban }[] {
    const moved: { before: Ban; after: Ban }[] = [];
    for (const before of among) {
      if (before.jail !== jail || before.policy === policy) continue;
      const after = { ...before, policy };
      this.#change(after);
      moved.push({ before, after });
    }
    return moved;
  }

  #settleEvidence(now: number): void {
    this.#write((store) => store.history.settleEvidence(now, now + clockTolerance));
  }

  /** Whom a person has put on the allow list, the oldest entry first. */
  get allowed(): readonly AllowedAddress[] {
    return [...this.#allowed.values()];
  }

  /** Puts an address on that list, or gives it another end. The allow check is told by the caller. */
  allow(entry: AllowedAddress): void {
    this.#allowed.set(entry.address, entry);
    this.#write((store) => store.allow(entry));
  }

  disallow(address: Address): void {
    if (this.#allowed.delete(address)) this.#write((store) => store.disallow(address));
  }

  #change(ban: Ban): void {
    this.active.set(ban);
    this.#write((store) => store.changeBan(ban));
  }

  /** Ends a ban. Its jail starts counting from nothing. */
  unban(ban: Ban, reason: UnbanReason): void {
    const now = this.#options.clock.now();
    this.active.delete(ban);
    this.forget(ban.jail, ban.address);
    this.#write((store) => store.endBan(ban, now, reason));
    // Who was let in by a person begins from nothing, as in fail2ban.
    if (reason !== 'expired') this.#write((store) => store.pardon(ban));
    this.#options.told?.ended(ban, reason);
    if (this.#ended.size > mostWrites) this.#ended.clear();
    const counts = this.#ended.get(ban.address) ?? new Map<string, number>();
    this.#ended.set(ban.address, counts.set(ban.jail, reason === 'expired' ? ban.count : 0));
  }

  /**
   * How often an address was banned in a jail, or in all of them together but the others that labels made. A ban counts
   * until `forget` seconds after its end.
   */
  bansBefore(address: Address, jail: string, inAll: boolean, forget = usualForget): number {
    let counts: Map<string, number>;
    try {
      counts = this.#store?.bansOf(address, this.#options.clock.now() - forget) ?? new Map();
    } catch {
      // The next commit tells what is wrong with the database.
      counts = new Map();
    }
    for (const [name, count] of this.#ended.get(address) ?? [])
      counts.set(name, count === 0 ? 0 : Math.max(count, counts.get(name) ?? 0));
    for (const { jail: name, count } of this.active.ofAddress(address))
      counts.set(name, Math.max(count, counts.get(name) ?? 0));
    if (!inAll) return counts.get(jail) ?? 0;
    const counting = [...counts].filter(([name]) => name === jail || !isOfLabels(name));
    return counting.reduce((sum, [, count]) => sum + count, 0);
  }

  /** What is stored of bans, the newest first. @throws BailiffError ledger-unusable */
  history(before: number | null): HistoryPage {
    if (this.#store === null)
      throw new BailiffError('ledger-unusable', 'the database cannot be opened just now', {
        where: this.#options.path,
      });
    return this.#store.history.page(before);
  }

  /** The bans of one address that are stored, the newest first. */
  bansOf(address: Address): readonly PastBan[] {
    try {
      return this.#store?.history.ofAddress(address) ?? [];
    } catch {
      // The next commit tells what is wrong with the database.
      return [];
    }
  }

  /** What is stored of one address: its bans, the newest first, and the lines behind them. */
  recordOf(address: Address): {
    readonly bans: readonly PastBan[];
    readonly evidence: readonly StoredEvidence[];
  } {
    const bans = this.bansOf(address);
    try {
      return { bans, evidence: this.#store?.history.evidenceOf(address) ?? [] };
    } catch {
      return { bans, evidence: [] };
    }
  }

  #write(write: (store: Store) => void): void {
    if (this.#whole) return;
    this.#writes.push(write);
    // Before all are read the database knows more than memory.
    if (this.#writes.length > mostWrites && this.#allRead) this.#writeWhole();
  }

  #writeWhole(): void {
    this.#whole = true;
    this.#writes = [];
    this.#changes = null;
  }

  /**
   * The clock was set back. What lies ahead of it counts as of now, as dates in the future do in a log: nobody
   * is banned for longer than the ban was to last, and every attempt counts. @returns whether bans changed
   */
  clockWentBack(): boolean {
    const now = this.#options.clock.now();
    if (this.#windows.settle(now)) this.#changes = null;
    const ahead = [...this.active.all()].filter((ban) => isAhead(ban, now));
    for (const ban of ahead) this.#change(settled(ban, now));
    this.#settleEvidence(now);
    return ahead.length > 0;
  }

  /**
   * Stores everything since the last commit, in one transaction.
   * @throws BailiffError ledger-unusable, as on a full disk; the changes then wait for the next commit
   */
  commit(): void {
    if (!this.dirty) return;
    this.#sessionsMoved ||= this.#options.sessions.takeChanged();
    try {
      this.#storeAll();
    } catch (error) {
      if (!(error instanceof BailiffError) || error.code !== 'ledger-damaged') throw error;
      this.#setAside(error);
      this.#storeAll();
    }
    this.#changes = [];
    this.#writes = [];
    this.#movedCursors.clear();
    this.#sessionsMoved = false;
    this.#whole = false;
    this.#ended.clear();
  }

  #storeAll(): void {
    const now = this.#options.clock.now();
    this.#store ??= new Store(this.#options.path, this.#options.retention);
    const store = this.#store;
    store.transaction(() => {
      if (this.#whole) {
        store.replaceBans(this.active.all());
        store.replaceAllowed(this.#allowed.values());
      }
      for (const write of this.#writes) write(store);
      this.#windows.append(store, this.#changes, now);
      if (this.#sessionsMoved || this.#whole) store.putSessions(this.#options.sessions.pack());
      const moved = this.#whole ? this.#cursors.keys() : this.#movedCursors;
      for (const source of moved) store.putCursor(source, this.#cursors.get(source) ?? '', now);
      store.history.purge(now, this.#options.counting?.() ?? usualForget);
      this.#purgeCursors(store, now);
      store.release();
    });
  }

  #purgeCursors(store: Store, now: number): void {
    if (Math.abs(now - this.#cursorsPurged) < purgeCursorsEvery) return;
    for (const source of store.purgeCursors(now)) this.#cursors.delete(source);
    this.#cursorsPurged = now;
  }

  close(): void {
    this.#store?.close();
  }

  /** The jail starts counting an address, or a range, from nothing. */
  forget(jail: string, address: Address): void {
    this.#jailWindows.get(jail)?.forget(address);
    this.counted({ jail, address, time: 0, attempts: 0 });
  }

  /**
   * Reads the bans that stand since an earlier run into `active`, some thousand at a time, which it yields. There
   * may be a hundred thousand, and nobody is shut out until they are read: so their way to the kernel begins
   * meanwhile. To be gone through to its end before anything is banned or ended, but for what it yields.
   */
  *readBans(): Generator<ReadBans, void> {
    if (this.#blank === null) for (const bans of this.#store?.bans() ?? []) yield this.#enter(bans);
    else yield { bans: [...this.active.all()], again: new Set() };
    this.#allRead = true;
  }

  #enter(stored: readonly Ban[]): ReadBans {
    const now = this.#options.clock.now();
    const again = new Set<Address>();
    const bans: Ban[] = [];
    for (const read of stored) {
      // By another text for the same address nobody could end it there.
      if (canonicalAddress(read.address) !== read.address) {
        this.#endUnreadable(read, now);
        continue;
      }
      const ahead = isAhead(read, now);
      const ban = ahead ? settled(read, now) : read;
      if (!this.active.set(ban)) again.add(ban.address);
      if (ahead) {
        this.#write((store) => store.changeBan(ban));
        this.#settleEvidence(now);
      }
      bans.push(ban);
    }
    return { bans, again };
  }

  /** Somebody has changed the database: what is no address cannot be banned, nor unbanned what is written in another way. */
  #endUnreadable(ban: Ban, now: number): void {
    this.#write((store) => store.endBan(ban, now, 'protected'));
    if (this.#unreadable !== null) return;
    this.#unreadable = JSON.stringify(ban.address.slice(0, 64));
    this.#damages.push(
      `bans of what is no address in its usual form stood in the database, such as ${this.#unreadable}: they were ended`,
    );
  }

  /** Reads what an earlier run has left. @throws BailiffError as `openDatabase`, and what makes no sense in it */
  #restore(): void {
    const store = new Store(this.#options.path, this.#options.retention);
    this.#store = store;
    const now = this.#options.clock.now();
    store.modernize();
    this.#windows.restore(store);
    if (this.#windows.settle(now)) this.#changes = null;
    const sessions = store.sessions();
    for (const entry of store.allowed()) this.#allowed.set(entry.address, entry);
    this.active.expect(store.policies());
    for (const [source, cursor] of store.cursors(now)) this.#cursors.set(source, cursor);
    if (sessions !== null) this.#options.sessions.unpack(sessions);
  }

  /** Without what an earlier run knew. It is written where that can be: now, or when there is room again. */
  #beginBlank(error: BailiffError): void {
    this.#blank = error;
    this.#allRead = true;
    this.#windows = new WindowStore();
    this.#cursors.clear();
    this.#writeWhole();
    closeQuietly(this.#store);
    this.#store = null;
    if (error.code !== 'ledger-damaged') return;
    try {
      this.#setAside(error);
    } catch {
      // Nothing can be written there. Each commit tries again, and says so.
    }
  }

  /** @throws what the file system throws */
  #setAside(error: BailiffError): void {
    const { path, clock } = this.#options;
    closeQuietly(this.#store);
    this.#store = null;
    this.#writeWhole();
    const aside = setAside(path, clock.now());
    this.#damages.push(`the database was damaged (${error.message}) and has been moved to ${aside}`);
  }
}

/** Where it makes no sense to SQLite it may not even be closed. */
function closeQuietly(store: Store | null): void {
  try {
    store?.close();
  } catch {
    // It is moved away all the same.
  }
}

/** What is no error of SQLite's own was thrown over what it had read. */
function asBailiffError(path: string, error: unknown): BailiffError {
  if (error instanceof Error && 'errcode' in error) return databaseError(path, error);
  if (error instanceof BailiffError) return error;
  return new BailiffError('ledger-damaged', messageOf(error), { where: path, cause: error });
}

function isAhead(ban: Ban, now: number): boolean {
  return ban.since > now + clockTolerance;
}

function settled(ban: Ban, now: number): Ban {
  return { ...ban, since: now, until: ban.until === null ? null : now + (ban.until - ban.since) };
}

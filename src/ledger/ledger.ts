import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import type { AllowEntry, Allowlist } from '../core/allowlist.ts';
import type { Policy } from '../core/policy.ts';
import type { PackedSessions, Sessions } from '../core/session.ts';
import type { Address, Ban, Clock, UnbanReason } from '../core/types.ts';
import type { WindowLimits, Windows } from '../core/window.ts';
import { ActiveBans } from './bans.ts';
import { type WindowChange, WindowStore } from './checkpoint.ts';
import { openDatabase } from './database.ts';

/** Window changes kept for the next commit; beyond that all windows are written, which comes to the same. */
const mostChanges = 200_000;

/** Ended bans are kept this long (seconds), as fail2ban's dbpurgeage. */
const keepEnded = 86_400;

/** Cursors of sources that have not moved for this long (seconds) are forgotten: most are of containers long gone. */
const keepCursors = 90 * 86_400;

/** Bans read at a time: some 20 ms of work. */
const readSize = 5_000;

export interface LedgerOptions {
  /** The database's path, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  readonly allowlist: Allowlist;
  readonly sessions: Sessions;
}

export interface BanRequest {
  readonly address: Address;
  readonly jail: string;
  /** Seconds; null: for ever. */
  readonly bantime: number | null;
  readonly hits: number;
  readonly policy: Policy;
  readonly allow?: readonly AllowEntry[];
  /** A person insists: only own addresses and loopback stop it. */
  readonly force?: boolean;
}

export type BanOutcome =
  | { readonly outcome: 'banned' | 'prolonged' | 'already'; readonly ban: Ban }
  | { readonly outcome: 'protected'; readonly reason: string };

/**
 * The truth about who is banned, what was counted and how far each source was judged. Changes are
 * collected in memory and stored by `commit`, all of them in one transaction: a cursor only moves
 * together with the effect of the lines before it. The kernel is told, and a caller answered, after
 * the commit.
 */
export class Ledger {
  readonly active = new ActiveBans();
  readonly #options: LedgerOptions;
  readonly #database: DatabaseSync;
  readonly #windows: WindowStore;
  readonly #cursors = new Map<string, string>();
  readonly #movedCursors = new Set<string>();
  readonly #statements: Record<'ban' | 'change' | 'end' | 'cursor' | 'session' | 'purge', StatementSync>;
  readonly #jailWindows = new Map<string, Windows>();
  #sessionsMoved = false;
  /** null: there were too many to keep while nothing could be stored. */
  #changes: WindowChange[] | null = [];
  #writes: (() => void)[] = [];

  /** The bans of an earlier run stand in `active` when `readBans` has been gone through. @throws BailiffError ledger-unusable */
  constructor(options: LedgerOptions) {
    this.#options = options;
    const database = openDatabase(options.path);
    this.#database = database;
    this.#windows = new WindowStore(database);
    this.#statements = {
      ban: database.prepare(
        'INSERT INTO bans (jail, address, since, until, hits, policy, forced) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      change: database.prepare(
        'UPDATE bans SET until = ?, hits = ?, policy = ?, forced = ? WHERE jail = ? AND address = ? AND ended IS NULL',
      ),
      end: database.prepare(
        'UPDATE bans SET ended = ?, reason = ? WHERE jail = ? AND address = ? AND ended IS NULL',
      ),
      cursor: database.prepare('INSERT OR REPLACE INTO cursors (source, cursor, moved) VALUES (?, ?, ?)'),
      session: database.prepare('INSERT OR REPLACE INTO sessions (id, packed) VALUES (0, ?)'),
      purge: database.prepare('DELETE FROM bans WHERE ended < ?'),
    };
    this.#restore();
  }

  /** Whether anything waits for a commit. */
  get dirty(): boolean {
    return this.#changes?.length !== 0 || this.#writes.length > 0 || this.#movedCursors.size > 0;
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
    this.#forget(jail, address);
    const now = this.#options.clock.now();
    const until = bantime === null ? null : now + bantime;
    const running = this.active.get(jail, address);
    if (running === undefined) {
      const ban: Ban = { address, jail, since: now, until, hits, policy, forced: force };
      this.active.set(ban);
      this.#writes.push(() =>
        this.#statements.ban.run(jail, address, now, until, hits, policy, Number(force)),
      );
      return { outcome: 'banned', ban };
    }
    if (running.until === null || (until !== null && until <= running.until)) {
      if (!force || running.forced) return { outcome: 'already', ban: running };
      const insisted = { ...running, forced: true };
      this.#change(insisted);
      return { outcome: 'already', ban: insisted };
    }
    const ban: Ban = {
      ...running,
      until,
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

  #change(ban: Ban): void {
    const { jail, address, until, hits, policy, forced } = ban;
    this.active.set(ban);
    this.#writes.push(() => this.#statements.change.run(until, hits, policy, Number(forced), jail, address));
  }

  /** Ends a ban. Its jail starts counting from nothing. */
  unban(ban: Ban, reason: UnbanReason): void {
    const now = this.#options.clock.now();
    this.active.delete(ban);
    this.#forget(ban.jail, ban.address);
    this.#writes.push(() => this.#statements.end.run(now, reason, ban.jail, ban.address));
  }

  /**
   * Stores everything since the last commit, in one transaction.
   * @throws what SQLite throws (a full disk); the changes then wait for the next commit
   */
  commit(): void {
    if (!this.dirty) return;
    const now = this.#options.clock.now();
    this.#sessionsMoved ||= this.#options.sessions.takeChanged();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const write of this.#writes) write();
      this.#windows.append(this.#changes, now);
      if (this.#sessionsMoved) {
        this.#statements.session.run(serialize(this.#options.sessions.pack()));
      }
      for (const source of this.#movedCursors)
        this.#statements.cursor.run(source, this.#cursors.get(source) ?? '', now);
      this.#statements.purge.run(now - keepEnded);
      this.#database.exec('COMMIT');
    } catch (error) {
      // A full disk has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#changes = [];
    this.#writes = [];
    this.#movedCursors.clear();
    this.#sessionsMoved = false;
  }

  close(): void {
    this.#database.close();
  }

  #forget(jail: string, address: Address): void {
    this.#jailWindows.get(jail)?.forget(address);
    this.counted({ jail, address, time: 0, attempts: 0 });
  }

  /**
   * Reads the bans that stand since an earlier run into `active`, some thousand at a time, which it yields. There
   * may be a hundred thousand, and nobody is shut out until they are read: so their way to the kernel begins
   * meanwhile. To be gone through to its end before anything is banned or ended, but for what it yields.
   */
  *readBans(): Generator<readonly Ban[], void> {
    // By rowid, so that what is changed meanwhile does no harm.
    const standing = this.#database.prepare(
      'SELECT rowid, address, jail, since, until, hits, policy, forced FROM bans NOT INDEXED WHERE ended IS NULL AND rowid > ? ORDER BY rowid LIMIT ?',
    );
    // Rows as arrays cost half of what objects do.
    standing.setReturnArrays(true);
    for (let last = 0; ; ) {
      const rows = standing.all(last, readSize) as unknown as unknown[][];
      const bans = rows.map(banOf);
      for (const ban of bans) this.active.set(ban);
      if (bans.length > 0) yield bans;
      if (rows.length < readSize) return;
      last = Number(rows.at(-1)?.[0]);
    }
  }

  #restore(): void {
    const database = this.#database;
    const policies = database.prepare('SELECT DISTINCT policy FROM bans WHERE ended IS NULL').all();
    this.active.expect(policies.map(({ policy }) => String(policy)));
    database.prepare('DELETE FROM cursors WHERE moved < ?').run(this.#options.clock.now() - keepCursors);
    for (const row of database.prepare('SELECT source, cursor FROM cursors').all()) {
      this.#cursors.set(String(row['source']), String(row['cursor']));
    }
    const stored = database.prepare('SELECT packed FROM sessions').get();
    if (stored !== undefined)
      this.#options.sessions.unpack(deserialize(stored['packed'] as Uint8Array) as PackedSessions);
  }
}

function banOf(row: readonly unknown[]): Ban {
  const [, address, jail, since, until, hits, policy, forced] = row;
  return {
    address: String(address),
    jail: String(jail),
    since: Number(since),
    until: until === null ? null : Number(until),
    hits: Number(hits),
    policy: String(policy),
    forced: forced === 1,
  };
}

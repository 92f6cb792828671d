import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import { type Policy, storedPolicy } from '../core/policy.ts';
import type { PackedSessions } from '../core/session.ts';
import type { Address, AllowedAddress, Ban, UnbanReason } from '../core/types.ts';
import { mostCounted } from './ban-pool.ts';
import { databaseError, openDatabase } from './database.ts';
import { History, type Retention } from './history.ts';

/** Cursors of sources that have not moved for this long (seconds) are forgotten: most are of containers long gone. */
const keepCursors = 90 * 86_400;

/** Bans read at a time: few milliseconds of work, and gone before the garbage collector would have to move them. */
const readSize = 1_000;

/** Free pages are given back once there are more than this, and more than those in use. */
const mostFree = 256;
/** So many at a time (a page is 4 KiB). */
const releaseSize = 256;

/** Prepared once: a statement that is prepared anew for each commit holds memory which V8 does not know of. */
const statements = {
  ban: 'INSERT INTO bans (jail, address, since, until, hits, count, policy, forced) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  change:
    'UPDATE bans SET since = ?, until = ?, hits = ?, count = ?, policy = ?, forced = ? WHERE jail = ? AND address = ? AND ended IS NULL',
  end: 'UPDATE bans SET ended = ?, reason = ? WHERE jail = ? AND address = ? AND ended IS NULL',
  history:
    'SELECT jail, max(count) AS count FROM bans WHERE address = ? AND (ended IS NULL OR ended >= ?) GROUP BY jail',
  pardon: 'UPDATE bans SET count = 0 WHERE address = ? AND jail = ? AND ended IS NOT NULL',
  allow: 'INSERT OR REPLACE INTO allowed (address, since, until) VALUES (?, ?, ?)',
  disallow: 'DELETE FROM allowed WHERE address = ?',
  cursor: 'INSERT OR REPLACE INTO cursors (source, cursor, moved) VALUES (?, ?, ?)',
  purgeCursors: 'DELETE FROM cursors WHERE moved < ? RETURNING source',
  session: 'INSERT OR REPLACE INTO sessions (id, packed) VALUES (0, ?)',
  bucket: 'INSERT OR REPLACE INTO buckets (bucket, seq, packed) VALUES (?, ?, ?)',
  segment: 'INSERT INTO segments (seq, packed) VALUES (?, ?)',
  dropSegments: 'DELETE FROM segments',
  dropSegmentsInAll:
    'DELETE FROM segments WHERE seq <= (SELECT min(seq) FROM buckets) AND (SELECT count(*) FROM buckets) = ?',
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  free: 'PRAGMA freelist_count',
  pages: 'PRAGMA page_count',
} as const;

interface Packed {
  readonly seq: number;
  readonly packed: Uint8Array;
}

/** The tables of one database. */
export class Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  /** What is over. */
  readonly history: History;
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;

  /** @throws BailiffError as `openDatabase` */
  constructor(path: string, retention: Partial<Retention> = {}) {
    const database = openDatabase(path);
    this.#database = database;
    this.history = new History(database, retention);
    this.#path = path;
    const prepared = Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>;
  }

  addBan({ jail, address, since, until, hits, count, policy, forced }: Ban): void {
    this.#statements.ban.run(jail, address, since, until, hits, count, policy, Number(forced));
  }

  changeBan({ jail, address, since, until, hits, count, policy, forced }: Ban): void {
    this.#statements.change.run(since, until, hits, count, policy, Number(forced), jail, address);
  }

  endBan({ jail, address }: Ban, at: number, reason: UnbanReason): void {
    this.#statements.end.run(at, reason, jail, address);
  }

  /** How often an address was banned, by jail, where the last ban ended then or later. */
  bansOf(address: Address, since: number): Map<string, number> {
    const rows = this.#statements.history.all(address, since);
    return new Map(rows.map(({ jail, count }) => [String(jail), Number(count)]));
  }

  /** What it was banned for before does not count any more. */
  pardon({ jail, address }: Ban): void {
    this.#statements.pardon.run(address, jail);
  }

  allow({ address, since, until }: AllowedAddress): void {
    this.#statements.allow.run(address, since, until);
  }

  disallow(address: Address): void {
    this.#statements.disallow.run(address);
  }

  allowed(): AllowedAddress[] {
    const rows = this.#database.prepare('SELECT address, since, until FROM allowed ORDER BY since').all();
    return rows.map(({ address, since, until }) => ({
      address: String(address),
      since: Number(since),
      until: until === null ? null : Number(until),
    }));
  }

  /** In place of those in the database. */
  replaceAllowed(entries: Iterable<AllowedAddress>): void {
    this.#database.exec('DELETE FROM allowed');
    for (const entry of entries) this.allow(entry);
  }

  /** In place of those that stand in the database. */
  replaceBans(bans: Iterable<Ban>): void {
    this.#database.exec('DELETE FROM bans WHERE ended IS NULL');
    for (const ban of bans) this.addBan(ban);
  }

  putCursor(source: string, cursor: string, now: number): void {
    this.#statements.cursor.run(source, cursor, now);
  }

  putSessions(sessions: PackedSessions): void {
    this.#statements.session.run(serialize(sessions));
  }

  putBucket(bucket: number, seq: number, packed: Uint8Array): void {
    this.#statements.bucket.run(bucket, seq, packed);
  }

  addSegment(seq: number, packed: Uint8Array): void {
    this.#statements.segment.run(seq, packed);
  }

  dropSegments(): void {
    this.#statements.dropSegments.run();
  }

  /** Those that every one of so many buckets holds already. */
  dropSegmentsInAll(buckets: number): void {
    this.#statements.dropSegmentsInAll.run(buckets);
  }

  /** @returns the sources whose cursors are gone */
  purgeCursors(now: number): string[] {
    return this.#statements.purgeCursors.all(now - keepCursors).map(({ source }) => String(source));
  }

  /** All of it or nothing. @throws BailiffError ledger-unusable (a full disk), ledger-damaged, or what `work` throws */
  transaction(work: () => void): void {
    try {
      this.#statements.begin.run();
      work();
      this.#statements.commit.run();
    } catch (error) {
      // A full disk has rolled back by itself.
      if (this.#database.isTransaction) this.#statements.rollback.run();
      throw databaseError(this.#path, error);
    }
  }

  /** Gives the file system back some of what became free, after a flood of bans has ended. */
  release(): void {
    const free = Number(this.#statements.free.get()?.['freelist_count'] ?? 0);
    if (free <= mostFree) return;
    const pages = Number(this.#statements.pages.get()?.['page_count'] ?? 0);
    if (free > pages / 2) this.#database.exec(`PRAGMA incremental_vacuum(${releaseSize})`);
  }

  /**
   * A database of schema 1 or 2 may have been made without the means to give pages back: it is written anew, once,
   * where there is room for that.
   */
  modernize(): void {
    const mode = this.#database.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'];
    if (mode === 2) return;
    try {
      this.#database.exec('VACUUM');
    } catch {
      // It works as it is, and the next start tries again.
    }
  }

  /** Of all bans that stand. */
  policies(): string[] {
    const rows = this.#database.prepare('SELECT DISTINCT policy FROM bans WHERE ended IS NULL').all();
    return rows.map(({ policy }) => storedPolicy(String(policy)));
  }

  *cursors(now: number): Generator<readonly [source: string, cursor: string], void> {
    const rows = this.#database.prepare('SELECT source, cursor FROM cursors WHERE moved >= ?');
    for (const row of rows.all(now - keepCursors)) yield [String(row['source']), String(row['cursor'])];
  }

  /** One at a time: together they may be a hundred MiB. */
  *buckets(): Generator<Packed & { readonly bucket: number }, void> {
    const rows = this.#database.prepare('SELECT bucket, seq, packed FROM buckets').iterate();
    for (const row of rows) yield { bucket: Number(row['bucket']), ...packedOf(row) };
  }

  *segments(): Generator<Packed, void> {
    const rows = this.#database.prepare('SELECT seq, packed FROM segments ORDER BY seq').iterate();
    for (const row of rows) yield packedOf(row);
  }

  sessions(): PackedSessions | null {
    const stored = this.#database.prepare('SELECT packed FROM sessions').get();
    return stored === undefined ? null : (deserialize(stored['packed'] as Uint8Array) as PackedSessions);
  }

  /** The bans that stand, some thousand at a time. */
  *bans(): Generator<Ban[], void> {
    // By rowid, so that what is changed meanwhile does no harm. A number that JavaScript has not would stop the start.
    const standing = this.#database.prepare(
      `SELECT rowid, address, jail, since, until, ${counted('hits')}, policy, forced, ${counted('count')} FROM bans NOT INDEXED WHERE ended IS NULL AND rowid > ? ORDER BY rowid LIMIT ?`,
    );
    // Rows as arrays cost half of what objects do.
    standing.setReturnArrays(true);
    const texts: Texts = { jails: new Map(), policies: new Map() };
    for (let last = 0; ; ) {
      const rows = standing.all(last, readSize) as unknown as unknown[][];
      if (rows.length > 0) yield rows.map((row) => banOf(row, texts));
      if (rows.length < readSize) return;
      last = Number(rows.at(-1)?.[0]);
    }
  }

  close(): void {
    this.#database.close();
  }
}

const counted = (column: string): string => `max(0, min(${column}, ${mostCounted}))`;

/** The few jails and policies by what is stored, kept once and not for each of their bans. */
interface Texts {
  readonly jails: Map<string, string>;
  readonly policies: Map<string, Policy>;
}

function banOf(row: readonly unknown[], { jails, policies }: Texts): Ban {
  const [, address, jail, since, until, hits, policy, forced, count] = row;
  return {
    address: String(address),
    jail: once(String(jail), jails),
    since: Number(since),
    until: until === null ? null : Number(until),
    hits: Number(hits),
    count: Number(count),
    policy: once(String(policy), policies, storedPolicy),
    forced: forced === 1,
  };
}

function once(text: string, texts: Map<string, string>, read = (stored: string) => stored): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const kept = read(text);
  texts.set(text, kept);
  return kept;
}

function packedOf(row: Readonly<Record<string, unknown>>): Packed {
  return { seq: Number(row['seq']), packed: row['packed'] as Uint8Array };
}

import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BailiffError, messageOf } from '../core/errors.ts';

/** One step per schema version, in order; a released step is never edited. */
const migrations: readonly string[] = [
  `
  CREATE TABLE bans (
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL,
    hits INTEGER NOT NULL,
    ended REAL,
    reason TEXT
  ) STRICT;
  CREATE UNIQUE INDEX bans_active ON bans (jail, address) WHERE ended IS NULL;
  CREATE INDEX bans_ended ON bans (ended) WHERE ended IS NOT NULL;
  CREATE TABLE cursors (source TEXT PRIMARY KEY, cursor TEXT NOT NULL, moved REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE segments (seq INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT;
  CREATE TABLE buckets (bucket INTEGER PRIMARY KEY, seq INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;
  CREATE TABLE sessions (id INTEGER PRIMARY KEY CHECK (id = 0), packed BLOB NOT NULL) STRICT;
  `,
  `
  ALTER TABLE bans ADD COLUMN policy TEXT NOT NULL DEFAULT 'drop';
  ALTER TABLE bans ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE bans ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
  CREATE INDEX bans_of_address ON bans (address);
  `,
  `
  CREATE TABLE allowed (address TEXT PRIMARY KEY, since REAL NOT NULL, until REAL) STRICT, WITHOUT ROWID;
    `,
  `
  CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    jail TEXT NOT NULL,
    address TEXT NOT NULL,
    since REAL NOT NULL,
    lines TEXT NOT NULL
  ) STRICT;
  CREATE INDEX evidence_of_address ON evidence (address);
  CREATE INDEX evidence_since ON evidence (since);
  `,
];

/** What a write-ahead log that grew is cut back to, in bytes. */
const longestLog = 4 * 1024 * 1024;

/** SQLite's result codes (sqlite.org/rescode.html), of which extended ones carry more above the lowest byte. */
const busy = 5;
const corrupt = 11;
const notADatabase = 26;

/**
 * Opens the database, made or migrated as needed. One daemon at a time: the lock is exclusive, and
 * ends with the process however that dies. WAL with synchronous=NORMAL: a SIGKILL loses nothing; a
 * power loss leaves a consistent state a moment back (sqlite.org/pragma.html#pragma_synchronous).
 * @throws BailiffError ledger-in-use, ledger-newer: it must be left alone; ledger-damaged: it makes no sense;
 *   ledger-unusable: it cannot be opened or written just now
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  // It holds lines of logs: for its owner alone, also in a directory that others may look into.
  const mask = process.umask(0o077);
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    makePrivate(path);
    database = new DatabaseSync(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE;');
    const version = versionOf(database);
    // Free pages are given back little by little; this stands before the first table, or waits for a VACUUM.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;');
    database.exec(`PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${longestLog};`);
    migrate(database, version);
    check(database);
    return database;
  } catch (error) {
    database?.close();
    throw databaseError(path, error);
  } finally {
    process.umask(mask);
  }
}

/** What SQLite makes beside a database (WAL) has the database's mode. */
function makePrivate(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch {
    // It is not there yet, or is not ours, which to open it will tell.
  }
}

/** What SQLite threw, in the terms of `openDatabase`. */
export function databaseError(path: string, error: unknown): BailiffError {
  if (error instanceof BailiffError) return error;
  const message = messageOf(error);
  const details = { where: path, cause: error };
  switch (resultCode(error)) {
    case busy:
      return new BailiffError('ledger-in-use', 'another Bailiff uses the database', {
        ...details,
        remedy: 'Stop the other daemon, or give this one a BAILIFF_STATE_DIR of its own.',
      });
    case corrupt:
    case notADatabase:
      return new BailiffError('ledger-damaged', message, details);
    default:
      return new BailiffError('ledger-unusable', message, {
        ...details,
        remedy: 'Check that the directory of BAILIFF_STATE_DIR can be written and has room.',
      });
  }
}

function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

/** Asked before anything is written: a database of a newer Bailiff stays as it is. */
function versionOf(database: DatabaseSync): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new BailiffError(
      'ledger-newer',
      `the database was written by a newer Bailiff: its schema is version ${version}, this one knows up to ${migrations.length}`,
      { remedy: 'Run the newer Bailiff again, or move the database aside, which forgets all bans.' },
    );
  }
  return version;
}

function migrate(database: DatabaseSync, version: number): void {
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
  // With nothing to migrate, take the exclusive lock now rather than at the first ban.
  database.exec('BEGIN IMMEDIATE; COMMIT;');
}

/** Half a second for a million bans, so that damage is found now and not at some ban of next week. */
function check(database: DatabaseSync): void {
  const [problem] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (problem !== 'ok') throw new BailiffError('ledger-damaged', String(problem).replaceAll(/\s+/g, ' '));
}

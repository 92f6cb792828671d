import { mkdirSync } from 'node:fs';
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
];

/**
 * Opens the database, made or migrated as needed. One daemon at a time: the lock is exclusive, and
 * ends with the process however that dies. WAL with synchronous=NORMAL: a SIGKILL loses nothing; a
 * power loss leaves a consistent state a moment back (sqlite.org/pragma.html#pragma_synchronous).
 * @throws BailiffError ledger-unusable
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database);
    return database;
  } catch (error) {
    if (error instanceof BailiffError) throw error;
    throw unusable(path, error);
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new BailiffError(
      'ledger-unusable',
      `the database has schema version ${version}, this Bailiff knows up to ${migrations.length}`,
      { remedy: 'Run the newer Bailiff that wrote it, or move the database aside.' },
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
  // With nothing to migrate, take the exclusive lock now rather than at the first ban.
  database.exec('BEGIN IMMEDIATE; COMMIT;');
}

function unusable(path: string, error: unknown): BailiffError {
  const message = messageOf(error);
  const locked = message.includes('locked');
  return new BailiffError('ledger-unusable', locked ? 'another Bailiff uses the database' : message, {
    where: path,
    remedy: locked
      ? 'Stop the other daemon, or give this one a BAILIFF_STATE_DIR of its own.'
      : 'Check that the directory of BAILIFF_STATE_DIR can be written and has room.',
    cause: error,
  });
}

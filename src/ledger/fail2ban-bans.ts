import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { canonicalAddress } from '../core/address.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Address } from '../core/types.ts';

/** A ban as fail2ban keeps it. Times are seconds since the epoch. */
export interface Fail2banBan {
  readonly address: Address;
  readonly jail: string;
  readonly since: number;
  /** null: for ever. Absent: versions before 0.11 do not store it; it is `since` and the jail's ban time. */
  readonly until?: number | null;
  /** How often this jail has banned the address, this time included. */
  readonly bancount: number;
  /** How many failures led to it. */
  readonly failures: number;
}

/** Some of a database's bans. */
export interface Fail2banBans {
  readonly standing: readonly Fail2banBan[];
  /** Their time is over; fail2ban keeps them for their `bancount`. */
  readonly ended: readonly Fail2banBan[];
  /** What is no ban of an address, or makes no sense. */
  readonly unusable: readonly UnusableBan[];
}

export interface UnusableBan {
  readonly jail: string;
  /** What was banned, as it is written, at most 64 characters. */
  readonly id: string;
  readonly why: string;
}

/** Rows read at a time, some 20 ms of work: meanwhile fail2ban cannot write. */
const readSize = 5_000;
/** While fail2ban writes it is waited for, in ms. */
const patienceMs = 5_000;
const longestText = 64;
/** With the lines that matched: fail2ban keeps ten of a ban. */
const longestData = 1024 * 1024;
/** Seconds; what was to last longer than three hundred years lasts for ever. */
const longestBan = 1e10;
/** A count beyond this was not counted. */
const mostCounted = 1_000_000;
/** In fail2ban's `bantime`: for ever, and not known. */
const forEver = -1;
const unknown = -2;
/** The database's tables, the best first, and what a version may lack. From 0.11 on `bips` has the last ban of each. */
const tables = ['bips', 'bans'];
const always = ['jail', 'ip', 'timeofban'];

/**
 * Reads the bans of a `fail2ban.sqlite3` of any version, some thousand at a time. fail2ban may be running: nothing is
 * written, and it is kept waiting for moments. What it changes meanwhile may come twice. An address that a version before
 * 0.11 has banned again comes again.
 * @throws BailiffError fail2ban-bans-unreadable, also after a part of them
 */
export function* readFail2banBans(path: string, now: number): Generator<Fail2banBans, void> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: patienceMs });
    const statement = database.prepare(query(database, path));
    // A row's number may be any.
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    yield* partsOf(statement, now);
  } catch (error) {
    throw readable(path, error);
  } finally {
    database?.close();
  }
}

/** By rowid, and not in one query: that would keep fail2ban waiting to its end. */
function* partsOf(statement: StatementSync, now: number): Generator<Fail2banBans, void> {
  for (let last: unknown = -(2n ** 63n); ; ) {
    const rows = statement.all(last as bigint) as unknown as unknown[][];
    if (rows.length > 0) yield sorted(rows, now);
    if (rows.length < readSize) return;
    last = rows.at(-1)?.[0];
  }
}

/** Any column may hold anything (sqlite.org/flextypegood.html), so all are made what they should be, or NULL. */
function query(database: DatabaseSync, path: string): string {
  const columnsOf = database.prepare(
    "SELECT name FROM pragma_table_info(?) WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)",
  );
  for (const table of tables) {
    const columns = new Set(columnsOf.all(table, table).map(({ name }) => String(name)));
    if (!always.every((column) => columns.has(column))) continue;
    const number = (column: string) =>
      columns.has(column)
        ? `iif(typeof(${column}) IN ('integer', 'real'), CAST(${column} AS REAL), NULL)`
        : 'NULL';
    const text = (column: string) => `substr(CAST(${column} AS TEXT), 1, ${longestText + 1})`;
    const data = 'CAST(data AS TEXT)';
    const failures = columns.has('data')
      ? `iif(length(data) <= ${longestData} AND json_valid(${data}), CAST(json_extract(${data}, '$.failures') AS REAL), NULL)`
      : 'NULL';
    const bantime = columns.has('bantime') ? number('bantime') : `${unknown}.0`;
    const values = [text('ip'), text('jail'), number('timeofban'), bantime, number('bancount'), failures];
    return `SELECT rowid, ${values.join(', ')} FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${readSize}`;
  }
  throw new BailiffError('fail2ban-bans-unreadable', "the database holds no table of fail2ban's bans", {
    where: path,
    remedy: whichFile,
  });
}

function sorted(rows: readonly (readonly unknown[])[], now: number): Fail2banBans {
  const [standing, ended, unusable]: [Fail2banBan[], Fail2banBan[], UnusableBan[]] = [[], [], []];
  for (const row of rows) {
    const ban = banOf(row, now);
    if ('why' in ban) unusable.push(ban);
    else if (typeof ban.until === 'number' && ban.until <= now) ended.push(ban);
    else standing.push(ban);
  }
  return { standing, ended, unusable };
}

function banOf(row: readonly unknown[], now: number): Fail2banBan | UnusableBan {
  const [, ip, jailText, timeofban, bantime, bancount, failures] = row;
  const [id, jail] = [String(ip ?? ''), String(jailText ?? '')];
  const unusable = (why: string) => ({ jail: jail.slice(0, longestText), id: id.slice(0, longestText), why });
  const address = canonicalAddress(id);
  if (address === null) return unusable('no address');
  if (jail === '' || jail.length > longestText) return unusable('no name of a jail');
  if (!isTime(timeofban) || !isTime(bantime)) return unusable('no time');
  // What lies ahead of the clock counts as of now.
  const since = Math.min(timeofban, now);
  const ban = { address, jail, since, bancount: counted(bancount, 1), failures: counted(failures, 0) };
  return bantime === unknown ? ban : { ...ban, until: endOf(since, bantime) };
}

function endOf(since: number, bantime: number): number | null {
  return bantime === forEver || bantime >= longestBan ? null : since + bantime;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function counted(value: unknown, least: number): number {
  return isTime(value) ? Math.trunc(Math.min(Math.max(value, least), mostCounted)) : least;
}

const whichFile =
  "Name the file that fail2ban's `dbfile` says, usually /var/lib/fail2ban/fail2ban.sqlite3; in a container it must be mounted.";

/** SQLite's result codes (sqlite.org/rescode.html): the lowest byte says what happened, and to whom it belongs. */
const remedies: Readonly<Record<number, string>> = {
  5: 'Something else is writing there: try again.',
  8: 'Copy it, with its -journal or -wal, to a folder that can be written, and import the copy.',
  11: 'It is damaged. `sqlite3 FILE .recover | sqlite3 NEW` saves what can be saved: import NEW.',
  14: whichFile,
  26: `It is no SQLite database. ${whichFile}`,
};

function readable(path: string, error: unknown): BailiffError {
  if (error instanceof BailiffError) return error;
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  return new BailiffError('fail2ban-bans-unreadable', messageOf(error), {
    where: path,
    remedy: remedies[code] ?? whichFile,
    cause: error,
  });
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { type Fail2banBans, readFail2banBans } from './fail2ban-bans.ts';

const now = 2_000_000;

/** The tables of the versions of fail2ban's database, as far as bans go: 1 and 2, 3, 4. */
const schemas = {
  old: 'CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, data JSON);',
  counted:
    'CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, data JSON);',
  current:
    'CREATE TABLE bips(ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail)); CREATE TABLE bans(jail TEXT, ip TEXT, timeofban INTEGER);',
};

function databaseOf(...statements: string[]): string {
  const path = join(folderOf({}), 'fail2ban.sqlite3');
  const database = new DatabaseSync(path);
  for (const statement of statements) database.exec(statement);
  database.close();
  return path;
}

function read(path: string): Fail2banBans {
  const parts = [...readFail2banBans(path, now)];
  return {
    standing: parts.flatMap(({ standing }) => standing),
    ended: parts.flatMap(({ ended }) => ended),
    unusable: parts.flatMap(({ unusable }) => unusable),
  };
}

test('the present version: those that stand, those that ended, and what is no address', () => {
  const path = databaseOf(
    schemas.current,
    `INSERT INTO bips VALUES ('203.0.113.7', 'sshd', 1999900, 600, 3, '{"matches": ["x"], "failures": 5}')`,
    `INSERT INTO bips VALUES ('2001:DB8::5', 'sshd', 1999900, -1, 1, CAST('{"failures": 7}' AS BLOB))`,
    `INSERT INTO bips VALUES ('198.51.100.0/24', 'web', 1999900, -2, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.8', 'sshd', 1999400, 600, 2, NULL)`,
    `INSERT INTO bips VALUES ('alice', 'dovecot', 1999900, 600, 1, NULL)`,
    `INSERT INTO bans VALUES ('sshd', '203.0.113.99', 1999900)`,
  );
  const before = readFileSync(path);
  assert.deepEqual(read(path), {
    standing: [
      { address: '203.0.113.7', jail: 'sshd', since: 1_999_900, until: 2_000_500, bancount: 3, failures: 5 },
      { address: '2001:db8::5', jail: 'sshd', since: 1_999_900, until: null, bancount: 1, failures: 7 },
      { address: '198.51.100.0/24', jail: 'web', since: 1_999_900, bancount: 1, failures: 0 },
    ],
    ended: [
      { address: '203.0.113.8', jail: 'sshd', since: 1_999_400, until: 2_000_000, bancount: 2, failures: 0 },
    ],
    unusable: [{ jail: 'dovecot', id: 'alice', why: 'no address' }],
  });
  assert.deepEqual(readFileSync(path), before);
});

test('versions 1 and 2 do not say how long, 3 does', () => {
  const row = `'sshd', '203.0.113.7', 1999900`;
  const ban = { address: '203.0.113.7', jail: 'sshd', since: 1_999_900, bancount: 1, failures: 0 };
  assert.deepEqual(read(databaseOf(schemas.old, `INSERT INTO bans VALUES (${row}, '{}')`)).standing, [ban]);
  assert.deepEqual(
    read(databaseOf(schemas.counted, `INSERT INTO bans VALUES (${row}, 3600, 2, '{}')`)).standing,
    [{ ...ban, until: 2_003_500, bancount: 2 }],
  );
});

test('columns may hold anything', () => {
  const path = databaseOf(
    schemas.current,
    `INSERT INTO bips VALUES ('203.0.113.1', 'sshd', 'yesterday', 600, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.2', 'sshd', 9e999, 600, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.3', 'sshd', x'00ff', 600, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.4', 'sshd', 9223372036854775807, 9223372036854775807, -7, '{"failures": 1e300}')`,
    `INSERT INTO bips VALUES ('203.0.113.5', 'sshd', 1999900, 600, 'many', '{"failures": {"a": 1}}')`,
    `INSERT INTO bips VALUES ('203.0.113.6', 'sshd', 1999900, 600, 1e300, '{"failures": ')`,
    `INSERT INTO bips VALUES ('203.0.113.7', 'sshd', 1999900, -3, 1, NULL)`,
    `INSERT INTO bips VALUES (x'fffe00', 'sshd', 1999900, 600, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.8', '', 1999900, 600, 1, NULL)`,
    `INSERT INTO bips VALUES ('203.0.113.9', replace(hex(zeroblob(1000)), '0', 'j'), 1999900, 600, 1, NULL)`,
    `INSERT INTO bips VALUES (replace(hex(zeroblob(1000)), '0', '1.'), 'sshd', 1999900, 600, 1, NULL)`,
    `INSERT INTO bips (rowid, ip, jail, timeofban, bantime) VALUES (9223372036854775807, '203.0.113.10', 'sshd', 1999900, 600)`,
  );
  const { standing, ended, unusable } = read(path);
  assert.deepEqual(
    standing.map(({ address, since, until, bancount, failures }) => [
      address,
      since,
      until,
      bancount,
      failures,
    ]),
    [
      ['203.0.113.4', now, null, 1, 1_000_000],
      ['203.0.113.5', 1_999_900, 2_000_500, 1, 0],
      ['203.0.113.6', 1_999_900, 2_000_500, 1_000_000, 0],
      ['203.0.113.10', 1_999_900, 2_000_500, 1, 0],
    ],
  );
  assert.deepEqual(
    ended.map(({ address }) => address),
    ['203.0.113.7'],
  );
  assert.deepEqual(
    unusable.map(({ why }) => why),
    ['no time', 'no time', 'no time', 'no address', 'no name of a jail', 'no name of a jail', 'no address'],
  );
  for (const { id, jail } of unusable) assert.ok(id.length <= 64 && jail.length <= 64);
});

test('many are read in parts, while somebody else goes on writing', () => {
  const path = databaseOf(
    'PRAGMA journal_mode = WAL',
    schemas.current,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
      INSERT INTO bips SELECT '10.' || (i >> 16) || '.' || (i >> 8 & 255) || '.' || (i & 255), 'sshd', 1999900, 600, 1, NULL FROM n`,
  );
  const writer = new DatabaseSync(path);
  writer.exec(`INSERT INTO bips VALUES ('203.0.113.7', 'sshd', 1999900, 600, 1, NULL)`);
  assert.ok(existsSync(`${path}-wal`));
  const addresses: string[] = [];
  for (const { standing } of readFail2banBans(path, now)) {
    assert.ok(standing.length <= 5_000);
    addresses.push(...standing.map(({ address }) => address));
    writer.exec(`INSERT OR REPLACE INTO bips VALUES ('10.0.0.1', 'sshd', 1999901, 600, 2, NULL)`);
  }
  writer.close();
  assert.equal(new Set(addresses).size, 12_001);
  assert.ok(addresses.includes('203.0.113.7'));
});

const refusals: Readonly<Record<string, readonly [path: () => string, message: RegExp]>> = {
  'a file that is missing': [() => '/nonexistent/fail2ban.sqlite3', /./],
  'a folder': [() => folderOf({}), /./],
  'what is no database': [() => join(folderOf({ x: 'no database\n'.repeat(100) }), 'x'), /not a database/],
  'an empty file': [() => join(folderOf({ x: '' }), 'x'), /no table of fail2ban's bans/],
  'the database of something else': [() => databaseOf('CREATE TABLE bans(a, b)'), /no table of fail2ban's/],
  'what only looks like a table': [
    () => databaseOf('CREATE VIEW bips AS SELECT 1 AS ip, 2 AS jail, 3 AS timeofban'),
    /no table of fail2ban's/,
  ],
};
for (const [what, [path, message]] of Object.entries(refusals)) {
  test(`${what} is refused`, () => {
    const at = path();
    assert.throws(() => read(at), { code: 'fail2ban-bans-unreadable', where: at, message, remedy: /./ });
  });
}

test('of a damaged database what comes before the damage is read', () => {
  const path = databaseOf(
    schemas.current,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
      INSERT INTO bips SELECT '10.0.' || (i >> 8) || '.' || (i & 255), 'sshd', 1999900, 600, 1, NULL FROM n`,
  );
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, bytes.length / 2));
  let count = 0;
  const reading = () => {
    for (const { standing } of readFail2banBans(path, now)) count += standing.length;
  };
  assert.throws(reading, { code: 'fail2ban-bans-unreadable', remedy: /recover/ });
  assert.equal(count, 5_000);
  truncateSync(path, 2_000);
  assert.throws(() => read(path), { code: 'fail2ban-bans-unreadable', remedy: /recover/ });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { folderOf } from '../../../test/setup/folder.ts';
import { healthy, machineOf, noDaemon, remedies, said, settings } from '../../../test/setup/machine.ts';
import { storage } from './storage.ts';

const machineWith = (stateDir: string, daemon: typeof healthy | typeof noDaemon = noDaemon) =>
  machineOf({ daemon, settings: { ...settings, stateDir } });

function folderWithDatabase(): string {
  const folder = folderOf({});
  const database = new DatabaseSync(join(folder, 'bailiff.db'));
  database.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE bans (address TEXT); CREATE INDEX i ON bans (address);',
  );
  const insert = database.prepare('INSERT INTO bans VALUES (?)');
  for (let n = 0; n < 2_000; n += 1) insert.run(`203.0.113.${n}`);
  database.close();
  return folder;
}

test('a sound database, with a daemon and without', async () => {
  const folder = folderWithDatabase();
  for (const daemon of [healthy, noDaemon]) {
    assert.match((await said(storage, machineWith(folder, daemon))).join(), /^ok: .*: database of \d+ KiB$/);
  }
});

test('before the first start there is none', async () => {
  const folder = folderOf({});
  assert.deepEqual(await said(storage, machineWith(folder)), [`ok: ${folder}: no database yet`]);
  const missing = join(folder, 'missing');
  assert.deepEqual(await said(storage, machineWith(missing)), [`ok: ${missing}: no database yet`]);
  assert.match((await said(storage, machineWith(missing, healthy))).join(), /^problem: .* cannot be written/);
});

test('a state directory that is none', async () => {
  const folder = folderOf({ file: '' });
  const machine = machineWith(join(folder, 'file/state'));
  assert.match((await said(storage, machine)).join(), /^problem: .*file\/state cannot be written/);
  assert.match(await remedies(storage, machine), /mkdir -p .*file\/state/);
});

test('a database that is damaged', async () => {
  const folder = folderWithDatabase();
  const path = join(folder, 'bailiff.db');
  const damaged = Buffer.alloc(64 * 1024, 0x55);
  Buffer.from('SQLite format 3\0').copy(damaged);
  writeFileSync(path, damaged);
  assert.match((await said(storage, machineWith(folder))).join(), /^problem: .*bailiff\.db is damaged: /);
  writeFileSync(path, 'something else entirely, and long enough');
  assert.match((await said(storage, machineWith(folder))).join(), /is damaged: it is no database/);
  assert.match((await said(storage, machineWith(folder, healthy))).join(), /^ok/, 'a daemon knows better');
});

test('a database that the daemon cannot write', async () => {
  const status = { ...healthy, problems: ['bans cannot be stored: disk full'] };
  const machine = machineWith(folderWithDatabase(), status);
  assert.deepEqual(await said(storage, machine), ['problem: bans cannot be stored: disk full']);
  assert.match(await remedies(storage, machine), /df -h/);
});

test('damages of before', async () => {
  const folder = folderOf({ 'bailiff.db.corrupt-2026-01-01T00-00-00Z': '' });
  assert.match(
    (await said(storage, machineWith(folder))).join(),
    /^warning: a damaged database was set aside/,
  );
});

test('without a configuration there is no place to look', async () => {
  assert.match((await said(storage, machineOf({ settings: null }))).join(), /^not made/);
});

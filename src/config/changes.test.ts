import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { configurationChanges, describeChanges, runnable } from './changes.ts';
import { findFilters, shippedFilters } from './filters.ts';
import { loadConfiguration } from './load.ts';
import type { Configuration } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-changes-'));
after(() => rmSync(folder, { recursive: true }));

async function read(yaml: string): Promise<Configuration> {
  const file = join(folder, 'bailiff.yaml');
  writeFileSync(file, yaml);
  const knownFilters = await findFilters([shippedFilters]);
  return loadConfiguration({
    file,
    environment: {},
    knownFilters,
    usual: () => ({ logpath: ['/log'], journal: [] }),
  });
}

test('the same configuration, in another order and read again, changes nothing', async () => {
  const one = await read('{jails: {sshd: {maxretry: 3}, dropbear: {}}, log-level: warn}');
  const other = await read('{log-level: warn, jails: {dropbear: {}, sshd: {maxretry: "3"}}}');
  const changes = configurationChanges(one, other);
  assert.deepEqual(changes, { added: [], removed: [], changed: new Map(), options: [], restart: [] });
  assert.deepEqual(describeChanges(changes, []), []);
});

test('jails that come, go, are switched on and off, and change', async () => {
  const before = await read('jails: {sshd: {}, dropbear: {}, nginx-http-auth: {enabled: false}, vsftpd: {}}');
  const after = await read(
    'jails: {sshd: {maxretry: 2, bantime.increment: true}, dropbear: {enabled: false}, nginx-http-auth: {}, pure-ftpd: {}}',
  );
  const { added, removed, changed } = configurationChanges(before, after);
  assert.deepEqual(
    [added, removed],
    [
      ['nginx-http-auth', 'pure-ftpd'],
      ['dropbear', 'vsftpd'],
    ],
  );
  assert.deepEqual([...changed], [['sshd', ['maxretry', 'bantime.increment and its options']]]);
});

test('a default changes the jails that go by it', async () => {
  const before = await read('jails: {sshd: {}, dropbear: {bantime: 5m}}');
  const after = await read('{defaults: {bantime: 1h}, jails: {sshd: {}, dropbear: {bantime: 5m}}}');
  const { changed, options } = configurationChanges(before, after);
  assert.deepEqual([[...changed], options], [[['sshd', ['bantime']]], ['defaults']]);
});

test('what the daemon is built from waits for a restart, and is told of again and again', async () => {
  const before = await read('{enforce: iptables, log-level: info, state-dir: /here}');
  const token = 't'.repeat(32);
  const wanted = await read(
    `{api-listen: 9799, api-read-token: ${token}, listen: 9001, enforce: nftables, log-level: debug, state-dir: /elsewhere, notify: {ops: {type: mail, to: root}}}`,
  );
  const { options, restart } = configurationChanges(before, wanted);
  assert.deepEqual(
    [options, restart],
    [
      ['listen', 'api-listen, api-read-token or api-write-token', 'notify', 'log-level'],
      ['enforce', 'state-dir'],
    ],
  );
  const running = runnable(before, wanted);
  assert.deepEqual([running.listen?.port, running.enforce, running.stateDir], [9001, 'iptables', '/here']);
  assert.deepEqual(configurationChanges(running, wanted).restart, restart);
  assert.deepEqual(configurationChanges(running, before).restart, [], 'taken back');
});

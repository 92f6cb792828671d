import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { plainPolicy } from '../core/policy.ts';
import { Fail2banLog } from './fail2ban-log.ts';

const noon = new Date(2026, 10, 22, 12, 0, 0, 7).getTime() / 1000;
const ban = {
  address: '203.0.113.7',
  jail: 'sshd',
  since: noon,
  until: null,
  hits: 5,
  count: 1,
  policy: plainPolicy,
  forced: false,
};

/** What a log holds after that. */
async function logged(work: (log: Fail2banLog) => void): Promise<string[]> {
  const path = join(folderOf({}), 'fail2ban.log');
  const failed = (error: Error) => assert.fail(error);
  const log = new Fail2banLog({ path, clock: { now: () => noon }, pid: 4711, failed, recovered: () => {} });
  work(log);
  await log.close();
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.pop(), '');
  return lines;
}

test('each line is as fail2ban writes it', async () => {
  const lines = await logged((log) => {
    log.jailStarted('sshd');
    log.found('sshd', '2001:db8::5', noon - 61.5);
    log.banned(ban);
    log.restored(ban);
    log.alreadyBanned(ban, noon + 2);
    log.alreadyBanned(ban, noon + 3);
    log.alreadyBanned(ban, noon + 60);
    log.unbanned(ban);
    log.jailStopped('sshd');
  });
  const date = '2026-11-22 12:00:00,007';
  assert.deepEqual(lines, [
    `${date} fail2ban.jail           [4711]: INFO    Jail 'sshd' started`,
    `${date} fail2ban.filter         [4711]: INFO    [sshd] Found 2001:db8::5 - 2026-11-22 11:58:58`,
    `${date} fail2ban.actions        [4711]: NOTICE  [sshd] Ban 203.0.113.7`,
    `${date} fail2ban.actions        [4711]: NOTICE  [sshd] Restore Ban 203.0.113.7`,
    `${date} fail2ban.actions        [4711]: NOTICE  [sshd] 203.0.113.7 already banned`,
    `${date} fail2ban.actions        [4711]: WARNING [sshd] 203.0.113.7 already banned`,
    `${date} fail2ban.actions        [4711]: NOTICE  [sshd] Unban 203.0.113.7`,
    `${date} fail2ban.jail           [4711]: INFO    Jail 'sshd' stopped`,
  ]);
});

test('a /64 is logged as an address, other ranges as they are', async () => {
  const lines = await logged((log) => {
    for (const address of ['2001:db8:1:2::/64', '2001:db8::/48', '198.51.100.0/24']) {
      log.banned({ ...ban, address });
    }
  });
  assert.deepEqual(
    lines.map((line) => line.split(' ').at(-1)),
    ['2001:db8:1:2::', '2001:db8::/48', '198.51.100.0/24'],
  );
});

test('no name of a jail makes a line of its own', async () => {
  const lines = await logged((log) => log.banned({ ...ban, jail: "x] Ban 198.51.100.9\n['" }));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /NOTICE {2}\[x_ Ban 198\.51\.100\.9___\] Ban 203\.0\.113\.7$/);
});

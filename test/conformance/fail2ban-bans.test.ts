import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFail2banBans } from '../../src/ledger/fail2ban-bans.ts';
import { folderOf } from '../setup/folder.ts';
import { python } from './python.ts';

const writer = fileURLToPath(new URL('./fail2ban-bans.py', import.meta.url));
const now = 1_795_800_000;

test("the bans that fail2ban's own code has stored are read", () => {
  const path = join(folderOf({}), 'fail2ban.sqlite3');
  const bans = [
    ['sshd', '203.0.113.7', now - 100, 600, 3, 5],
    // Banned again: fail2ban keeps the last time.
    ['sshd', '203.0.113.7', now - 50, 1_200, 4, 6],
    ['web 2', '203.0.113.7', now - 100, -1, 1, 2],
    ['sshd', '2001:db8::5', now - 700, 600, 1, 5],
    ['sshd', 'alice', now - 100, 600, 1, 5],
  ];
  execFileSync(python, [writer, path, ...bans.flat().map(String)], { stdio: 'pipe' });
  assert.deepEqual(
    [...readFail2banBans(path, now)],
    [
      {
        standing: [
          {
            address: '203.0.113.7',
            jail: 'sshd',
            since: now - 50,
            until: now + 1_150,
            bancount: 4,
            failures: 6,
          },
          { address: '203.0.113.7', jail: 'web 2', since: now - 100, until: null, bancount: 1, failures: 2 },
        ],
        ended: [
          {
            address: '2001:db8::5',
            jail: 'sshd',
            since: now - 700,
            until: now - 100,
            bancount: 1,
            failures: 5,
          },
        ],
        unusable: [{ jail: 'sshd', id: 'alice', why: 'no address' }],
      },
    ],
  );
});

for (const version of [1, 2]) {
  test(`so are those of its version ${version}, as its tests keep one`, () => {
    const find = `import fail2ban.tests as t; print(t.__path__[0] + '/files/database_v${version}.db')`;
    const path = execFileSync(python, ['-c', find], { encoding: 'utf8' }).trim();
    const standing = [...readFail2banBans(path, now)].flatMap((part) => part.standing);
    const addresses = standing.map(({ address }) => address);
    assert.deepEqual(addresses, version === 1 ? ['127.0.0.1'] : ['1.2.3.7', '1.2.3.8']);
    assert.ok(standing.every((ban) => !('until' in ban) && ban.since < now));
  });
}

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { covers } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/types.ts';
import type { Change, Hook, Probe } from '../../src/enforce/backend.ts';
import { HostsDenyBackend } from '../../src/enforce/hosts-deny.ts';
import { readIgnoreFile } from '../../src/host/ignore-file.ts';

const driver = fileURLToPath(new URL('./hosts-deny-driver.ts', import.meta.url));
const theirs = '# the administrator\r\nsshd: 192.0.2.1\n# \xe9\xff\n';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-wrappers-'));
  path = join(directory, 'hosts.deny');
  await writeFile(path, theirs, 'latin1');
});

afterEach(() => rm(directory, { recursive: true }));

function ban(address: string): Change {
  return { kind: 'add', address, policy: 'drop', remaining: 600 };
}

function unban(address: string): Change {
  return { kind: 'delete', address, policy: 'drop' };
}

/** What libwrap makes of a connection to sshd, with the hosts.deny (and no hosts.allow) of a directory. */
async function verdicts(...addresses: string[]): Promise<string[]> {
  const asked = addresses.map(async (address) => {
    const { stdout } = await execa('tcpdmatch', ['-d', 'sshd', address], { cwd: directory });
    return `${address} ${/^access: +(\w+)$/m.exec(stdout)?.[1] ?? stdout}`;
  });
  return Promise.all(asked);
}

test('libwrap denies what is banned, and grants what is beside it', async () => {
  const hosts = new HostsDenyBackend({ clock: systemClock, path });
  await hosts.install();
  const banned = ['203.0.113.7', '198.51.100.0/24', '192.0.2.128/25', '2001:db8:1:2::/64', '2001:db8:9::7'];
  await hosts.apply([...banned, '2001:db8:8::/61'].map(ban));
  const outside = [
    '203.0.113.8',
    '198.51.101.0',
    '192.0.2.127',
    '2001:db8:1:3::1',
    '2001:db8:9::8',
    '2001:db8:8:8::1',
  ];
  const inside = [
    '203.0.113.7',
    '198.51.100.255',
    '192.0.2.129',
    '2001:db8:1:2:ffff::1',
    '2001:db8:9::7',
    '2001:db8:8:7::1',
    // The administrator's own line.
    '192.0.2.1',
  ];
  assert.deepEqual(await verdicts(...inside, ...outside), [
    ...inside.map((address) => `${address} denied`),
    ...outside.map((address) => `${address} granted`),
  ]);
  await hosts.apply([unban('203.0.113.7'), unban('2001:db8:1:2::/64')]);
  assert.deepEqual(await verdicts('203.0.113.7', '2001:db8:1:2::1', '198.51.100.1'), [
    '203.0.113.7 granted',
    '2001:db8:1:2::1 granted',
    '198.51.100.1 denied',
  ]);
  assert.equal(await hosts.uninstall(), true);
  assert.equal(await readFile(path, 'latin1'), theirs);
});

for (const [what, text] of [
  ['goes on with a backslash', 'sshd: 192.0.2.1 \\\n'],
  ['has no end', '# mine'],
] as const) {
  test(`libwrap heeds our lines also where the last line of others ${what}`, async () => {
    await writeFile(path, text);
    const hosts = new HostsDenyBackend({ clock: systemClock, path });
    await hosts.apply([ban('203.0.113.7')]);
    assert.deepEqual(await verdicts('203.0.113.7'), ['203.0.113.7 denied']);
  });
}

/** By daemon, rules that are honoured whole. */
const honoured: Readonly<Record<string, string>> = {
  one: '192.0.2.7',
  prefix: '192.0.2.',
  short: '10. 172.16.',
  mask: '192.0.2.0/255.255.255.128',
  length: '192.0.2.128/25',
  six: '[2001:db8:1::]/48 [2001:db8::7]',
  star: '192.0.2.*',
  except: '192.0.2. EXCEPT 192.0.2.0/25',
  exceptMore: '192.0.2., 10. EXCEPT 192.0.2.7 10.1.',
  denied: '192.0.2.7: deny\nsshd, denied: 192.0.2.',
  options: '192.0.2.7: severity auth.info: allow',
  continued: '\\\n192.0.2.7 \\\n 10.',
  unclean: '192.0.2.7/255.255.255.0',
  file: 'FOLDER/patterns',
};
/** Rules that let in whom we do not protect for it. */
const refused: Readonly<Record<string, string>> = {
  everybody: 'ALL',
  unknown: 'UNKNOWN',
  net: '0.0.0.0/0.0.0.0',
  deeper: '10. EXCEPT 10.1. EXCEPT 10.1.2.3',
  paranoid: '10. EXCEPT .example',
};
const clients = ['192.0.2.7', '192.0.2.200', '10.1.2.3', '10.9.9.9', '172.16.0.1', '192.0.20.7'];
const clients6 = ['2001:db8::7', '2001:db8:1:ffff::1', '2001:db8:2::1'];

test('whom hosts.allow keeps from being banned, libwrap lets in; where it is honoured whole, nobody else', async () => {
  const rules = Object.entries({ ...honoured, ...refused }).map(([daemon, list]) => `${daemon}: ${list}\n`);
  const allow = join(directory, 'hosts.allow');
  await writeFile(allow, rules.join('').replace('FOLDER', directory));
  await writeFile(join(directory, 'patterns'), '192.0.2.7\n10. [2001:db8:2::]/48');
  await writeFile(path, 'ALL: ALL\n');
  for (const daemon of Object.keys({ ...honoured, ...refused })) {
    const { entries } = await readIgnoreFile(`hosts.allow:${daemon}:${allow}`);
    const asked = [...clients, ...clients6].map(async (client) => {
      const { stdout } = await execa('tcpdmatch', ['-d', daemon, client], { cwd: directory });
      const isIn = /^access: +granted$/m.test(stdout);
      const isOurs = entries.some(({ entry }) => covers(entry, client));
      if (isOurs || daemon in honoured) assert.equal(isOurs, isIn, `${daemon} ${client}\n${stdout}`);
    });
    await Promise.all(asked);
  }
});

describe('a hosts.deny that a container has mounted', () => {
  let inside: string;

  beforeEach(async () => {
    await mkdir(join(directory, 'container'));
    inside = join(directory, 'container', 'hosts.deny');
    await writeFile(inside, '');
  });

  /** Takes steps in a mount namespace of their own, after `preparation`, whose $1 is the host's file and $2 ours. */
  async function contained(preparation: string, ...steps: unknown[][]): Promise<unknown[]> {
    const script = `set -e; ${preparation}; shift 2; exec "$@"`;
    const run = [process.execPath, driver, inside];
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', path, inside, ...run], {
      input: JSON.stringify(steps),
    });
    return JSON.parse(stdout);
  }

  const bind = 'mount --bind "$1" "$2"';
  const readOnlyRoot = `mount --bind "$(dirname "$2")" "$(dirname "$2")"; ${bind}; mount -o remount,bind,ro "$(dirname "$2")"`;

  for (const [where, preparation] of [
    ['', bind],
    [', under a root that is read-only', readOnlyRoot],
  ] as const) {
    test(`is written in place${where}`, async () => {
      const before = await stat(path);
      const many = Array.from({ length: 300 }, (_, index) => ban(`198.18.${index >> 8}.${index & 255}`));
      const answers = await contained(
        preparation,
        ['probe'],
        ['install'],
        ['apply', many],
        ['apply', [...many.slice(1).map(({ address }) => unban(address)), ban('203.0.113.7')]],
        ['install'],
        ['text'],
      );
      assert.equal((answers[0] as Probe).usable, true);
      assert.deepEqual([answers[2], answers[3]], [null, null]);
      assert.ok((answers[4] as Hook[]).every(({ ok, repaired }) => ok && repaired === undefined));
      const text = await readFile(path, 'latin1');
      assert.equal(answers[5], text);
      assert.ok(text.startsWith(theirs));
      assert.match(text, /\nALL: 198\.18\.0\.0\nALL: 203\.0\.113\.7\n# END bailiff\n$/);
      assert.deepEqual(await verdicts('198.18.0.0', '203.0.113.7', '198.18.0.1', '192.0.2.1'), [
        '198.18.0.0 denied',
        '203.0.113.7 denied',
        '198.18.0.1 granted',
        '192.0.2.1 denied',
      ]);
      assert.deepEqual(await contained(preparation, ['uninstall']), [true]);
      assert.equal(await readFile(path, 'latin1'), theirs);
      const after = await stat(path);
      assert.deepEqual([after.ino, after.mode], [before.ino, before.mode]);
      assert.equal(await readFile(inside, 'utf8'), '');
    });
  }

  test('is not taken for mounted where it is not', async () => {
    const [probe] = await contained('true', ['probe']);
    assert.equal((probe as Probe).usable, false);
    assert.match((probe as Probe).detail, /the container's own/);
  });

  for (const replace of [
    ['mv', 'new', 'hosts.deny'],
    ['mv', 'hosts.deny', 'hosts.deny~'],
  ]) {
    test(`is said to be an old one after ${replace.join(' ')} on the host`, async () => {
      await writeFile(join(directory, 'new'), theirs, 'latin1');
      const [file = '', ...names] = replace;
      const moved = names.map((name) => join(directory, name));
      const answers = await contained(bind, ['install'], ['run', file, ...moved], ['install']);
      assert.ok((answers[0] as Hook[]).every(({ ok }) => ok));
      const [hook] = answers[2] as Hook[];
      assert.equal(hook?.ok, false);
      assert.match(hook?.problem ?? '', /was replaced, and the old one is still mounted here/);
    });
  }

  test('is as it was after its disk was too full for a change', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => ban(`198.18.${index >> 8}.${index & 255}`));
    const small = 'mount -t tmpfs -o size=32k none "$(dirname "$2")"; cp "$1" "$2"; ln "$2" "$2.other"';
    const steps = [['apply', [ban('203.0.113.7')]], ['text'], ['apply', many], ['text'], ['install']];
    const answers = await contained(small, ...steps);
    assert.match((answers[2] as { error: string }).error, /cannot be written: ENOSPC/);
    assert.match(answers[1] as string, /ALL: 203\.0\.113\.7/);
    assert.equal(answers[3], answers[1]);
    assert.ok((answers[4] as Hook[]).every(({ ok }) => ok));
  });
});

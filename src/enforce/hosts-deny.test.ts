import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Policy } from '../core/policy.ts';
import type { Address } from '../core/types.ts';
import type { Change } from './backend.ts';
import { beginMarker, endMarker } from './hosts-deny/block.ts';
import { largestFile } from './hosts-deny/managed-file.ts';
import { HostsDenyBackend } from './hosts-deny.ts';

const above = '# the administrator\r\nsshd: 192.0.2.1\n';

let directory: string;
let path: string;
let now: number;
let hosts: HostsDenyBackend;

function backend(containerMarks: readonly string[] = []): HostsDenyBackend {
  const surroundings = { containerMarks, mountinfo: join(directory, 'mountinfo') };
  return new HostsDenyBackend({ clock: { now: () => now }, path, surroundings });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-hosts-'));
  path = join(directory, 'hosts.deny');
  now = 1_000;
  await writeFile(path, above);
  hosts = backend();
});

afterEach(() => rm(directory, { recursive: true }));

function ban(address: Address, remaining: number | null = 600, policy: Policy = 'drop'): Change {
  return { kind: 'add', address, policy, remaining };
}

function unban(address: Address, policy: Policy = 'drop'): Change {
  return { kind: 'delete', address, policy };
}

function block(...denied: string[]): string {
  return [beginMarker, ...denied.map((address) => `ALL: ${address}`), endMarker, ''].join('\n');
}

async function shows(...denied: string[]): Promise<void> {
  assert.equal(await readFile(path, 'utf8'), above + block(...denied));
}

const hooks = (more: object = {}) =>
  [4, 6].map((family) => ({ name: 'hosts.deny', family, ok: true, ...more }));

describe('installing', () => {
  test('makes the block, once, and says so', async () => {
    assert.deepEqual(await hosts.install(), hooks({ repaired: 'made' }));
    await shows();
    assert.deepEqual(await hosts.install(), hooks());
  });

  test('puts a block right that was damaged, and keeps what stands in it', async () => {
    await hosts.install();
    await hosts.apply([ban('203.0.113.7')]);
    await writeFile(path, (await readFile(path, 'utf8')).replace(`${endMarker}\n`, ''));
    assert.deepEqual(await hosts.install(), hooks({ repaired: 'made' }));
    await shows('203.0.113.7');
  });

  test('says what is wrong where the file is gone, and makes none', async () => {
    await rm(path);
    for (const { ok, problem } of await hosts.install()) {
      assert.equal(ok, false);
      assert.match(problem ?? '', /cannot be read: ENOENT.*; Bailiff does not create it/);
    }
    await assert.rejects(hosts.list(), { code: 'enforcement-failed' });
    await assert.rejects(hosts.apply([ban('203.0.113.7')]), { code: 'enforcement-failed' });
    await assert.rejects(readFile(path), { code: 'ENOENT' });
    assert.equal(await hosts.uninstall(), false);
  });

  for (const root of ['/etc/hosts.deny~', '/etc/hosts.deny//deleted']) {
    test(`says that the file behind a mount was replaced on the host (${root})`, async () => {
      const mounted = (name: string) =>
        writeFile(join(directory, 'mountinfo'), `9 1 8:1 ${name} ${path} rw - ext4 /dev/sda1 rw\n`);
      await mounted('/etc/hosts.deny');
      assert.ok((await hosts.install()).every(({ ok }) => ok));
      await mounted(root);
      const [hook] = await hosts.install();
      assert.equal(hook?.ok, false);
      assert.match(hook?.problem ?? '', /was replaced, and the old one is still mounted here/);
    });
  }
});

describe('bans', () => {
  test('come in the order of their coming, each address once, and go', async () => {
    await hosts.apply([ban('203.0.113.7'), ban('2001:db8:1:2::/64'), ban('203.0.113.7', 60)]);
    await hosts.apply([ban('198.51.100.0/24')]);
    await shows('203.0.113.7', '[2001:db8:1:2::]/64', '198.51.100.0/255.255.255.0');
    await hosts.apply([unban('2001:db8:1:2::/64'), ban('203.0.113.9'), unban('192.0.2.77')]);
    await shows('203.0.113.7', '198.51.100.0/255.255.255.0', '203.0.113.9');
  });

  test('stand while any policy wants them; what only logs denies nothing', async () => {
    await hosts.apply([
      ban('203.0.113.7'),
      ban('203.0.113.7', 60, 'reject 80/tcp'),
      ban('192.0.2.9', 9, 'log'),
    ]);
    await shows('203.0.113.7');
    assert.deepEqual(await hosts.list(), [
      { address: '192.0.2.9', policy: 'log', remaining: 9 },
      { address: '203.0.113.7', policy: 'drop', remaining: 600 },
      { address: '203.0.113.7', policy: 'reject 80/tcp', remaining: 60 },
    ]);
    await hosts.apply([unban('203.0.113.7'), ban('203.0.113.7', 60, 'log published web')]);
    await shows('203.0.113.7');
    await hosts.apply([unban('203.0.113.7', 'reject 80/tcp')]);
    await shows();
    assert.equal(await hosts.count(), 2);
  });

  test('that only log make no block', async () => {
    await hosts.apply([ban('203.0.113.7', 60, 'log'), unban('203.0.113.8')]);
    assert.equal(await readFile(path, 'utf8'), above);
  });

  test('leave the file when their time is over', async () => {
    await hosts.apply([ban('203.0.113.7', 60), ban('203.0.113.7', 90, 'reject'), ban('203.0.113.8', null)]);
    now += 60;
    assert.deepEqual(await hosts.list(), [
      { address: '203.0.113.7', policy: 'reject', remaining: 30 },
      { address: '203.0.113.8', policy: 'drop', remaining: null },
    ]);
    await hosts.install();
    await shows('203.0.113.7', '203.0.113.8');
    now += 30;
    await hosts.install();
    await shows('203.0.113.8');
    now += 1e9;
    await hosts.install();
    await shows('203.0.113.8');
  });

  test('are refreshed, which puts off their end', async () => {
    await hosts.apply([ban('203.0.113.7', 60)]);
    await hosts.apply([ban('203.0.113.7', 120), ban('203.0.113.8', 30)]);
    now += 60;
    await hosts.apply([ban('203.0.113.9')]);
    await shows('203.0.113.7', '203.0.113.9');
  });

  test("of an earlier life, or by hand, are nobody's: listed with no time, and removed or taken over", async () => {
    await hosts.apply([ban('203.0.113.7'), ban('203.0.113.8')]);
    const next = backend();
    assert.deepEqual(await next.list(), [
      { address: '203.0.113.7', policy: 'drop', remaining: 0 },
      { address: '203.0.113.8', policy: 'drop', remaining: 0 },
    ]);
    await next.install();
    await shows('203.0.113.7', '203.0.113.8');
    await next.apply([unban('203.0.113.7'), ban('203.0.113.9'), ban('203.0.113.8', 60)]);
    await shows('203.0.113.8', '203.0.113.9');
  });

  test('whose lines somebody took out are not listed', async () => {
    await hosts.apply([ban('203.0.113.7'), ban('203.0.113.8')]);
    await writeFile(path, above + block('203.0.113.8'));
    assert.deepEqual(await hosts.list(), [{ address: '203.0.113.8', policy: 'drop', remaining: 600 }]);
  });

  test('of what is no address are refused, after the others are in', async () => {
    for (const bad of ['0.0.0.0/0', '::/0', 'ALL', '203.0.113.9 EXCEPT 203.0.113.9', '192.0.2.1\nALL: ALL']) {
      const applied = hosts.apply([ban(bad), ban('203.0.113.7')]);
      await assert.rejects(applied, { code: 'address-invalid' });
      await shows('203.0.113.7');
    }
  });

  test('that find no room are refused, after those that do', async () => {
    const filler = `${'#'.repeat(largestFile - block('203.0.113.7').length - 1)}\n`;
    await writeFile(path, filler);
    const applied = hosts.apply([ban('203.0.113.7'), ban('203.0.113.8')]);
    await assert.rejects(applied, { code: 'enforcement-failed', message: /no room for 1 more/ });
    assert.ok((await readFile(path, 'utf8')) === filler + block('203.0.113.7'));
  });
});

test('uninstalling leaves the file as it was, and says whether there was anything', async () => {
  assert.equal(await hosts.uninstall(), false);
  await hosts.apply([ban('203.0.113.7')]);
  assert.equal(await backend().uninstall(), true);
  assert.equal(await readFile(path, 'utf8'), above);
  assert.equal(await hosts.uninstall(), false);
});

describe('probing', () => {
  test('says who heeds it', async () => {
    const { usable, detail } = await hosts.probe();
    assert.equal(usable, true);
    assert.match(detail, /only programs linked with libwrap heed it, and hosts\.allow/);
    assert.equal(await readFile(path, 'utf8'), above);
  });

  test('warns of a last line without an end', async () => {
    await writeFile(path, '# mine');
    assert.match((await hosts.probe()).detail, /its last line has no end/);
  });

  test('without the file it is not usable, and none is made', async () => {
    await rm(path);
    const { usable, detail } = await hosts.probe();
    assert.equal(usable, false);
    assert.match(detail, /ENOENT.*make an empty one/);
    await assert.rejects(readFile(path), { code: 'ENOENT' });
  });

  test('in a container it is usable where the file is mounted', async () => {
    const contained = backend([path]);
    const { usable, detail } = await contained.probe();
    assert.equal(usable, false);
    assert.match(detail, /the container's own.*mount the host's: -v/);
    // Another file's mount, and one whose name the kernel writes with an octal escape.
    await writeFile(join(directory, 'mountinfo'), `9 1 8:1 /etc/hosts ${path}s rw - ext4 /dev/sda1 rw\n`);
    assert.equal((await contained.probe()).usable, false);
    const written = path.replace('-', '\\055');
    await writeFile(
      join(directory, 'mountinfo'),
      `9 1 8:1 /etc/hosts.deny ${written} rw - ext4 /dev/sda1 rw\n`,
    );
    assert.equal((await contained.probe()).usable, true);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dnsServer, type Zone } from '../../test/setup/dns-server.ts';
import { type Dns, dnsOf } from './confirmed-names.ts';
import { IgnoreLists } from './ignore-lists.ts';
import { KeptNames } from './kept-names.ts';

test('names and files count as they are now, and as they were where they cannot be read any more', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'friends');
  writeFileSync(file, '203.0.113.1 # the first\n198.51.100.0/24, friend.example nonsense!\n');
  const known = new Map([
    ['home.example', ['192.0.2.1', '2001:DB8::1']],
    ['friend.example', ['192.0.2.9']],
  ]);
  const failures: string[] = [];
  const lists = new IgnoreLists({
    addresses: async (name) => {
      const addresses = known.get(name);
      if (addresses === undefined) throw new Error('no such name');
      return addresses;
    },
    failed: (what) => failures.push(what),
  });
  const entries = lists.of(['10.0.0.0/8', 'home.example', `file:${file}`], 'mine');
  const ranges = () => entries().map(({ range }) => range);
  assert.deepEqual(ranges(), ['10.0.0.0/8']);

  assert.equal(await lists.refresh(), true);
  const all = ['10.0.0.0/8', '192.0.2.1', '2001:db8::1', '203.0.113.1', '198.51.100.0/24', '192.0.2.9'];
  assert.deepEqual(ranges(), all);
  assert.equal(entries()[0]?.reason, 'mine');
  assert.equal(await lists.refresh(), false);

  known.delete('home.example');
  rmSync(file);
  assert.equal(await lists.refresh(), false);
  await lists.refresh();
  assert.deepEqual(ranges(), all);
  assert.deepEqual(failures, [file, file, 'home.example'], 'each is told once: a word, then the file');

  known.set('home.example', ['192.0.2.2']);
  assert.equal(await lists.refresh(), true);
  assert.deepEqual(ranges().slice(0, 2), ['10.0.0.0/8', '192.0.2.2']);
});

test('a name that nobody answers for holds nothing up for long', async () => {
  const failures: string[] = [];
  const lists = new IgnoreLists({
    addresses: () => new Promise(() => undefined),
    failed: (_what, problem) => failures.push(problem),
    longestLookupMs: 5,
  });
  lists.of(['slow.example'], 'mine');
  await lists.refresh();
  assert.deepEqual(failures, ['no answer within 5 ms']);
});

test('a domain means whoever has a name in it that leads back to him', async (t) => {
  const zone: Zone = new Map([
    ['PTR 7.2.0.192.in-addr.arpa', ['host.example.jp']],
    ['A host.example.jp', ['192.0.2.7']],
    // An attacker says whatever he likes of his own address.
    ['PTR 8.2.0.192.in-addr.arpa', ['host.example.jp', 'evil.example']],
    ['A evil.example', ['192.0.2.8']],
    ['PTR 9.2.0.192.in-addr.arpa', ['example.jp', 'xn--bad.example']],
    ['PTR 11.2.0.192.in-addr.arpa', null],
    [`PTR ${'1.'}${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, ['six.example.jp']],
    ['AAAA six.example.jp', ['2001:0db8:0000:0000:0000:0000:0000:0001']],
  ]);
  const { server, asked } = await dnsServer(t, zone);
  const changes: string[] = [];
  const lists = new IgnoreLists({ dns: dnsOf([server]), failed: () => undefined });
  lists.watch((address) => changes.push(address));
  const list = ['.example.jp'];
  const entries = lists.of(list, 'ignoreip');
  for (const address of ['192.0.2.7', '192.0.2.8', '192.0.2.9', '192.0.2.10', '192.0.2.11', '2001:db8::1'])
    await lists.ask(list, address);
  assert.deepEqual(entries(), [
    { range: '192.0.2.7', reason: 'ignoreip: .example.jp (host.example.jp)' },
    { range: '2001:db8::1', reason: 'ignoreip: .example.jp (six.example.jp)' },
  ]);
  assert.deepEqual(changes, ['192.0.2.7', '2001:db8::1']);
  assert.equal(asked.includes('A evil.example'), false, 'nobody asks for a name that cannot count');
  const before = asked.length;
  assert.equal(lists.ask(list, '192.0.2.7'), null);
  assert.equal(lists.ask(list, '192.0.2.10'), null);
  assert.equal(lists.ask(list, '192.0.2.11'), null);
  assert.equal(asked.length, before, 'what was answered is not asked again');
});

test('a restart while DNS is down forgets nobody who was confirmed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kept = new KeptNames(join(folder, 'confirmed-names.json'));
  const names = new Map<string, string | null>([['192.0.2.7', 'host.example.jp']]);
  const before = domainLists(names, kept);
  await before.lists.ask(before.list, '192.0.2.7');
  names.set('192.0.2.7', null);
  const after = domainLists(names, kept);
  await after.lists.refresh();
  assert.deepEqual(after.ranges(), ['192.0.2.7']);
  writeFileSync(
    join(folder, 'confirmed-names.json'),
    '{"192.0.2.7": ["\\u001b[2J"], "0300.1": ["a.example.jp"]}',
  );
  assert.deepEqual(kept.read(), []);
});

/** Lists with a domain, and DNS that answers as `names` says: null, it has trouble. */
function domainLists(names: Map<string, string | null>, kept?: KeptNames) {
  const clock = { seconds: 1_000 };
  const asked: string[] = [];
  const dns: Dns = {
    names: async (address) => {
      asked.push(address);
      const name = names.get(address);
      if (name === null) throw new Error('SERVFAIL');
      if (name === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
      return [name];
    },
    addresses: async (name) => [...names].filter(([, each]) => each === name).map(([address]) => address),
  };
  const lists = new IgnoreLists({
    dns,
    failed: () => undefined,
    now: () => clock.seconds,
    ...(kept && { kept }),
  });
  const list = ['.example.jp'];
  const entries = lists.of(list, 'mine');
  const ranges = () => entries().map(({ range }) => range);
  return { clock, asked, lists, list, ranges };
}

test('whoever was confirmed stays so while DNS has trouble, and until it says otherwise', async () => {
  const names = new Map<string, string | null>([['192.0.2.7', 'host.example.jp']]);
  const { clock, lists, list, ranges } = domainLists(names);
  await lists.ask(list, '192.0.2.7');
  names.set('192.0.2.7', null);
  for (const seconds of [3_600, 7_200, 80_000]) {
    clock.seconds += seconds;
    assert.equal(lists.ask(list, '192.0.2.7'), null, 'nobody waits for what was known');
    await lists.refresh(true);
    await new Promise(setImmediate);
    assert.deepEqual(ranges(), ['192.0.2.7']);
  }
  names.delete('192.0.2.7');
  clock.seconds += 60;
  await lists.refresh(true);
  await new Promise(setImmediate);
  assert.deepEqual(ranges(), []);
});

test('of whom nothing could be told it is asked again, ever more rarely, and who then turns out is told', async () => {
  const names = new Map<string, string | null>([['192.0.2.7', null]]);
  const { clock, asked, lists, list, ranges } = domainLists(names);
  await lists.ask(list, '192.0.2.7');
  assert.equal(lists.ask(list, '192.0.2.7'), null, 'the next ban does not wait');
  const times: number[] = [];
  for (; clock.seconds < 30_000; clock.seconds += 5) {
    const before = asked.length;
    await lists.refresh(true);
    await new Promise(setImmediate);
    if (asked.length > before) times.push(clock.seconds - 1_000);
  }
  assert.deepEqual(times, [60, 180, 420, 900, 1_860, 3_780, 7_620]);
  names.set('192.0.2.7', 'host.example.jp');
  await lists.ask(list, '192.0.2.7');
  assert.deepEqual(ranges(), ['192.0.2.7']);
});

test('a flood is not a flood of questions: of the rest nobody waits, and it is asked by and by', async () => {
  const { clock, asked, lists, list, ranges } = domainLists(new Map([['198.51.100.1', 'host.example.jp']]));
  const waits = Array.from({ length: 5_000 }, (_, each) =>
    lists.ask(list, `10.0.${each >> 8}.${each & 255}`),
  );
  assert.equal(lists.ask(list, '198.51.100.1'), null);
  await Promise.all(waits);
  assert.equal(asked.length, 200, 'as many as two seconds may have');
  for (let seconds = 0; seconds < 300; seconds += 5) {
    clock.seconds += 5;
    await lists.refresh(true);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.ok(asked.length <= 200 + 300 * 20, String(asked.length));
  assert.deepEqual(ranges(), ['198.51.100.1']);
});

test('a program says who is never banned: 0 and 1 are answers, and what it does otherwise is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'friend');
  const body = `#!/bin/sh\necho "$#:$1" >> ${folder}/asked\ncase "$1" in 192.0.2.1) exit 0 ;; 192.0.2.2) exit 1 ;; esac\necho no database\nexit 3\n`;
  writeFileSync(program, body, { mode: 0o700 });
  const failures: string[] = [];
  const lists = new IgnoreLists({ failed: (what, problem) => failures.push(`${what} ${problem}`) });
  const list = [`command:${program}`];
  const entries = lists.of(list, 'mine');
  const asked = ['192.0.2.1', '192.0.2.2', '192.0.2.1'].map((address) => lists.ask(list, address));
  await Promise.all(asked);
  assert.deepEqual(entries(), [{ range: '192.0.2.1', reason: `mine: ${program} says so` }]);
  await lists.ask(list, '192.0.2.3');
  assert.deepEqual(failures, [`${program} exit code 3: no database`]);
  assert.deepEqual(lists.problems(), [`${program}: exit code 3: no database`]);
  assert.deepEqual(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').sort(), [
    '1:192.0.2.1',
    '1:192.0.2.2',
    '1:192.0.2.3',
  ]);
});

test('hosts.allow: networks count by themselves, domains when they are asked, with what they except', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'hosts.allow');
  writeFileSync(
    file,
    'sshd: 192.0.2.0/31\nsshd: .example.jp EXCEPT 198.51.100.2 .bad.example.jp\nftpd: 10.\n',
  );
  const names = new Map([
    ['198.51.100.1', 'a.example.jp'],
    ['198.51.100.2', 'b.example.jp'],
    ['198.51.100.3', 'c.bad.example.jp'],
  ]);
  const { lists } = domainLists(names);
  const list = [`hosts.allow:sshd:${file}`];
  const entries = lists.of(list, 'ignoreip');
  await lists.refresh();
  for (const address of names.keys()) await lists.ask(list, address);
  assert.deepEqual(entries(), [
    { range: '192.0.2.0/31', reason: `ignoreip: ${file}:1, 192.0.2.0/31` },
    { range: '198.51.100.1', reason: `ignoreip: ${file}:2, .example.jp (a.example.jp)` },
  ]);
});

test('a changed file is read once it stays as it is; a wrong line is told with its place, and the others count', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'friends');
  writeFileSync(file, '192.0.2.1\n');
  const lists = new IgnoreLists({ failed: () => undefined });
  const entries = lists.of([`file:${file}`], 'ignoreip');
  await lists.refresh();
  writeFileSync(file, '192.0.2.1\n\n192.0.2.256 # mistyped\n192.0.2.3\n');
  assert.equal(await lists.refresh(true), false, 'it may be half written');
  assert.equal(await lists.refresh(true), true);
  assert.deepEqual(
    entries().map(({ reason }) => reason),
    [`ignoreip: ${file}:1, 192.0.2.1`, `ignoreip: ${file}:4, 192.0.2.3`],
  );
  assert.deepEqual(lists.problems(), [`${file}:3: "192.0.2.256" names nobody`]);
  lists.keepOnly(['.example.jp']);
  await lists.refresh();
  assert.deepEqual(lists.problems(), [], 'a list that nobody has any more');
});

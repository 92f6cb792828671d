import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { controlOf, socketOf } from '../../test/setup/fake-control.ts';
import type { DaemonEvent, WhyAnswer } from '../control/protocol.ts';
import type { PastBan } from '../core/types.ts';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const escapes = '\u001b[2J\u009b31m\u202e';
const line = { time: 1_790_000_000, source: 'file:/var/log/auth.log', line: `Invalid user ***${escapes}` };

const ban: PastBan = {
  address: '203.0.113.7',
  jail: 'sshd',
  since: 1_790_000_000,
  until: 1_790_000_600,
  hits: 5,
  count: 2,
  policy: 'drop',
  forced: false,
  ended: null,
  reason: null,
};
const over: PastBan = { ...ban, since: 1_780_000_000, ended: 1_780_000_600, reason: 'expired', count: 1 };

const free: WhyAnswer = {
  address: '203.0.113.8',
  counted: '203.0.113.8',
  verdict: 'free',
  enforcement: { backend: 'fake', state: 'enforcing', detail: '' },
  bans: [],
  inside: { count: 0, bans: [] },
  protectedBy: [],
  windows: [],
  earlier: [],
  next: [],
  dropsUnknown: null,
};
const answers: Readonly<Record<string, WhyAnswer>> = {
  '203.0.113.7': {
    ...free,
    address: '203.0.113.7',
    counted: '203.0.113.7',
    verdict: 'banned',
    enforcement: { backend: 'none', state: 'dry-run', detail: 'asked for' },
    bans: [
      {
        ...ban,
        policy: 'drop 22/tcp',
        ports: '22/tcp',
        counts: 'attempts',
        evidence: [line],
        dropped: { packets: 1_234, bytes: 74_040 },
      },
      {
        ...ban,
        jail: 'near',
        address: '203.0.113.0/24',
        hits: 10,
        ports: 'all',
        counts: 'addresses',
        evidence: [],
        dropped: null,
      },
    ],
    dropsUnknown: 'the kernel\u001b[2J did not tell',
    earlier: [{ ...over, counts: 'bans', evidence: [line] }],
    next: [
      {
        jail: 'sshd',
        address: '203.0.113.7',
        seconds: 1_200,
        more: 60,
        attempts: 3,
        counts: 'attempts',
        growth: { ban: 3, ofAll: true, forget: 86_400 },
      },
      {
        jail: 'near',
        address: '203.0.113.0/24',
        seconds: 600,
        more: 0,
        attempts: 10,
        counts: 'addresses',
        growth: null,
      },
    ],
  },
  '203.0.113.8': free,
  '203.0.113.10': {
    ...free,
    address: '203.0.113.10',
    counted: '203.0.113.10',
    verdict: 'banned',
    bans: [{ ...ban, policy: 'log', ports: 'all', counts: 'attempts', evidence: [], dropped: null }],
  },
  '203.0.113.9': {
    ...free,
    address: '203.0.113.9',
    counted: '203.0.113.9',
    verdict: 'protected',
    protectedBy: [{ jail: null, entry: '203.0.113.0/24', reason: 'ignoreip' }],
  },
};

const unasked = () => assert.fail('not asked here');
const queries: unknown[] = [];
const happened: readonly DaemonEvent[] = [
  {
    event: 'ban',
    time: 1_790_000_000,
    jail: 'sshd',
    address: '203.0.113.7',
    until: null,
    hits: 5,
    counts: 'attempts',
  },
  {
    event: 'ban',
    time: 1_790_000_000,
    jail: 'near',
    address: '203.0.113.0/24',
    until: 1_790_000_600,
    hits: 10,
    counts: 'addresses',
  },
  { event: 'repair', time: 1_790_000_001, what: `BAILIFF ${escapes}` },
];
const control = controlOf({
  why: (address) => answers[address] ?? unasked(),
  history: (query) => {
    queries.push(query);
    return query.before === undefined
      ? { bans: [{ ...ban, jail: '=cmd' }], next: 7 }
      : { bans: [over], next: null };
  },
  recentEvents: () => happened,
  follow: (reader) => {
    setImmediate(() => {
      for (const event of happened) reader(`${JSON.stringify(event)}\n`);
      const last: DaemonEvent = { event: 'cut-off', time: 1_790_000_002, message: 'too slow' };
      reader(`${JSON.stringify(last)}\n`);
    });
    return () => undefined;
  },
});
const socket = socketOf(control);

const bailiff = (...args: string[]) =>
  execa(process.execPath, [cli, ...args], {
    env: { BAILIFF_SOCKET: socket, TZ: 'UTC' },
    reject: false,
    stripFinalNewline: false,
  });

const hasRaw = (text: string): boolean => ['\u001b', '\u009b', '\u202e'].some((each) => text.includes(each));

test('why says who bans an address, what that shuts, which lines led to it and what comes next', async () => {
  const { stdout, exitCode } = await bailiff('why', '203.0.113.7');
  assert.equal(exitCode, 0);
  assert.equal(hasRaw(stdout), false);
  for (const part of [
    /^203\.0\.113\.7 is banned\.$/m,
    /! Enforcement is dry-run/,
    /by sshd, after 5 attempts, since 2026-09-21 14:13:20, until .*; ban 2 of it in this jail/,
    /packets from it to 22\/tcp would be dropped; its packets to other ports.* are not touched/,
    /^ {4}1,234 packets, 74,040 bytes, dropped since it stands in the kernel's set$/m,
    /^Packets dropped: not known, since the kernel\\x1b\[2J did not tell$/m,
    /2026-09-21 14:13:20 {2}file:\/var\/log\/auth\.log {2}Invalid user \*\*\*\\x1b\[2J/,
    /^ {2}the range 203\.0\.113\.0\/24, by near, after 10 banned addresses, since /m,
    /^Next ban by sshd: 20m to 21m, after 3 attempts; ban 3 of all jails, the first again once 1d went by without one$/m,
    /^Next ban of the range 203\.0\.113\.0\/24 by near: 10m, after 10 banned addresses$/m,
    /^Earlier bans: 1$/m,
    /^ {2}by sshd at 2026-05-28 20:26:40, after 5 bans by other jails; it was over at/m,
  ])
    assert.match(stdout, part);
  assert.doesNotMatch(stdout, /are dropped/);
});

test('why says of others why they are not banned', async () => {
  assert.match(
    (await bailiff('why', '203.0.113.10')).stdout,
    /^203\.0\.113\.10 is banned for the record alone, and let in\.\n(?:.*\n)+? {4}all packets from it are let through and logged/,
  );
  assert.match(
    (await bailiff('why', '203.0.113.8')).stdout,
    /is not banned: no jail counts anything of it now/,
  );
  assert.match(
    (await bailiff('why', '203.0.113.9')).stdout,
    /is not banned: it is protected\.\n {2}no jail bans it: ignoreip \(203\.0\.113\.0\/24\)/,
  );
});

test('why --json is the answer as it is, and shows a terminal nothing raw', async () => {
  const { stdout } = await bailiff('why', '203.0.113.7', '--json');
  assert.deepEqual(JSON.parse(stdout), answers['203.0.113.7']);
  assert.equal(hasRaw(stdout), false);
});

test('history comes by pages, the newest first, as a table, as JSON and as CSV', async () => {
  const table = await bailiff('history', '--since', '7d', '--jail', 'sshd');
  assert.match(table.stdout, /^203\.0\.113\.7 +=cmd +5 +2026-09-21 14:13:20 +stands$/m);
  assert.match(table.stdout, /^203\.0\.113\.7 +sshd +5 +2026-05-28 20:26:40 +10m +expired$/m);
  const [first, second] = queries as { since: number; jail: string; before?: number }[];
  assert.equal(first?.jail, 'sshd');
  assert.ok(Math.abs((first?.since ?? 0) - (Date.now() / 1000 - 7 * 86_400)) < 600);
  assert.deepEqual(second, { ...first, before: 7 });
  const csv = await bailiff('history', '--csv');
  assert.equal(
    csv.stdout,
    [
      'address,jail,since,until,ended,reason,hits',
      "203.0.113.7,'=cmd,2026-09-21T14:13:20.000Z,2026-09-21T14:23:20.000Z,,,5",
      '203.0.113.7,sshd,2026-05-28T20:26:40.000Z,2026-09-21T14:23:20.000Z,2026-05-28T20:36:40.000Z,expired,5',
      '',
    ].join('\r\n'),
  );
  const json = JSON.parse((await bailiff('history', '--json')).stdout);
  assert.deepEqual(json[1], {
    address: '203.0.113.7',
    jail: 'sshd',
    since: over.since,
    until: over.until,
    hits: 5,
    ended: over.ended,
    reason: 'expired',
  });
  assert.equal((await bailiff('history', '--csv', '--json')).exitCode, 2);
  assert.equal((await bailiff('history', '--since', 'soon')).exitCode, 2);
});

test('events tells what happened; with --follow until it is cut off, which is an error', async () => {
  const { stdout } = await bailiff('events');
  assert.match(stdout, /^2026-09-21 14:13:20 {2}ban +sshd {2}203\.0\.113\.7 {2}for ever {2}5 attempts$/m);
  assert.match(stdout, /near {2}203\.0\.113\.0\/24 {2}10m {2}10 banned addresses$/m);
  assert.equal(hasRaw(stdout), false);
  const followed = await bailiff('events', '--follow', '--json');
  const lines = followed.stdout.trimEnd().split('\n');
  assert.deepEqual(JSON.parse(lines[0] ?? ''), happened[0]);
  assert.deepEqual(JSON.parse(lines[1] ?? ''), happened[1]);
  assert.equal(JSON.parse(lines[3] ?? '').event, 'cut-off');
  assert.equal(followed.exitCode, 1);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { targetsOf } from '../../test/setup/targets.ts';
import { Allowlist } from '../core/allowlist.ts';
import { plainPolicy } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Clock } from '../core/types.ts';
import { bucketCount, bucketOf, type Windows } from '../core/window.ts';
import { Ledger } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-ledger-'));
after(() => rmSync(folder, { recursive: true }));

const limits = { maxretry: 5, findtime: 600, maxTracked: 10_000 };

interface Time extends Clock {
  seconds: number;
}

function clockAt(seconds: number): Time {
  return { seconds, now: () => time.seconds };
}
let time: Time = clockAt(0);

function open(name: string, at = 10_000): Ledger {
  time = clockAt(at);
  const ledger = new Ledger({
    path: join(folder, name),
    clock: time,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  for (const _ of ledger.readBans());
  return ledger;
}

/** As a SIGKILL leaves it: what was not committed is gone. */
const killed = (ledger: Ledger): void => ledger.close();

const ban = { address: '203.0.113.7', jail: 'sshd', bantime: 600, hits: 5, policy: plainPolicy };

function timesOf(windows: Windows): Record<string, number[]> {
  const all: Record<string, number[]> = {};
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const { addresses, counts, times } = windows.pack(bucket, 0);
    let from = 0;
    for (const [index, address] of addresses.entries()) {
      all[address] = [...times.subarray(from, from + (counts[index] ?? 0))];
      from += counts[index] ?? 0;
    }
  }
  return all;
}

test('a committed ban survives, an uncommitted one does not', () => {
  const ledger = open('bans.db');
  assert.equal(ledger.ban(ban).outcome, 'banned');
  ledger.commit();
  ledger.ban({ ...ban, address: '203.0.113.8' });
  killed(ledger);
  const again = open('bans.db', 10_100);
  assert.deepEqual(
    [...again.active.all()],
    [
      {
        address: '203.0.113.7',
        jail: 'sshd',
        since: 10_000,
        until: 10_600,
        hits: 5,
        policy: 'drop',
        count: 1,
        forced: false,
      },
    ],
  );
  assert.deepEqual([...again.active.merged], [['203.0.113.7', 10_600]]);
  again.close();
});

test('the allow check stands before every ban', () => {
  const ledger = open('allow.db');
  assert.deepEqual(ledger.ban({ ...ban, address: '127.0.0.1' }), {
    outcome: 'protected',
    reason: 'loopback',
  });
  const allow = [{ range: '203.0.113.0/24', reason: 'ignoreip of jail sshd' }];
  assert.equal(ledger.ban({ ...ban, allow }).outcome, 'protected');
  assert.equal(ledger.active.size, 0);
  assert.equal(ledger.dirty, false);
  ledger.close();
});

test('a running ban is prolonged, never shortened', () => {
  const ledger = open('prolong.db');
  ledger.ban(ban);
  assert.equal(ledger.ban({ ...ban, bantime: 60 }).outcome, 'already');
  const told = ledger.ban({ ...ban, bantime: 60, before: 6 });
  assert.equal(told.outcome === 'protected' ? 0 : told.ban.count, 7, 'how often it was banned is learned');
  assert.equal(ledger.ban({ ...ban, bantime: null }).outcome, 'prolonged');
  assert.equal(ledger.ban({ ...ban, bantime: 9_999 }).outcome, 'already');
  ledger.commit();
  killed(ledger);
  const again = open('prolong.db');
  assert.equal(again.active.get('sshd', '203.0.113.7')?.until, null);
  again.close();
});

test('a ban that is made again with the same end, by two looks at the clock, is the one that stands', () => {
  const ledger = open('same.db');
  ledger.ban(ban);
  time.seconds += 0.003;
  assert.equal(ledger.ban(ban).outcome, 'already');
  assert.deepEqual(
    [...ledger.active.all()].map(({ until, hits }) => [until, hits]),
    [[10_600, 5]],
  );
  ledger.close();
});

test('the kernel sees the longest ban of an address over all jails', () => {
  const ledger = open('merged.db');
  ledger.ban(ban);
  ledger.ban({ ...ban, jail: 'web', bantime: 60 });
  assert.equal(ledger.active.merged.get('203.0.113.7'), 10_600);
  assert.equal(ledger.active.nextExpiry(), 10_060);
  const [first] = ledger.active.expired(10_060);
  assert.equal(first?.jail, 'web');
  if (first !== undefined) ledger.unban(first, 'expired');
  assert.equal(ledger.active.merged.get('203.0.113.7'), 10_600);
  assert.equal(ledger.active.nextExpiry(), 10_600);
  assert.deepEqual(ledger.active.expired(10_599), []);
  for (const over of ledger.active.expired(10_600)) ledger.unban(over, 'expired');
  assert.equal(ledger.active.merged.size, 0);
  assert.equal(ledger.active.nextExpiry(), null);
  ledger.commit();
  killed(ledger);
  const again = open('merged.db');
  assert.equal(again.active.size, 0);
  again.close();
});

test('a ban for ever has no end: after restarts, in the kernel, in the history, until somebody ends it', () => {
  const ledger = open('permanent.db');
  ledger.ban({ ...ban, bantime: null });
  ledger.ban({ ...ban, address: '203.0.113.8' });
  assert.equal(ledger.ban(ban).outcome, 'already', 'nothing makes it shorter');
  ledger.commit();
  killed(ledger);
  const again = open('permanent.db', 10_000 + 20 * 365 * 86_400);
  assert.equal(again.active.get('sshd', ban.address)?.until, null);
  assert.deepEqual(
    again.active.expired(time.seconds).map(({ address }) => address),
    ['203.0.113.8'],
  );
  assert.equal(again.active.merged.get(ban.address), null);
  assert.deepEqual([...again.active.permanentByJail], [['sshd', 1]]);
  const stored = again.history(null).bans.find(({ address }) => address === ban.address);
  assert.deepEqual([stored?.until, stored?.ended], [null, null]);
  for (const each of [...again.active.all()]) again.unban(each, 'manual');
  assert.deepEqual([...again.active.permanentByJail], []);
  again.close();
});

test('cursor and counts move together', () => {
  const ledger = open('cursor.db');
  const windows = ledger.openWindows('sshd', limits);
  windows.add('203.0.113.7', 10_000, 2);
  ledger.counted({ jail: 'sshd', address: '203.0.113.7', time: 10_000, attempts: 2 });
  ledger.moveCursor('file:/log', 'at 100');
  ledger.commit();
  windows.add('203.0.113.7', 10_001, 1);
  ledger.counted({ jail: 'sshd', address: '203.0.113.7', time: 10_001, attempts: 1 });
  ledger.moveCursor('file:/log', 'at 200');
  killed(ledger);
  const again = open('cursor.db');
  assert.equal(again.cursor('file:/log'), 'at 100');
  assert.deepEqual(timesOf(again.openWindows('sshd', limits)), { '203.0.113.7': [10_000, 10_000] });
  again.close();
});

test('windows come back exactly after any number of checkpoints, bans and restarts', () => {
  let ledger = open('windows.db');
  let windows = ledger.openWindows('sshd', limits);
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 1_500; step++) {
    const address = `198.51.${random(4)}.${random(256)}`;
    time.seconds = 10_000 + step;
    if (random(20) === 0) ledger.ban({ ...ban, address });
    else {
      windows.add(address, 10_000 + step, 1);
      ledger.counted({ jail: 'sshd', address, time: 10_000 + step, attempts: 1 });
    }
    if (random(3) === 0) ledger.commit();
    if (step % 311 === 310) {
      ledger.commit();
      const before = timesOf(windows);
      killed(ledger);
      ledger = open('windows.db', 10_000 + step);
      windows = ledger.openWindows('sshd', limits);
      assert.deepEqual(timesOf(windows), before, `after step ${step}`);
    }
  }
  ledger.commit();
  killed(ledger);
  const database = new DatabaseSync(join(folder, 'windows.db'));
  const segments = Number(database.prepare('SELECT count(*) AS n FROM segments').get()?.['n']);
  database.close();
  assert.ok(segments > 0 && segments <= bucketCount, `${segments} segments are kept`);
});

test('windows of a jail that a label brings later are kept for it', () => {
  const ledger = open('late.db');
  const windows = ledger.openWindows('web', limits);
  windows.add('203.0.113.7', 10_000, 3);
  ledger.counted({ jail: 'web', address: '203.0.113.7', time: 10_000, attempts: 3 });
  ledger.commit();
  killed(ledger);
  const again = open('late.db');
  for (let step = 0; step < 2 * bucketCount; step++) {
    again.moveCursor('other', String(step));
    again.commit();
  }
  killed(again);
  const third = open('late.db');
  assert.deepEqual(timesOf(third.openWindows('web', limits)), { '203.0.113.7': [10_000, 10_000, 10_000] });
  assert.ok(bucketOf('203.0.113.7') >= 0);
  third.close();
});

test('sessions come back', () => {
  const line = {
    filter: 0,
    kind: 'nofail',
    time: 10_000,
    host: '203.0.113.7',
    session: '7',
    user: '',
    fields: '',
    line: '',
  } as const;
  const sessions = new Sessions();
  const ledger = new Ledger({
    path: join(folder, 'sessions.db'),
    clock: clockAt(10_000),
    allowlist: new Allowlist(),
    sessions,
  });
  sessions.merge('s', line);
  ledger.moveCursor('s', 'x');
  ledger.commit();
  killed(ledger);
  const copy = new Sessions();
  const again = new Ledger({
    path: join(folder, 'sessions.db'),
    clock: clockAt(10_000),
    allowlist: new Allowlist(),
    sessions: copy,
  });
  assert.equal(copy.merge('s', { ...line, kind: 'hit', host: '' })?.host, '203.0.113.7');
  again.close();
});

test('a second daemon on the same database is refused, in words', () => {
  const ledger = open('locked.db');
  assert.throws(() => open('locked.db'), {
    code: 'ledger-in-use',
    message: 'another Bailiff uses the database',
  });
  ledger.close();
});

test('a database of a newer Bailiff is refused, not damaged', () => {
  open('newer.db').close();
  const database = new DatabaseSync(join(folder, 'newer.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => open('newer.db'), { code: 'ledger-newer', message: /schema is version 99, this one/ });
});

test('a failed commit loses nothing: the next one stores it', () => {
  const ledger = open('full.db');
  const windows = ledger.openWindows('sshd', limits);
  ledger.ban(ban);
  windows.add('203.0.113.9', 10_000, 1);
  ledger.counted({ jail: 'sshd', address: '203.0.113.9', time: 10_000, attempts: 1 });
  const now = time.now;
  // A duplicate write stands in for a full disk: SQLite refuses in the middle of the transaction.
  Object.defineProperty(time, 'now', { value: () => Symbol('not a number') as unknown as number });
  assert.throws(() => ledger.commit());
  Object.defineProperty(time, 'now', { value: now });
  assert.equal(ledger.dirty, true);
  ledger.commit();
  killed(ledger);
  const again = open('full.db');
  assert.equal(again.active.size, 1);
  assert.deepEqual(timesOf(again.openWindows('sshd', limits)), { '203.0.113.9': [10_000] });
  again.close();
});

test('more changes than are kept while nothing can be stored are not lost either', () => {
  const ledger = open('backlog.db');
  const windows = ledger.openWindows('sshd', limits);
  for (let index = 0; index < 200_500; index++) {
    const address = `198.51.${(index >> 8) & 7}.${index & 255}`;
    windows.add(address, 10_000, 1);
    ledger.counted({ jail: 'sshd', address, time: 10_000, attempts: 1 });
  }
  const before = timesOf(windows);
  ledger.commit();
  windows.add('203.0.113.7', 10_001, 1);
  ledger.counted({ jail: 'sshd', address: '203.0.113.7', time: 10_001, attempts: 1 });
  ledger.commit();
  killed(ledger);
  const again = open('backlog.db');
  assert.deepEqual(timesOf(again.openWindows('sshd', limits)), { ...before, '203.0.113.7': [10_001] });
  again.close();
});

test('a long findtime and a high maxretry survive a restart', () => {
  const ledger = open('long.db', 1_000_000);
  const wide = { maxretry: 5_000, findtime: 60 * 86_400, maxTracked: 10_000 };
  const windows = ledger.openWindows('slow', wide);
  windows.add('203.0.113.7', 1_000_000 - 50 * 86_400, 2_000);
  ledger.counted({ jail: 'slow', address: '203.0.113.7', time: 1_000_000 - 50 * 86_400, attempts: 2_000 });
  for (let step = 0; step < 2 * bucketCount; step++) {
    ledger.moveCursor('other', String(step));
    ledger.commit();
  }
  killed(ledger);
  const again = open('long.db', 1_000_001);
  assert.equal(again.openWindows('slow', wide).add('203.0.113.7', 1_000_001, 1), 2_001);
  again.close();
});

test('cursors of sources that are long gone are forgotten', () => {
  const ledger = open('gone.db');
  ledger.moveCursor('docker:1', 'x');
  ledger.commit();
  killed(ledger);
  const soon = open('gone.db', 10_000 + 80 * 86_400);
  assert.equal(soon.cursor('docker:1'), 'x');
  killed(soon);
  const later = open('gone.db', 10_000 + 100 * 86_400);
  assert.equal(later.cursor('docker:1'), null);
  later.close();
});

test('policies: the kernel sees each target, a jail’s bans can move to another, all of it survives', () => {
  const ledger = open('policies.db');
  ledger.ban(ban);
  ledger.ban({ ...ban, jail: 'web', policy: 'reject 80/tcp', bantime: 60 });
  assert.deepEqual(targetsOf(ledger).sort(), ['203.0.113.7', '203.0.113.7 reject 80/tcp']);
  assert.deepEqual([...ledger.active.policies()].sort(), ['drop', 'reject 80/tcp']);
  const moved = ledger.movePolicy('web', 'drop 443/tcp');
  assert.deepEqual(
    moved.map(({ before, after }) => [before.policy, after.policy]),
    [['reject 80/tcp', 'drop 443/tcp']],
  );
  assert.deepEqual(ledger.movePolicy('web', 'drop 443/tcp'), []);
  ledger.commit();
  killed(ledger);
  const again = open('policies.db');
  assert.deepEqual(targetsOf(again).sort(), ['203.0.113.7', '203.0.113.7 drop 443/tcp']);
  for (const each of [...again.active.all()]) again.unban(each, 'manual');
  assert.deepEqual([[...again.active.merged], [...again.active.policies()]], [[], []]);
  again.close();
});

test('a forced ban passes the ignore lists, but never an own address, and is known as forced', () => {
  const path = 'forced.db';
  time = clockAt(10_000);
  const allowlist = new Allowlist();
  allowlist.replace('ignoreip', [{ range: '203.0.113.7', reason: 'ignoreip' }]);
  allowlist.replace('own', [{ range: '198.51.100.1', reason: 'an own address (eth0)' }]);
  const ledger = new Ledger({
    path: join(folder, path),
    clock: time,
    allowlist,
    sessions: new Sessions(),
  });
  assert.equal(ledger.ban(ban).outcome, 'protected');
  assert.equal(ledger.ban({ ...ban, force: true }).outcome, 'banned');
  assert.equal(ledger.active.isForced('203.0.113.7'), true);
  const free = { ...ban, address: '203.0.113.8' };
  assert.equal(ledger.ban(free).outcome, 'banned');
  assert.equal(ledger.ban({ ...free, force: true }).outcome, 'already');
  assert.equal(ledger.active.isForced('203.0.113.8'), true, 'whoever insists later insists as well');
  for (const address of ['198.51.100.1', '198.51.100.0/24', '127.0.0.1']) {
    assert.equal(ledger.ban({ ...ban, address, force: true }).outcome, 'protected', address);
  }
  ledger.commit();
  killed(ledger);
  const again = open(path);
  assert.equal(again.active.isForced('203.0.113.7'), true);
  for (const each of [...again.active.all()]) again.unban(each, 'manual');
  assert.equal(again.active.isForced('203.0.113.7'), false);
  again.close();
});

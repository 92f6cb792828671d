import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowlist } from '../core/allowlist.ts';
import { noIncrement } from '../core/ban-increment.ts';
import { Jail } from '../core/jail.ts';
import { plainPolicy } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { FakeBackend } from '../enforce/fake.ts';
import { Ledger } from '../ledger/ledger.ts';
import { ClockWatch } from './clock-watch.ts';

const hour = 3_600;

/** Ledger and kernel on two clocks, as in life: timeouts in the kernel follow no step and stand still in a suspend. */
async function assemble() {
  const wall = { seconds: 1_000_000, now: () => wall.seconds };
  const steady = { seconds: 50, now: () => steady.seconds };
  const backend = new FakeBackend(steady);
  const ledger = new Ledger({
    path: ':memory:',
    clock: wall,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  for (const _ of ledger.readBans());
  const enforcer = new Enforcer({
    backend,
    clock: wall,
    monotonic: steady,
    desired: () => ledger.active.merged,
    policies: () => [{ policy: plainPolicy, action: 'drop', ports: null }],
    protectedReason: () => null,
    events: { applied: () => {}, failed: () => {}, repaired: () => {}, refused: () => {} },
    schedule: () => () => {},
  });
  await enforcer.start();
  const watch = new ClockWatch(wall, () => ledger.clockWentBack());
  const limits = {
    name: 'sshd',
    maxretry: 3,
    findtime: 600,
    bantime: hour,
    increment: noIncrement,
    ignoreip: [],
    maxTracked: 100,
  };
  const jail = new Jail(limits, ledger.openWindows('sshd', limits));
  return {
    wall,
    steady,
    ledger,
    jail,
    ban: async (address: string, bantime: number) => {
      ledger.ban({ address, jail: 'sshd', bantime, hits: 3, policy: plainPolicy });
      await enforcer.changed(address);
    },
    pass: (seconds: number) => {
      wall.seconds += seconds;
      steady.seconds += seconds;
    },
    /** What the daemon does every second, and the enforcer every few. */
    look: async () => {
      watch.look();
      for (const over of ledger.active.expired(wall.now())) ledger.unban(over, 'expired');
      ledger.commit();
      await enforcer.reconcile();
    },
    remaining: async (address: string) =>
      (await backend.list()).find((element) => element.address === address)?.remaining ?? null,
    stands: (address: string) => backend.drops(address),
  };
}

test('a suspend of eight hours: bans end at their time, the others have the rest of theirs', async () => {
  const { wall, ban, look, stands, remaining } = await assemble();
  await ban('203.0.113.1', hour);
  await ban('203.0.113.2', 10 * hour);
  wall.seconds += 8 * hour;
  assert.equal(await remaining('203.0.113.2'), 10 * hour, 'the kernel knows nothing of it');
  await look();
  assert.deepEqual([stands('203.0.113.1'), stands('203.0.113.2')], [false, true]);
  assert.equal(await remaining('203.0.113.2'), 2 * hour);
});

test('set forward by an hour: what is over by then ends, windows begin anew', async () => {
  const { wall, ban, look, stands, remaining, jail } = await assemble();
  await ban('203.0.113.1', 600);
  await ban('203.0.113.2', 2 * hour);
  assert.deepEqual(jail.judge('203.0.113.9', wall.now(), 2, wall.now()), {
    verdict: 'counted',
    count: 2,
    time: 1_000_000,
  });
  wall.seconds += hour;
  await look();
  assert.equal(stands('203.0.113.1'), false);
  assert.equal(await remaining('203.0.113.2'), hour);
  assert.equal(jail.judge('203.0.113.9', wall.now() - hour, 1, wall.now()).verdict, 'stale');
  const again = jail.judge('203.0.113.9', wall.now(), 1, wall.now());
  assert.deepEqual([again.verdict, again.verdict === 'stale' ? 0 : again.count], ['counted', 1]);
});

test('set back by an hour: nobody stays banned for longer than was meant, and every attempt counts', async () => {
  const { wall, ban, look, stands, remaining, jail, pass } = await assemble();
  await ban('203.0.113.1', 600);
  pass(100);
  jail.judge('203.0.113.9', wall.now(), 2, wall.now());
  wall.seconds -= hour;
  await look();
  assert.equal(await remaining('203.0.113.1'), 600);
  assert.equal(
    jail.judge('203.0.113.9', wall.now(), 1, wall.now()).verdict,
    'ban',
    'two attempts before the step and one after it',
  );
  pass(601);
  await look();
  assert.equal(stands('203.0.113.1'), false);
});

test('a clock that is corrected by fractions of a second changes nothing', async () => {
  const { wall, ban, look, remaining } = await assemble();
  await ban('203.0.113.1', 600);
  wall.seconds -= 0.5;
  await look();
  assert.equal(await remaining('203.0.113.1'), 600);
});

test('steps are told, whichever way; time that passes is none', () => {
  const wall = { seconds: 1_000_000, now: () => wall.seconds };
  const steady = { seconds: 50, now: () => steady.seconds };
  const told: number[] = [];
  const watch = new ClockWatch(wall, () => undefined, { steady, stepped: (by) => told.push(by) });
  for (const [onWall, passed] of [
    [1, 1],
    [30, 30],
    [0.5, 1],
    [-hour, 1],
    [1, 1],
    [hour, 0],
  ] as const) {
    wall.seconds += onWall;
    steady.seconds += passed;
    watch.look();
  }
  assert.deepEqual(told, [-hour - 1, hour]);
});

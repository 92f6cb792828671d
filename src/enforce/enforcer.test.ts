import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DryRunBackend } from './dry-run.ts';
import { Enforcer } from './enforcer.ts';
import { FakeBackend } from './fake.ts';

const one = '203.0.113.1';
const two = '203.0.113.2';

/** An enforcer over a fake kernel, with a clock and timers that move when told to. */
function setUp(own: readonly string[] = []) {
  const clock = {
    time: 1_000_000,
    now() {
      return this.time;
    },
  };
  const backend = new FakeBackend(clock);
  const desired = new Map<string, number | null>();
  const events: string[] = [];
  const timers: { run: () => void; ms: number }[] = [];
  const enforcer = new Enforcer({
    backend,
    clock,
    desired: () => desired,
    protectedReason: (address) => (own.includes(address) ? 'yours' : null),
    events: {
      applied: (adds, deletes) => void events.push(`applied ${adds} ${deletes}`),
      failed: () => void events.push('failed'),
      repaired: (what) => void events.push(`repaired ${what}`),
      refused: (address, reason) => void events.push(`refused ${address} ${reason}`),
    },
    schedule: (run, ms) => {
      timers.push({ run, ms });
      return () => undefined;
    },
  });
  const ban = (address: string, seconds = 600): Promise<void> => {
    desired.set(address, clock.time + seconds);
    return enforcer.changed(address);
  };
  const unban = (address: string): Promise<void> => {
    desired.delete(address);
    return enforcer.changed(address);
  };
  return { clock, backend, desired, events, timers, enforcer, ban, unban };
}

test('starting installs, brings what the ledger holds and removes what it does not', async () => {
  const { backend, desired, clock, enforcer, events } = setUp();
  backend.plant('192.0.2.1', 500);
  desired.set(one, clock.time + 60);
  desired.set(two, null);
  await enforcer.start();
  assert.equal(backend.installed, true);
  assert.deepEqual([backend.drops(one), backend.drops(two), backend.drops('192.0.2.1')], [true, true, false]);
  assert.deepEqual(events, ['applied 2 1'], 'bringing the bans at start is no repair');
  const status = enforcer.status();
  assert.deepEqual([status.state, status.detail, status.lastReconcile], ['enforcing', '', clock.time]);
  clock.time += 60;
  assert.deepEqual(
    [backend.drops(one), backend.drops(two)],
    [false, true],
    'the kernel ends a ban by itself',
  );
});

test('a ban resolves when the kernel has it, an unban when it is gone', async () => {
  const { backend, enforcer, ban, unban } = setUp();
  await enforcer.start();
  await ban(one);
  assert.equal(backend.drops(one), true);
  assert.equal(enforcer.status().elements, 1);
  await unban(one);
  assert.equal(backend.drops(one), false);
  assert.equal(enforcer.status().elements, 0);
});

test('changes made while a batch is in flight form the next one', async () => {
  const { backend, enforcer, ban, unban } = setUp();
  await enforcer.start();
  const release = backend.stall();
  const first = ban(one);
  // The first batch is on its way when this turn of the event loop is over.
  await new Promise(setImmediate);
  const later = Array.from({ length: 100 }, (_, index) => ban(`198.51.100.${index}`));
  const gone = unban('198.51.100.0');
  release();
  await Promise.all([first, ...later, gone]);
  assert.deepEqual(
    backend.batches.map((batch) => batch.length),
    [1, 100],
  );
  assert.equal(backend.drops('198.51.100.0'), false, 'the last word on an address counts');
  assert.equal(backend.drops('198.51.100.1'), true);
});

test('a ban and an unban made while reconcile reads the kernel are not undone by it', async () => {
  const { backend, enforcer, ban, unban } = setUp();
  await enforcer.start();
  await ban(two);
  const release = backend.stall();
  const reconciled = enforcer.reconcile();
  await new Promise(setImmediate);
  const banned = ban(one);
  const unbanned = unban(two);
  release();
  await Promise.all([reconciled, banned, unbanned]);
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
  await enforcer.reconcile();
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
});

test('what others did to the kernel is repaired and told', async () => {
  const { backend, enforcer, ban, events } = setUp();
  await enforcer.start();
  await ban(one);
  backend.flush();
  backend.plant('192.0.2.1', 500);
  backend.hooks = [{ name: 'INPUT', family: 4, ok: true, repaired: true }];
  events.length = 0;
  const report = await enforcer.reconcile();
  assert.deepEqual([report.adds, report.deletes], [1, 1]);
  assert.deepEqual(events, [
    'applied 1 1',
    'repaired rules: INPUT (IPv4)',
    'repaired elements: 1 put right, 1 removed',
  ]);
  assert.equal(backend.drops(one), true);
});

test('a ban that fails once is brought by the repair that follows', async () => {
  const { backend, enforcer, ban, events } = setUp();
  await enforcer.start();
  backend.failures.apply = 1;
  await ban(one);
  assert.equal(backend.drops(one), true);
  assert.deepEqual(events.slice(0, 2), ['failed', 'applied 1 0']);
  assert.equal(enforcer.status().state, 'enforcing');
});

test('a ban that the kernel refuses rejects, is owed, and comes with the next reconciliation', async () => {
  const { backend, enforcer, ban, timers } = setUp();
  await enforcer.start();
  backend.failures.apply = 3;
  await assert.rejects(ban(one), { code: 'enforcement-failed' });
  await assert.rejects(ban(two), { code: 'enforcement-failed' });
  assert.equal(enforcer.status().state, 'degraded');
  assert.match(enforcer.status().detail, /told to fail to apply/);
  assert.deepEqual([backend.drops(one), backend.drops(two)], [false, false]);
  assert.equal(timers.at(-1)?.ms, 1_000, 'soon after a failure');
  timers.at(-1)?.run();
  await enforcer.reconcile();
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, true]);
  assert.equal(enforcer.status().state, 'enforcing');
});

test('a start that fails leaves it degraded, is retried, and throws nothing', async () => {
  const { backend, desired, enforcer, timers, events } = setUp();
  desired.set(one, null);
  backend.failures.install = 2;
  await enforcer.start();
  assert.equal(enforcer.status().state, 'degraded');
  assert.equal(enforcer.status().lastReconcile, null);
  await assert.rejects(enforcer.reconcile());
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [1_000, 2_000],
  );
  await enforcer.reconcile();
  assert.equal(enforcer.status().state, 'enforcing');
  assert.equal(backend.drops(one), true);
  assert.deepEqual(events, ['failed', 'failed', 'applied 1 0']);
});

test('a hook that does not hold makes it degraded, and names it', async () => {
  const { backend, enforcer } = setUp();
  backend.hooks = [
    { name: 'INPUT', family: 4, ok: true },
    { name: 'INPUT', family: 6, ok: false, problem: 'no ip6tables' },
  ];
  await enforcer.start();
  assert.equal(enforcer.status().state, 'degraded');
  assert.equal(enforcer.status().detail, 'INPUT (IPv6): no ip6tables');
});

test('what must never be banned never reaches the kernel, by no path, and leaves it at start', async () => {
  const { backend, enforcer, ban, events, desired } = setUp([one, two]);
  backend.plant(one, 600);
  desired.set(one, null);
  await enforcer.start();
  assert.equal(backend.drops(one), false);
  await ban(two);
  await enforcer.reconcile();
  await ban(two);
  assert.equal(backend.drops(two), false);
  assert.ok(backend.batches.flat().every(({ kind }) => kind === 'delete'));
  assert.deepEqual(
    events.filter((event) => event.startsWith('refused')),
    [`refused ${one} yours`, `refused ${two} yours`],
    'and is told once',
  );
});

test('dry-run is never called enforcing', async () => {
  const { clock, desired } = setUp();
  const none = () => undefined;
  const enforcer = new Enforcer({
    backend: new DryRunBackend(clock),
    clock,
    desired: () => desired,
    protectedReason: () => null,
    events: { applied: none, failed: none, repaired: assert.fail, refused: none },
    schedule: () => none,
  });
  await enforcer.start();
  desired.set(one, null);
  await enforcer.changed(one);
  await enforcer.reconcile();
  assert.equal(enforcer.status().state, 'dry-run');
  assert.equal(enforcer.status().elements, 1);
});

test('stopping waits for what is queued and leaves the bans; teardown takes them', async () => {
  const stopped = setUp();
  await stopped.enforcer.start();
  const queued = stopped.ban(one);
  await stopped.enforcer.stop();
  await queued;
  assert.deepEqual([stopped.backend.drops(one), stopped.backend.installed], [true, true]);
  assert.equal(stopped.backend.closed, true);
  await assert.rejects(stopped.ban(two), { message: /stopped/ });

  const torn = setUp();
  await torn.enforcer.start();
  await torn.ban(one);
  await torn.enforcer.teardown();
  assert.deepEqual(
    [torn.backend.drops(one), torn.backend.installed, torn.backend.closed],
    [false, false, true],
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type PolicyRule, plainPolicy as policy } from '../core/policy.ts';
import { DryRunBackend } from './dry-run.ts';
import { Enforcer } from './enforcer.ts';
import { FakeBackend } from './fake.ts';
import { proofAddress } from './proof.ts';

const one = '203.0.113.1';
const two = '203.0.113.2';
const protectedOne = '203.0.113.3';

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
}

/** An enforcer over a fake kernel, with a clock and timers that move when told to. */
function setUp(own: readonly string[] = [protectedOne], path: 'shut' | 'open' = 'shut') {
  const clock = {
    time: 1_000_000,
    now() {
      return this.time;
    },
  };
  const backend = new FakeBackend(clock);
  const desired = new Map<string, number | null>();
  const policies: PolicyRule[] = [{ policy, action: 'drop', ports: null }];
  const events: string[] = [];
  const timers: { run: () => void; ms: number }[] = [];
  /** Whether the proof's address was banned when it knocked. */
  const knocked: boolean[] = [];
  const enforcer = new Enforcer({
    backend,
    clock,
    monotonic: clock,
    desired: () => desired,
    policies: () => policies,
    protectedReason: (address) => (own.includes(address) ? 'yours' : null),
    events: {
      applied: (adds, deletes) => void events.push(`applied ${adds} ${deletes}`),
      failed: (_, operation) => void events.push(`failed ${operation}`),
      repaired: (what, kinds) => void events.push(`repaired ${what} (${kinds.join(', ')})`),
      refused: (address, reason) => void events.push(`refused ${address} ${reason}`),
    },
    prove: async () => {
      knocked.push(backend.drops(proofAddress));
      return { path };
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
  return { clock, backend, desired, policies, events, timers, knocked, enforcer, ban, unban };
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

test('bans that are read only while it starts are brought, and all of them read where the kernel refuses', async () => {
  for (const refused of [false, true]) {
    const { backend, desired, clock, enforcer } = setUp();
    if (refused) backend.failures.list = 1;
    backend.plant('192.0.2.1', 500);
    const left: [string, number][] = [
      [one, clock.time + 60],
      [two, clock.time + 60],
    ];
    const restored = {
      [Symbol.iterator]: () => ({
        next: () => {
          const next = left.shift();
          if (next === undefined) return { done: true as const, value: undefined };
          desired.set(...next);
          return { done: false as const, value: next };
        },
      }),
    };
    await enforcer.start(restored);
    assert.equal(desired.size, 2);
    assert.deepEqual([backend.drops(one), backend.drops(two)], [!refused, !refused]);
    await enforcer.reconcile();
    assert.deepEqual(
      [backend.drops(one), backend.drops(two), backend.drops('192.0.2.1')],
      [true, true, false],
    );
  }
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
  await turn();
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

test('a ban and an unban made while reconcile reads the kernel wait not for it, and are not undone by it', async () => {
  const { backend, enforcer, ban, unban, events } = setUp();
  await enforcer.start();
  await ban(two);
  events.length = 0;
  const release = backend.stall('list');
  const reconciled = enforcer.reconcile();
  await turn();
  assert.equal(backend.calls.list, 2, 'the kernel was read before the changes');
  await Promise.all([ban(one), unban(two)]);
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
  release();
  const report = await reconciled;
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
  assert.deepEqual([report.adds, report.deletes], [0, 0]);
  assert.deepEqual(events, ['applied 1 1'], 'news is no repair');
});

test('what is in flight, or waits, when reconcile begins to read is not undone by it, and no repair', async () => {
  const { backend, enforcer, ban, unban, events } = setUp();
  await enforcer.start();
  await ban(two);
  events.length = 0;
  const apply = backend.stall('apply');
  const list = backend.stall('list');
  const changed = [ban(one), unban(two)];
  await turn();
  changed.push(ban('203.0.113.9'));
  const reconciled = enforcer.reconcile();
  await turn();
  apply();
  await Promise.all(changed);
  list();
  await reconciled;
  assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
  assert.deepEqual(events, ['applied 1 1', 'applied 1 0']);
});

test('an unban made while a large difference is being repaired holds', async () => {
  const { backend, enforcer, desired, clock, unban } = setUp();
  await enforcer.start();
  const addresses = many(10_000);
  for (const address of addresses) desired.set(address, clock.time + 600);
  const release = backend.stall('apply');
  const reconciled = enforcer.reconcile();
  while (backend.calls.apply === 0) await turn();
  // The last of them stands in a part that is not yet sent.
  const last = addresses.at(-1) ?? '';
  const gone = unban(last);
  release();
  await Promise.all([gone, reconciled]);
  assert.equal(backend.drops(last), false);
  assert.equal(backend.drops(addresses[0] ?? ''), true);
  assert.ok(
    backend.batches.every(({ length }) => length <= 2_000),
    'a single ban waits for a part only',
  );
});

test('a ban waits for no stuck repair of the rules', async () => {
  const { backend, enforcer, ban } = setUp();
  await enforcer.start();
  const release = backend.stall('install');
  const reconciled = enforcer.reconcile();
  await ban(one);
  assert.equal(backend.drops(one), true);
  release();
  await reconciled;
});

test('a ban made before the start is over waits for the sets', async () => {
  const { backend, enforcer, ban } = setUp();
  const release = backend.stall('install');
  const started = enforcer.start();
  const banned = ban(one);
  await turn();
  assert.equal(backend.calls.apply, 0);
  release();
  await Promise.all([started, banned]);
  assert.equal(backend.drops(one), true);
});

test('a ban that failed beside a reconciliation is brought by the next one', async () => {
  const { backend, enforcer, ban } = setUp();
  await enforcer.start();
  const release = backend.stall('list');
  const reconciled = enforcer.reconcile();
  await turn();
  backend.failures.apply = 1;
  const banned = ban(one);
  await turn();
  assert.equal(backend.drops(one), false);
  release();
  await Promise.all([reconciled, banned]);
  assert.equal(backend.drops(one), true);
});

test('reconciliations that wait are one', async () => {
  const { backend, enforcer } = setUp();
  await enforcer.start();
  await Promise.all([1, 2, 3].map(() => enforcer.reconcile()));
  assert.equal(backend.calls.list, 2);
});

describe('with many bans', () => {
  async function started() {
    const parts = setUp();
    const { enforcer, desired, clock, backend } = parts;
    for (const address of many(6_000)) desired.set(address, clock.time + 3_600);
    await enforcer.start();
    const looks = async () => {
      const { list, count } = backend.calls;
      const { length } = parts.timers;
      parts.timers.at(-1)?.run();
      while (parts.timers.length === length) await turn();
      return { listed: backend.calls.list - list, counted: backend.calls.count - count };
    };
    return { ...parts, looks };
  }
  const counted = { listed: 0, counted: 1 };
  const compared = { listed: 1, counted: 1 };

  test('a right count stands for a comparison; the rules are looked at each time', async () => {
    const { backend, looks, clock, enforcer } = await started();
    clock.time += 5;
    assert.deepEqual(await looks(), counted);
    assert.equal(backend.calls.install, 2);
    assert.deepEqual([enforcer.status().lastReconcile, enforcer.status().elements], [clock.time, 6_000]);
  });

  test('a wrong count, either way, leads to a comparison', async () => {
    const { backend, looks, events } = await started();
    backend.flush();
    assert.deepEqual(await looks(), compared);
    assert.deepEqual(await looks(), counted);
    backend.plant(one, 600);
    assert.deepEqual(await looks(), compared);
    assert.equal(backend.drops(one), false);
    assert.deepEqual(
      events.filter((event) => event.startsWith('repaired')),
      [
        'repaired elements: 6000 put right, 0 removed (element-missing)',
        'repaired elements: 0 put right, 1 removed (element-surplus)',
      ],
    );
  });

  test('after a minute there is a comparison, whatever the count', async () => {
    const { backend, looks, clock } = await started();
    await backend.apply([
      { kind: 'delete', address: '10.0.0.0', policy },
      { kind: 'add', address: one, policy, remaining: 600 },
    ]);
    clock.time += 59;
    assert.deepEqual(await looks(), counted);
    clock.time += 1;
    assert.deepEqual(await looks(), { listed: 1, counted: 0 });
    assert.deepEqual([backend.drops('10.0.0.0'), backend.drops(one)], [true, false]);
    assert.deepEqual(await looks(), counted);
  });

  test('changes under way, what is refused and what waits to be swept make no count wrong', async () => {
    const { backend, clock, looks, ban, unban } = await started();
    await unban('10.0.0.0');
    // As the kernel does, the fake counts on what has ended a moment ago.
    backend.plant('10.0.0.0', 1);
    assert.deepEqual(await looks(), counted);
    clock.time += 2;
    await ban(protectedOne);
    assert.deepEqual(await looks(), counted);
    const release = backend.stall('apply');
    const banned = [ban(one), ban(two)];
    await turn();
    assert.deepEqual(await looks(), counted);
    release();
    await Promise.all(banned);
    await unban(protectedOne);
    clock.time += 60;
    await looks();
    assert.deepEqual(await looks(), counted);
  });

  test('after a change that failed a count does not do', async () => {
    const { backend, looks, ban } = await started();
    backend.failures.apply = 2;
    await assert.rejects(ban(one));
    await backend.apply([{ kind: 'delete', address: '10.0.0.0', policy }]);
    backend.plant(two, 600);
    backend.plant('192.0.2.1', 600);
    assert.deepEqual(await looks(), { listed: 1, counted: 0 });
    assert.deepEqual([backend.drops(one), backend.drops(two)], [true, false]);
  });

  test('nor after one that failed beside the comparison that ended a failure', async () => {
    const { backend, enforcer, timers, looks, unban } = await started();
    backend.failures.install = 1;
    await looks();
    const release = backend.stall('list');
    timers.at(-1)?.run();
    while (backend.calls.list === 1) await turn();
    backend.failures.apply = 1;
    await assert.rejects(unban('10.0.0.1'));
    release();
    while (enforcer.status().state !== 'enforcing') await turn();
    assert.deepEqual(await looks(), { listed: 1, counted: 0 });
    assert.equal(backend.drops('10.0.0.1'), false);
  });

  test('a count that fails is a failure', async () => {
    const { backend, enforcer, looks } = await started();
    backend.failures.count = 1;
    await looks();
    assert.equal(enforcer.status().state, 'degraded');
    await looks();
    assert.equal(enforcer.status().state, 'enforcing');
  });

  test('with few bans everything is compared each time', async () => {
    const { desired, looks } = await started();
    for (const address of many(6_000).slice(5_000)) desired.delete(address);
    assert.deepEqual(await looks(), { listed: 1, counted: 0 });
  });
});

test('what others did to the kernel is repaired and told', async () => {
  const { backend, enforcer, ban, events } = setUp();
  await enforcer.start();
  await ban(one);
  backend.flush();
  backend.plant('192.0.2.1', 500);
  backend.hooks = [{ name: 'INPUT', family: 4, ok: true, repaired: 'made' }];
  events.length = 0;
  const report = await enforcer.reconcile();
  assert.deepEqual([report.adds, report.deletes], [1, 1]);
  assert.deepEqual(events, [
    'applied 1 1',
    'repaired rules: INPUT (IPv4) (rule-missing)',
    'repaired elements: 1 put right, 1 removed (element-missing, element-surplus)',
  ]);
  assert.equal(backend.drops(one), true);
});

test('a ban that fails once is brought by the repair that follows', async () => {
  const { backend, enforcer, ban, events } = setUp();
  await enforcer.start();
  backend.failures.apply = 1;
  await ban(one);
  assert.equal(backend.drops(one), true);
  assert.deepEqual(events.slice(0, 2), ['failed add', 'applied 1 0']);
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
  assert.deepEqual(events, ['failed reconcile', 'failed reconcile', 'applied 1 0']);
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
    policies: () => [],
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

test('stopping waits for what is queued and leaves the bans; after a teardown it is red', async () => {
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
  await torn.enforcer.end();
  assert.deepEqual([torn.enforcer.status().state, torn.enforcer.status().detail], ['degraded', 'torn down']);
  await assert.rejects(torn.ban(two), { message: /stopped/ });
});

test('a ban under a policy that is not installed yet has its sets made first', async () => {
  const { backend, desired, policies, clock, enforcer, events } = setUp();
  await enforcer.start();
  policies.push({ policy: 'reject 80/tcp', action: 'reject', ports: [] });
  desired.set(`${one} reject 80/tcp`, clock.time + 600);
  await enforcer.changed(`${one} reject 80/tcp`);
  assert.deepEqual([backend.drops(one, 'reject 80/tcp'), backend.drops(one)], [true, false]);
  assert.ok(!events.includes('failed'), events.join());
  assert.equal(backend.calls.install, 2);
});

test('the same address under two policies is two elements', async () => {
  const { backend, desired, policies, clock, enforcer } = setUp();
  policies.push({ policy: 'log', action: 'log', ports: null });
  await enforcer.start();
  desired.set(one, clock.time + 600).set(`${one} log`, clock.time + 600);
  await Promise.all([enforcer.changed(one), enforcer.changed(`${one} log`)]);
  desired.delete(one);
  await enforcer.changed(one);
  assert.deepEqual([backend.drops(one), backend.drops(one, 'log')], [false, true]);
  await enforcer.reconcile();
  assert.deepEqual([backend.drops(one), backend.drops(one, 'log')], [false, true]);
});

test('the jump that a rival keeps moving is left to it for a while, and that is told', async () => {
  const { backend, clock, enforcer } = setUp();
  const moved = { name: 'INPUT', family: 4, ok: true, repaired: 'moved' } as const;
  await enforcer.start();
  backend.hooks = [moved];
  for (let look = 0; look < 20; look += 1) await enforcer.reconcile();
  assert.deepEqual([...backend.yielded], []);
  backend.hooks = [{ name: 'INPUT', family: 4, ok: false, problem: '"-j RIVAL" stands before it' }];
  await enforcer.reconcile();
  assert.deepEqual([...backend.yielded], ['INPUT (IPv4)']);
  const { state, detail } = enforcer.status();
  assert.equal(state, 'degraded');
  assert.match(detail, /^INPUT \(IPv4\): "-j RIVAL" stands before it: another program .* 20 times within 3m/);
  clock.time += 60;
  backend.hooks = [moved];
  await enforcer.reconcile();
  assert.deepEqual([...backend.yielded], []);
  assert.equal(enforcer.status().state, 'enforcing');
});

describe('the proof', () => {
  const provable = (path: 'shut' | 'open') => {
    const made = setUp([protectedOne], path);
    made.backend.provable = 'INPUT';
    return made;
  };

  test('comes with the start, by an address that is banned for it alone, and is what "verified" says', async () => {
    const { backend, enforcer, knocked, events } = provable('shut');
    backend.hooks = [4, 6].map((family) => ({ name: 'INPUT', family: family as 4 | 6, ok: true }));
    await enforcer.start();
    assert.deepEqual(knocked, [true]);
    assert.equal(backend.drops(proofAddress), false);
    const { state, hooks } = enforcer.status();
    assert.deepEqual([state, hooks.map(({ verified }) => verified)], ['enforcing', [true, false]]);
    await enforcer.reconcile();
    assert.deepEqual(events, [], 'no repair sees its address');
  });

  test('is made again after a minute, and after a repair', async () => {
    const { backend, clock, enforcer, knocked, timers } = provable('shut');
    const look = async () => {
      timers.at(-1)?.run();
      for (let turns = 0; turns < 20; turns += 1) await turn();
    };
    await enforcer.start();
    await look();
    assert.equal(knocked.length, 1);
    clock.time += 60;
    await look();
    assert.equal(knocked.length, 2);
    backend.hooks = [{ name: 'INPUT', family: 4, ok: true, repaired: 'made' }];
    await look();
    assert.equal(knocked.length, 3);
  });

  test('that fails three times makes red what reads back right', async () => {
    const { enforcer, knocked } = provable('open');
    await enforcer.start();
    assert.equal(knocked.length, 3);
    const { state, detail } = enforcer.status();
    assert.equal(state, 'degraded');
    assert.match(detail, /a packet of a banned address came through/);
  });
});

test('a hint brings the next look forward', async () => {
  const { enforcer, timers } = setUp();
  await enforcer.start();
  assert.equal(timers.at(-1)?.ms, 2_500);
  enforcer.hint();
  assert.equal(timers.at(-1)?.ms, 100);
});

test('bans that go over to another policy are under the new one before the old one goes', async () => {
  const { backend, desired, policies, clock, enforcer, events } = setUp();
  const rule = (text: string): PolicyRule => ({ policy: text, action: 'drop', ports: [] });
  policies.push(rule('drop 80/tcp'));
  desired.set(`${one} drop 80/tcp`, clock.time + 600);
  await enforcer.start();
  policies.splice(1, 1, rule('drop 443/tcp'));
  desired.delete(`${one} drop 80/tcp`);
  desired.set(`${one} drop 443/tcp`, clock.time + 600);
  await enforcer.reconcile();
  assert.deepEqual(
    backend.policies.map(({ policy: text }) => text),
    ['drop', 'drop 443/tcp', 'drop 80/tcp'],
  );
  const kinds = backend.batches.at(-1)?.map(({ kind, policy: text }) => `${kind} ${text}`);
  assert.deepEqual(kinds, ['add drop 443/tcp', 'delete drop 80/tcp']);
  await enforcer.reconcile();
  assert.deepEqual(
    backend.policies.map(({ policy: text }) => text),
    ['drop', 'drop 443/tcp'],
  );
  assert.equal(backend.drops(one, 'drop 443/tcp'), true);
  assert.ok(!events.includes('failed'));
});

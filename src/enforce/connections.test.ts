import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandOptions, CommandResult } from './command.ts';
import { Connections } from './connections.ts';

const fine: CommandResult = { ok: true, missing: false, output: '', complaint: '' };
const none = '0 flow entries have been deleted.';

function failed(complaint: string): CommandResult {
  return { ...fine, ok: false, complaint };
}

/** A machine where conntrack answers as told, and time passes when told. */
function machine(answer: (address: string) => CommandResult | Promise<CommandResult> = () => fine) {
  const deleted: string[] = [];
  const commands: string[] = [];
  const said: string[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const timers: { run: () => void; ms: number; live: boolean }[] = [];
  const state = { count: 100 as number | null, broken: false };
  const connections = new Connections({
    unavailable: (detail) => said.push(detail),
    run: async (file: string, args: readonly string[], options?: CommandOptions) => {
      commands.push([file, ...args].join(' '));
      signals.push(options?.signal);
      const address = args.at(-1) ?? '';
      const result = await answer(address);
      deleted.push(address);
      return result;
    },
    readCount: async () => {
      if (state.broken) throw new Error('no');
      return state.count;
    },
    schedule: (run, ms) => {
      const timer = { run, ms, live: true };
      timers.push(timer);
      return () => {
        timer.live = false;
      };
    },
  });
  /** Lets everything happen that needs no time. */
  const settle = async () => {
    for (let turn = 0; turn < 100; turn += 1) await nextTurn();
    return deleted.splice(0);
  };
  const rest = () => {
    const timer = timers.at(-1);
    assert.ok(timer?.live);
    timer.run();
    return settle();
  };
  return { connections, commands, said, signals, timers, state, settle, rest };
}

test('the first pass goes at once, in either family, with ranges', async () => {
  const { connections, commands, settle } = machine();
  connections.ended(['203.0.113.7', '198.51.100.0/24', '2001:db8:1:2::/64']);
  await settle();
  assert.deepEqual(commands, [
    'conntrack -D -f ipv6 -s 2001:db8:1:2::/64',
    'conntrack -D -f ipv4 -s 198.51.100.0/24',
    'conntrack -D -f ipv4 -s 203.0.113.7',
  ]);
});

test('the next one goes 5 s later, with what came meanwhile', async () => {
  const { connections, timers, settle, rest } = machine();
  connections.ended(['192.0.2.1']);
  connections.ended(['192.0.2.2']);
  assert.deepEqual(await settle(), ['192.0.2.1']);
  connections.ended(['192.0.2.3', '192.0.2.2']);
  assert.deepEqual(await settle(), []);
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [5_000],
  );
  assert.deepEqual(await rest(), ['192.0.2.2', '192.0.2.3']);
  // Nothing came, so nothing is done, and the one that comes then goes at once.
  assert.deepEqual(await rest(), []);
  assert.equal(timers.length, 2);
  connections.ended(['192.0.2.4']);
  assert.deepEqual(await settle(), ['192.0.2.4']);
});

test('a pass takes the 20 newest, and the others are dropped', async () => {
  const { connections, settle, rest } = machine();
  connections.ended(Array.from({ length: 30 }, (_, index) => `192.0.2.${index}`));
  const newest = Array.from({ length: 20 }, (_, index) => `192.0.2.${29 - index}`);
  assert.deepEqual(await settle(), newest);
  assert.deepEqual(await rest(), []);
});

for (const count of [20_001, 0, null]) {
  test(`with ${count} connections there is nothing to do`, async () => {
    const { connections, state, settle, rest } = machine();
    state.count = count;
    connections.ended(['192.0.2.1']);
    assert.deepEqual(await settle(), []);
    state.count = 20_000;
    connections.ended(['192.0.2.2']);
    assert.deepEqual(await rest(), ['192.0.2.2']);
  });
}

test('what is no address, or all of them, is passed over', async () => {
  const { connections, settle } = machine();
  connections.ended(['0.0.0.0/0', '::/0', '-h', 'localhost', '192.0.2.1']);
  assert.deepEqual(await settle(), ['192.0.2.1']);
});

test('"0 deleted" is success, and what may pass does not switch it off', async () => {
  const { connections, said, settle, rest, state } = machine((address) =>
    failed(address.endsWith('1') ? `conntrack v1.4.7 (conntrack-tools): ${none}` : 'timed out'),
  );
  connections.ended(['192.0.2.1', '192.0.2.2']);
  assert.equal((await settle()).length, 2);
  state.broken = true;
  connections.ended(['192.0.2.3']);
  assert.deepEqual(await rest(), []);
  state.broken = false;
  connections.ended(['192.0.2.4']);
  assert.deepEqual(await rest(), ['192.0.2.4']);
  assert.deepEqual(said, []);
});

for (const [why, result, words] of [
  ['the program', { ...failed('ENOENT'), missing: true }, /not installed; apt-get install conntrack/],
  [
    'the right',
    failed('Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this'),
    /no right .*NET_ADMIN/,
  ],
] as const) {
  test(`without ${why} it says so once, and stays off`, async () => {
    const { connections, said, timers, settle } = machine(() => result);
    connections.ended(['192.0.2.1', '192.0.2.2']);
    assert.deepEqual(await settle(), ['192.0.2.2']);
    connections.ended(['192.0.2.3']);
    assert.deepEqual(await settle(), []);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', words);
    assert.equal(timers.length, 0);
  });
}

test('after stop nothing happens, and a command under way is ended', async () => {
  const stuck = Promise.withResolvers<CommandResult>();
  const { connections, said, signals, timers, commands, settle } = machine(() => stuck.promise);
  connections.ended(['192.0.2.1', '192.0.2.2']);
  await settle();
  connections.stop();
  assert.equal(signals[0]?.aborted, true);
  stuck.resolve({ ...failed(''), missing: true });
  connections.ended(['192.0.2.3']);
  await settle();
  assert.equal(commands.length, 1);
  assert.deepEqual([said.length, timers.length], [0, 0]);
});

test('stopping between passes takes back the timer', async () => {
  const { connections, timers, settle } = machine();
  connections.ended(['192.0.2.1']);
  await settle();
  connections.stop();
  assert.equal(timers[0]?.live, false);
});

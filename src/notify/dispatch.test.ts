import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { banOf } from '../../test/setup/fail2ban-action.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { DeliveryFailure } from './channel.ts';
import { Dispatch, type DispatchOptions } from './dispatch.ts';
import { KeptQueue } from './kept-queue.ts';
import type { Message } from './message.ts';
import type { BanEvent } from './notifier.ts';

const startMs = 1_700_000_000_000;

/** A notifier whose channel notes what it is sent, on timers that go when told. */
function setUp(
  context: TestContext,
  given: Partial<DispatchOptions> & { most?: number; path?: string } = {},
) {
  const { most = 10_000, path = join(folderOf({}), 'notify', 'ops.jsonl'), ...options } = given;
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: startMs });
  const messages: Message[] = [];
  const complaints: string[] = [];
  const failures: unknown[] = [];
  const other = { failure: null as Error | null, attempts: 0 };
  const usual: Omit<DispatchOptions, 'queue'> = {
    name: 'ops',
    type: 'mail',
    host: 'web1',
    jails: ['*'],
    kinds: ['ban', 'unban', 'problem'],
    channel: {
      send: async (message) => {
        other.attempts += 1;
        if (other.failure !== null) throw other.failure;
        messages.push(message);
        return 'taken';
      },
    },
    group: 60,
    dedupe: 600,
    lines: 2,
    clock: { now: () => Date.now() / 1000 },
    report: ({ message }) => complaints.push(message),
    random: () => 0,
    ...options,
  };
  const make = () =>
    new Dispatch({ ...usual, queue: new KeptQueue({ path, most, failed: (error) => failures.push(error) }) });
  const pass = async (ms: number) => {
    context.mock.timers.tick(ms);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  };
  return { dispatch: make(), make, options: usual, messages, complaints, failures, other, pass, path };
}

const now = () => Date.now() / 1000;
const hosts = (count: number): BanEvent[] =>
  Array.from({ length: count }, (_, index) =>
    banOf({
      host: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      since: now(),
      until: now() + 600,
    }),
  );

test('a ban is told with its last lines, a second later; the next message is a minute behind', async (t) => {
  const { dispatch, messages, pass } = setUp(t);
  dispatch.start();
  dispatch.banned(
    banOf({ since: now(), until: now() + 600, matches: ['one', 'two', 'thr\u001b[31mee\nfour'] }),
  );
  assert.equal(messages.length, 0);
  await pass(1_000);
  const [message] = messages;
  assert.equal(message?.title, 'web1: j banned 203.0.113.7');
  assert.equal(
    message?.text,
    'web1: j banned 203.0.113.7\n\n2023-11-14T22:13:20Z j banned 203.0.113.7 for 10m, 5 failures\n  | two\n  | thr\\x1b[31mee\\x0afour\n',
  );
  dispatch.banned(banOf({ host: '203.0.113.8' }));
  dispatch.unbanned(banOf({ host: '203.0.113.9' }));
  await pass(59_999);
  assert.equal(messages.length, 1);
  await pass(1);
  assert.equal(messages[1]?.title, 'web1: 1 ban, 1 unban in the last minute');
  await pass(600_000);
  assert.equal(messages.length, 2);
  assert.deepEqual(dispatch.status(), {
    name: 'ops',
    type: 'mail',
    waiting: 0,
    sent: 2,
    failed: 0,
    dropped: 0,
    problem: null,
  });
});

test('a range is told with how many addresses brought it about, over a restart too', async (t) => {
  const { dispatch, make, messages, pass, path } = setUp(t);
  dispatch.start();
  dispatch.banned(banOf({ address: '203.0.113.0/24', failures: 10, counts: 'addresses' }));
  // As after a SIGKILL: all that is known is in the file.
  while (!existsSync(path) || !readFileSync(path, 'utf8').endsWith('\n')) await nextTurn();
  const after = make();
  after.start();
  await pass(1_000);
  assert.equal(messages.length, 2);
  for (const { text } of messages) assert.match(text, /banned 203\.0\.113\.0\/24 .*, 10 banned addresses\n/);
});

test('a burst is one message', async (t) => {
  const { dispatch, messages, pass } = setUp(t);
  for (const event of hosts(1_240)) dispatch.banned(event);
  await pass(1_000);
  await pass(120_000);
  assert.deepEqual(
    messages.map(({ title, count, kind, counts, notices }) => [
      title,
      count,
      kind,
      counts.ban,
      notices.length,
    ]),
    [['web1: 1,240 bans in the last minute', 1_240, 'ban', 1_240, 20]],
  );
  assert.match(messages[0]?.text ?? '', /banned 10\.0\.0\.119 .*\nand 1,120 more\n$/);
});

test('only what is chosen, and nothing that was told already', async (t) => {
  const { dispatch, messages, pass } = setUp(t, { jails: ['ssh*'], kinds: ['ban', 'problem'] });
  const event = banOf({ jail: 'sshd' });
  dispatch.banned({ ...event, restored: true });
  dispatch.banned({ ...event, jail: 'web' });
  dispatch.unbanned(event);
  dispatch.seenAgain();
  dispatch.prolonged();
  await pass(60_000);
  assert.equal(messages.length, 0);
  dispatch.banned(event);
  dispatch.banned(event);
  await pass(599_000);
  dispatch.banned(event);
  await pass(1_000);
  assert.deepEqual(
    messages.map(({ count }) => count),
    [1],
  );
  dispatch.banned(event);
  await pass(60_000);
  assert.deepEqual(
    messages.map(({ count }) => count),
    [1, 1],
  );
  assert.deepEqual([dispatch.linesOf('sshd'), dispatch.linesOf('web')], [2, 0]);
});

test('a problem that comes back after it was solved is told again', async (t) => {
  const { dispatch, messages, pass } = setUp(t);
  const problem = { kind: 'problem', time: now(), text: 'no ipset', solved: false } as const;
  for (const solved of [false, false, true, true, false]) dispatch.tell({ ...problem, solved });
  await pass(1_000);
  assert.equal(messages[0]?.title, 'web1: 3 problems in the last minute');
  assert.match(messages[0]?.text ?? '', /problem: no ipset\n.*solved: no ipset\n.*problem: no ipset\n$/);
});

test('what cannot be sent is tried again, later each time, with what has come meanwhile', async (t) => {
  const { dispatch, messages, other, complaints, pass } = setUp(t);
  other.failure = new Error('connect ECONNREFUSED');
  dispatch.banned(banOf());
  await pass(1_000);
  const attempts = [other.attempts];
  for (const waitMs of [1_999, 1, 3_999, 1, 8_000]) {
    await pass(waitMs);
    attempts.push(other.attempts);
  }
  assert.deepEqual(attempts, [1, 1, 2, 2, 3, 4]);
  assert.deepEqual([dispatch.status().problem, dispatch.status().failed], ['connect ECONNREFUSED', 4]);
  assert.deepEqual(complaints, ['send: connect ECONNREFUSED']);
  dispatch.banned(banOf({ host: '203.0.113.8' }));
  other.failure = null;
  await pass(16_000);
  assert.deepEqual(
    messages.map(({ count }) => count),
    [2],
  );
  assert.deepEqual([dispatch.status().problem, dispatch.status().waiting], [null, 0]);
});

test('one that becomes another sends what waits the new way at once, and chooses anew', async (t) => {
  const { dispatch, messages, options, other, pass } = setUp(t);
  other.failure = new Error('connect ECONNREFUSED');
  dispatch.banned(banOf());
  await pass(1_000);
  await pass(2_000);
  await pass(4_000);
  assert.deepEqual([dispatch.status().failed, messages.length], [3, 0]);
  const sent: Message[] = [];
  const channel = { send: async (message: Message) => String(sent.push(message)) };
  dispatch.become({ ...options, channel, jails: ['web'], lines: 0 });
  assert.equal(dispatch.status().problem, null);
  await pass(1_000);
  assert.deepEqual(
    sent.map(({ address }) => address),
    ['203.0.113.7'],
  );
  dispatch.banned(banOf());
  dispatch.banned(banOf({ jail: 'web' }));
  dispatch.banned(banOf({ jail: 'web' }));
  await pass(60_000);
  assert.deepEqual([sent.length, sent[1]?.count, messages.length], [2, 1, 0]);
  assert.deepEqual(
    [dispatch.linesOf('web'), dispatch.tells('ban'), dispatch.tells('problem')],
    [0, true, true],
  );
});

test('a server that asks for patience gets it', async (t) => {
  const { dispatch, messages, other, pass } = setUp(t);
  other.failure = new DeliveryFailure('HTTP 429', { waitMs: 90_000 });
  dispatch.banned(banOf());
  await pass(1_000);
  other.failure = null;
  await pass(89_999);
  assert.equal(messages.length, 0);
  await pass(1);
  assert.equal(messages.length, 1);
});

test('what is refused three times is dropped and counted, and holds up nothing', async (t) => {
  const { dispatch, messages, other, complaints, pass } = setUp(t);
  other.failure = new DeliveryFailure('HTTP 400', { refused: true });
  dispatch.banned(banOf());
  for (const ms of [1_000, 2_000, 4_000]) await pass(ms);
  assert.deepEqual([dispatch.status().waiting, dispatch.status().dropped], [0, 1]);
  assert.deepEqual(complaints, ['send: HTTP 400', 'refused: 1 notices were dropped: HTTP 400']);
  other.failure = null;
  dispatch.banned(banOf({ host: '203.0.113.8' }));
  await pass(8_000);
  assert.deepEqual(
    messages.map(({ address }) => address),
    ['203.0.113.8'],
  );
});

test('a full queue drops what is new, counts it, and the next message says so', async (t) => {
  const { dispatch, messages, other, complaints, pass } = setUp(t, { most: 3 });
  other.failure = new Error('down');
  for (const event of hosts(5)) dispatch.banned(event);
  assert.deepEqual([dispatch.status().waiting, dispatch.status().dropped], [3, 2]);
  assert.deepEqual(complaints, ['queue: too much waits already, so a notice was dropped']);
  await pass(1_000);
  other.failure = null;
  await pass(2_000);
  assert.equal(messages[0]?.dropped, 2);
  assert.match(messages[0]?.text ?? '', /\nand 2 for which there was no room\n$/);
});

test('a channel that hangs is given up after its time, and nobody waits for it', async (t) => {
  const signals: AbortSignal[] = [];
  const send = (_: Message, signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<string>(() => undefined);
  };
  const { dispatch, pass } = setUp(t, { channel: { send } });
  dispatch.banned(banOf());
  await pass(1_000);
  dispatch.banned(banOf({ host: '203.0.113.8' }));
  await pass(20_000);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(dispatch.status().problem, 'took longer than 20 s');
  assert.equal(dispatch.status().waiting, 2);
});

test('the queue survives a restart, and a stop waits for nobody who hangs', async (t) => {
  const { dispatch, make, other, messages, failures, pass, path } = setUp(t);
  other.failure = new Error('down');
  dispatch.start();
  for (const event of hosts(3)) dispatch.banned(event);
  await pass(1_000);
  await dispatch.stop();
  assert.equal(other.attempts, 1);
  dispatch.banned(banOf());
  other.failure = null;
  const next = make();
  next.start();
  assert.equal(next.status().waiting, 3);
  await pass(1_000);
  assert.deepEqual(
    messages.map(({ count }) => count),
    [3],
  );
  await next.stop();
  assert.deepEqual([readFileSync(path, 'utf8'), failures], ['', []]);
});

test('a stop sends what waits at once, and gives up what takes too long', async (t) => {
  const { dispatch, messages } = setUp(t);
  dispatch.banned(banOf());
  await dispatch.stop();
  assert.equal(messages.length, 1);
});

test('a stop gives up a channel that hangs, and the file keeps what was not taken', async (t) => {
  const send = () => new Promise<string>(() => undefined);
  const { dispatch, path, pass } = setUp(t, { channel: { send } });
  dispatch.start();
  dispatch.banned(banOf());
  await pass(1_000);
  const stopped = dispatch.stop();
  await pass(4_000);
  await stopped;
  assert.match(readFileSync(path, 'utf8'), /203\.0\.113\.7/);
});

test('a test message goes past the queue, and says what became of it', async (t) => {
  const { dispatch, messages, other } = setUp(t);
  assert.deepEqual(await dispatch.test(), { delivered: true, detail: 'taken' });
  assert.equal(messages[0]?.kind, 'test');
  other.failure = new Error('no\nluck');
  assert.deepEqual(await dispatch.test(), { delivered: false, detail: 'no luck' });
  assert.equal(dispatch.status().sent, 0);
});

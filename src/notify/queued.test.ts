import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { banOf } from '../../test/setup/fail2ban-action.ts';
import type { BanEvent, Complaint, Reaction } from './notifier.ts';
import { Queued } from './queued.ts';

/** A reaction that writes down what it is asked to do, and waits for `go` before each ban. */
function recorded(given: Partial<Reaction> = {}, patienceMs = 10_000) {
  const did: string[] = [];
  const complaints: Complaint[] = [];
  let nowMs = 0;
  const reaction: Reaction = {
    start: async () => void did.push('start'),
    ban: async ({ host }) => void did.push(`ban ${host}`),
    unban: async ({ host }) => void did.push(`unban ${host}`),
    recheck: async ({ host }) => void did.push(`recheck ${host}`),
    stop: async () => void did.push('stop'),
    ...given,
  };
  const report = (complaint: Complaint) => void complaints.push(complaint);
  const queued = new Queued(reaction, { jail: 'j', action: 'a', report, patienceMs, nowMs: () => nowMs });
  return { queued, did, complaints, pass: (ms: number) => (nowMs += ms) };
}

const hosts = (count: number): BanEvent[] =>
  Array.from({ length: count }, (_, index) => banOf({ host: `10.0.${index >> 8}.${index & 255}` }));

test('in order, after the caller has gone on; what comes after the stop is nothing', async () => {
  const { queued, did } = recorded();
  queued.start();
  queued.banned(banOf());
  queued.prolonged(banOf());
  queued.unbanned(banOf());
  assert.deepEqual(did, []);
  await queued.stop();
  queued.banned(banOf());
  await queued.stop();
  assert.deepEqual(did, ['start', 'ban 203.0.113.7', 'unban 203.0.113.7', 'stop']);
});

test('what fails is told and holds nothing up; the same within a minute is counted', async () => {
  const ban = () => Promise.reject(new Error('no\nluck'));
  const { queued, did, complaints, pass } = recorded({ ban });
  queued.start();
  for (const event of hosts(3)) queued.banned(event);
  queued.unbanned(banOf());
  await nextTurn();
  assert.deepEqual(complaints, [{ jail: 'j', action: 'a', message: 'ban: no luck', more: 0 }]);
  pass(60_000);
  queued.banned(banOf());
  queued.banned(banOf());
  await queued.stop();
  assert.deepEqual(complaints.slice(1), [
    { jail: 'j', action: 'a', message: 'ban: no luck', more: 2 },
    { jail: 'j', action: 'a', message: 'ban: failed again', more: 1 },
  ]);
  assert.deepEqual(did, ['start', 'unban 203.0.113.7', 'stop']);
});

test('beyond a thousand bans are dropped and counted, while unbans still have room', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { queued, did, complaints } = recorded({ start: () => promise });
  queued.start();
  await nextTurn();
  for (const event of hosts(1_003)) queued.banned(event);
  queued.unbanned(banOf());
  assert.equal(queued.dropped, 3);
  resolve();
  await queued.stop();
  assert.equal(did.length, 1_002);
  assert.equal(did[1_000], 'unban 203.0.113.7');
  assert.deepEqual(
    complaints.map(({ message, more }) => `${message} (${more})`),
    ['queue: 1000 wait already, so a ban was dropped (0)', 'queue: failed again (2)'],
  );
});

test('a flood of an address that is banned is looked at every three seconds', async () => {
  const { queued, did, pass } = recorded();
  for (let line = 0; line < 100; line += 1) queued.seenAgain(banOf());
  pass(3_000);
  queued.seenAgain(banOf({ host: '203.0.113.8' }));
  await queued.stop();
  assert.deepEqual(did, ['recheck 203.0.113.7', 'recheck 203.0.113.8', 'stop']);
});

test('a stop gives up what takes too long, and still stops', async () => {
  const ban = (_: BanEvent, signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  const { queued, did, complaints } = recorded({ ban }, 50);
  for (const event of hosts(3)) queued.banned(event);
  await queued.stop();
  assert.deepEqual(did, ['stop']);
  assert.deepEqual(
    complaints.map(({ message }) => message),
    ['ban: given up', 'stop: 2 of what waited was not done'],
  );
});

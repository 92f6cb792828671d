import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DaemonEvent } from '../control/protocol.ts';
import { Events } from './events.ts';

const found: DaemonEvent = {
  event: 'found',
  time: 1,
  jail: 'sshd',
  address: '203.0.113.7',
  hits: 1,
  maxretry: 5,
  source: 'file:/log',
};
const unban: DaemonEvent = {
  event: 'unban',
  time: 2,
  jail: 'sshd',
  address: '203.0.113.7',
  reason: 'expired',
};

/** What a reader gets at once. */
function next(events: Events): Promise<DaemonEvent[]> {
  return new Promise((resolve) => {
    const end = events.follow((lines) => {
      end();
      resolve(
        lines
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    });
  });
}

test('who follows is told in order; who asks afterwards of all but attempts', async () => {
  const events = new Events();
  const told = next(events);
  events.tell(found);
  events.tell(unban);
  assert.deepEqual(await told, [found, unban]);
  assert.equal(events.followed, false);
  assert.deepEqual(events.recent(), [unban]);
  for (let index = 0; index < 300; index++) events.tell({ ...unban, time: index });
  assert.deepEqual([events.recent().length, events.recent()[0]?.time], [200, 100]);
});

test('of a flood a reader gets a part, what weighs more than attempts all the same, and how much is left out', async () => {
  const events = new Events();
  const told = next(events);
  for (let index = 0; index < 10_000; index++) events.tell(found);
  events.tell(unban);
  const all = await told;
  assert.deepEqual(all.slice(500), [unban, { event: 'skipped', time: 1, count: 9_500 }]);
});

test('a number of programs can follow, not any number', () => {
  const events = new Events();
  const ends = Array.from({ length: 16 }, () => events.follow(() => undefined));
  assert.throws(() => events.follow(() => undefined), { code: 'request-invalid' });
  ends[0]?.();
  events.follow(() => undefined)();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ban } from '../core/types.ts';
import type { BanEvent, Notifier } from '../notify/notifier.ts';
import { BanNews } from './ban-news.ts';
import { Evidence } from './evidence.ts';

const ban = (address: string, until: number | null = 2_000, jail = 'web'): Ban => ({
  address,
  jail,
  since: 1_000,
  until,
  hits: 3,
  count: 2,
  policy: 'drop',
  forced: false,
});

/** The news of jails of which one has somebody who wants to know, and what that one was told. */
function setUp() {
  const told: string[] = [];
  const events: BanEvent[] = [];
  const tell = (what: string) => (event: BanEvent) => {
    told.push(`${what} ${event.address}`);
    events.push(event);
  };
  const notifier: Notifier = {
    start: () => told.push('start'),
    banned: tell('ban'),
    prolonged: tell('prolong'),
    unbanned: tell('unban'),
    seenAgain: tell('again'),
    stop: async () => void told.push('stop'),
  };
  const evidence = new Evidence({ mode: 'off', mostTold: (jail) => (jail === 'web' ? 2 : null) });
  const news = new BanNews({
    notifiers: new Map([['web', [notifier]]]),
    evidence,
    jails: () => ['web', 'other'],
    log: null,
  });
  return { news, told, events, evidence };
}

test('each ban is told of once, then what becomes of it; those of other jails never', async () => {
  const { news, told } = setUp();
  news.start();
  news.restored([ban('203.0.113.1'), ban('203.0.113.1', 2_000, 'other')]);
  news.banned([ban('203.0.113.1'), ban('203.0.113.2'), ban('203.0.113.3', null, 'other')]);
  news.banned([ban('203.0.113.2', 3_000)]);
  news.seenAgain(ban('203.0.113.2', 3_000), 1_500);
  news.ended(ban('203.0.113.1'));
  news.ended(ban('203.0.113.1'));
  await news.stop();
  assert.deepEqual(told, [
    'start',
    'ban 203.0.113.1',
    'ban 203.0.113.2',
    'prolong 203.0.113.2',
    'again 203.0.113.2',
    'unban 203.0.113.1',
    'stop',
  ]);
});

test("a ban is told of with its latest lines, their fields, and the attacker's own address", () => {
  const { news, events, evidence } = setUp();
  const address = '2001:db8:1:2::/64';
  for (const number of [1, 2, 3]) {
    const host = `2001:db8:1:2::${number}`;
    const seen = { host, line: `line ${number}`, fields: { user: `u${number}` } };
    evidence.note('web', address, { ...seen, time: 1_000 + number, source: 'file:/log' });
  }
  news.banned([ban(address)]);
  news.restored([ban('198.51.100.0/24')]);
  const [first, second] = events;
  assert.deepEqual(
    [first?.host, first?.matches, first?.fields, first?.failures, first?.bancount, first?.restored],
    ['2001:db8:1:2::3', ['line 2', 'line 3'], { user: 'u3' }, 3, 2, false],
  );
  assert.deepEqual([second?.host, second?.matches, second?.restored], ['198.51.100.0', [], true]);
});

test('lines are kept of no more addresses than there is room for', () => {
  const { news, events, evidence } = setUp();
  const seen = { host: '10.0.0.0', line: 'x', fields: {}, time: 0, source: 'file:/log' };
  const found = (index: number) => evidence.note('web', `10.0.${index >> 8}.${index & 255}`, seen);
  for (let index = 0; index < 10_001; index++) found(index);
  news.banned([ban('10.0.0.0'), ban('10.0.0.1')]);
  assert.deepEqual(
    events.map(({ matches }) => matches),
    [[], ['x']],
  );
});

test('who is told of every jail learns of bans and their ends, and of those of an earlier run only their ends', () => {
  const { told, news } = everywhere();
  news.restored([ban('203.0.113.1')]);
  news.banned([ban('203.0.113.2', null, 'manual')]);
  news.ended(ban('203.0.113.1'));
  news.ended(ban('203.0.113.2', null, 'manual'));
  assert.deepEqual(told, ['ban 203.0.113.2', 'unban 203.0.113.1', 'unban 203.0.113.2']);
});

function everywhere() {
  const told: string[] = [];
  const notifier: Notifier = {
    start: () => undefined,
    banned: ({ address }) => told.push(`ban ${address}`),
    prolonged: ({ address }) => told.push(`prolong ${address}`),
    unbanned: ({ address }) => told.push(`unban ${address}`),
    seenAgain: () => undefined,
    stop: async () => undefined,
  };
  const news = new BanNews({
    notifiers: new Map(),
    everywhere: { all: [notifier] },
    evidence: new Evidence({ mode: 'off', mostTold: () => 2 }),
    jails: () => ['web'],
    log: null,
  });
  return { told, news };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fail2banSessions } from './fail2ban-sessions.ts';
import type { Match } from './types.ts';

const line = (kind: Match['kind'], rest: Partial<Match> = {}): Match => ({
  filter: 0,
  kind,
  time: 1_000,
  host: '',
  session: '7',
  user: '',
  fields: '',
  line: '',
  ...rest,
});

/** What lines of one session amount to: `host*attempts` of each that counts. */
function attemptsOf(...lines: Match[]): string[] {
  const sessions = new Fail2banSessions();
  return lines.flatMap((match) => {
    const attempt = sessions.merge(match);
    return attempt === null ? [] : [`${attempt.host}*${attempt.attempts}`];
  });
}

const host = '203.0.113.7';

test('without a session a line counts if it is a failure and names somebody', () => {
  const plain = { session: '', host };
  assert.deepEqual(attemptsOf(line('hit', plain), line('nofail', plain), line('hit', { session: '' })), [
    `${host}*1`,
  ]);
});

test('a failure without an address waits for a line that names it, and counts then', () => {
  assert.deepEqual(attemptsOf(line('hit'), line('hit'), line('nofail', { host })), [`${host}*3`]);
});

test('lines that do not count by themselves count with the next failure', () => {
  const nofail = line('nofail', { host });
  assert.deepEqual(attemptsOf(nofail, nofail, line('hit', { host }), line('hit', { host })), [
    `${host}*3`,
    `${host}*1`,
  ]);
});

test('who gets in takes back what waits; with several names it counts all the same', () => {
  assert.deepEqual(
    attemptsOf(line('hit'), line('gained', { host, user: 'a' }), line('nofail', { host })),
    [],
  );
  assert.deepEqual(
    attemptsOf(line('hit', { user: 'a' }), line('gained', { host, user: 'b' })).map(
      (each) => each.split('*')[0],
    ),
    [host],
  );
});

test('the last line of a session ends it', () => {
  assert.deepEqual(attemptsOf(line('nofail', { host }), line('lastNofail', { host }), line('hit')), []);
  assert.deepEqual(attemptsOf(line('nofail', { host }), line('lastHit'), line('hit')), [`${host}*2`]);
});

test('an address counts before a name, an IPv4 one before an IPv6 one, and an id before both', () => {
  const told = (...hosts: string[]) =>
    attemptsOf(...hosts.map((each) => line('hit', { host: each }))).map((each) => each.split('*')[0]);
  assert.deepEqual(
    told('host.example', '2001:db8::7', 'host.example', host, '2001:db8::7', '203.0.113.8/32'),
    ['host.example', '2001:db8::7', '2001:db8::7', host, host, '203.0.113.8/32'],
  );
  const id = line('hit', { host: 'id', fields: '{"fid":"id","ip4":"203.0.113.7"}' });
  assert.deepEqual(attemptsOf(id, line('hit', { host })), ['id*1', 'id*1']);
});

test('a session that is over lends nothing, and the oldest go', () => {
  assert.deepEqual(attemptsOf(line('nofail', { host }), line('hit', { time: 1_301 })), []);
  const others = Array.from({ length: 100 }, (_, index) => line('nofail', { host, session: `x${index}` }));
  assert.deepEqual(attemptsOf(line('nofail', { host }), ...others, line('hit')), []);
});

test('the age of a session is that of its first line', () => {
  const at = (time: number) => line('nofail', { host, time });
  assert.deepEqual(attemptsOf(at(1_000), at(1_200), line('hit', { time: 1_301 })), []);
  const others = Array.from({ length: 99 }, (_, index) => line('nofail', { host, session: `x${index}` }));
  const again = line('nofail', { host });
  assert.deepEqual(attemptsOf(again, ...others, again, line('hit', { session: 'y', host }), line('hit')), [
    `${host}*1`,
  ]);
});

test('the names that were tried are told, of many the first', () => {
  const sessions = new Fail2banSessions();
  for (let index = 0; index < 20; index++) sessions.merge(line('nofail', { host, user: `u${index}` }));
  const { users = [], user } = sessions.merge(line('hit', { user: 'last' })) ?? {};
  assert.deepEqual([users.length, users[0], user], [16, 'u0', 'last']);
});

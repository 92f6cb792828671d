import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sessions } from './session.ts';
import type { Match, MatchKindName } from './types.ts';

function match(kind: MatchKindName, session: string, host = '', time = 1_000, user = ''): Match {
  return { filter: 0, kind, time, host, session, user, fields: '', line: '' };
}

test('a hit without a session counts by itself', () => {
  const sessions = new Sessions();
  assert.deepEqual(sessions.merge('s', match('hit', '', '203.0.113.7')), {
    host: '203.0.113.7',
    user: '',
    time: 1_000,
    attempts: 1,
  });
  assert.equal(sessions.merge('s', match('hit', '')), null, 'nobody to count it for');
  assert.equal(sessions.merge('s', match('nofail', '', '203.0.113.7')), null);
});

test('a session brings address and failure together, in either order', () => {
  const sessions = new Sessions();
  assert.equal(sessions.merge('s', match('nofail', '7', '203.0.113.7', 1_000, 'root')), null);
  assert.equal(sessions.merge('s', match('hit', '7'))?.host, '203.0.113.7');
  assert.equal(sessions.merge('s', match('hit', '8')), null);
  assert.equal(sessions.merge('s', match('hit', '8')), null);
  const late = sessions.merge('s', match('nofail', '8', '203.0.113.8'));
  assert.deepEqual([late?.host, late?.attempts], ['203.0.113.8', 2]);
});

test('gained and forget drop what waits; scopes are apart', () => {
  const sessions = new Sessions();
  sessions.merge('s', match('nofail', '7', '203.0.113.7'));
  assert.equal(sessions.merge('other', match('hit', '7')), null);
  sessions.merge('s', match('gained', '7'));
  assert.equal(sessions.merge('s', match('hit', '7')), null);
});

test('old sessions and those beyond the hundredth go', () => {
  const sessions = new Sessions();
  for (let key = 0; key < 150; key++) sessions.merge('s', match('nofail', `k${key}`, '203.0.113.7'));
  assert.equal(sessions.pack().length, 100);
  sessions.merge('s', match('nofail', 'late', '203.0.113.7', 2_000));
  assert.deepEqual(
    sessions.pack().map(([, key]) => key),
    ['late'],
  );
});

test('an old session lends its address to nobody, though its key comes back', () => {
  const sessions = new Sessions();
  sessions.merge('s', match('nofail', '7', '203.0.113.7', 1_000));
  assert.equal(sessions.merge('s', match('hit', '7', '', 1_300))?.host, '203.0.113.7');
  assert.equal(sessions.merge('s', match('hit', '7', '', 2_000)), null);
});

test('scopes are bounded: containers come and go', () => {
  const sessions = new Sessions();
  for (let scope = 0; scope < 3_000; scope++)
    sessions.merge(`s${scope}`, match('nofail', '7', '203.0.113.7'));
  assert.equal(sessions.pack().length, 1_000);
});

test('what is packed comes back', () => {
  const sessions = new Sessions();
  sessions.merge('s', match('nofail', '7', '203.0.113.7'));
  assert.equal(sessions.takeChanged(), true);
  assert.equal(sessions.takeChanged(), false);
  const copy = new Sessions();
  copy.unpack(structuredClone(sessions.pack()));
  assert.equal(copy.merge('s', match('hit', '7'))?.host, '203.0.113.7');
});

test('sessions of fail2ban filters are merged as fail2ban does, and stored like the others', () => {
  const sessions = new Sessions();
  assert.equal(sessions.merge('f', match('hit', '7'), 'fail2ban'), null, 'it waits for an address');
  assert.equal(sessions.merge('f', match('nofail', '8', '203.0.113.8'), 'fail2ban'), null);
  sessions.merge('s', match('nofail', '7', '203.0.113.9'));
  const copy = new Sessions();
  copy.unpack(structuredClone(sessions.pack()));
  assert.deepEqual(copy.pack(), sessions.pack());
  const late = copy.merge('f', match('nofail', '7', '203.0.113.7'), 'fail2ban');
  assert.deepEqual(
    [late?.host, late?.attempts],
    ['203.0.113.7', 2],
    'the failure that waited, and this line',
  );
  assert.equal(copy.merge('f', match('hit', '8'), 'fail2ban')?.attempts, 2);
  assert.equal(copy.merge('s', match('hit', '7'))?.host, '203.0.113.9');
});

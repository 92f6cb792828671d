import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenSessions } from './open-sessions.ts';

interface Session {
  readonly time: number;
}

const sessionAt = (time: number): Session => ({ time });
const keysOf = (sessions: OpenSessions<Session>): string => [...sessions].map(([key]) => key).join('');

test('the order is that of the last change, whatever was kept and deleted', () => {
  const sessions = new OpenSessions<Session>();
  for (const [index, key] of [...'abcd'].entries()) sessions.keep(key, sessionAt(index));
  assert.equal(keysOf(sessions), 'abcd');
  for (const [key, order] of [
    ['a', 'bcda'],
    ['c', 'bdac'],
    ['c', 'bdac'],
    ['b', 'dacb'],
  ] as const) {
    sessions.keep(key, sessionAt(9));
    assert.equal(keysOf(sessions), order);
    assert.equal(sessions.get(key)?.time, 9);
  }
  assert.equal(sessions.delete('a'), true);
  assert.equal(sessions.delete('a'), false);
  assert.equal(keysOf(sessions), 'dcb');
  sessions.deleteOldest();
  sessions.delete('b');
  assert.equal(keysOf(sessions), 'c');
  sessions.deleteOldest();
  sessions.deleteOldest();
  assert.deepEqual([sessions.size, sessions.oldest], [0, null]);
  sessions.keep('e', sessionAt(1));
  assert.deepEqual([keysOf(sessions), sessions.oldest], ['e', sessionAt(1)]);
});

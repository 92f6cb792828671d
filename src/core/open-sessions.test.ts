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
    assert.equal(sessions.known(key, 9)?.time, 9);
  }
  assert.equal(sessions.delete('a'), true);
  assert.equal(sessions.delete('a'), false);
  assert.equal(keysOf(sessions), 'dcb');
  sessions.delete('d');
  sessions.delete('b');
  assert.equal(keysOf(sessions), 'c');
  sessions.delete('c');
  assert.deepEqual([sessions.size, keysOf(sessions), sessions.known('c', 9)], [0, '', null]);
  sessions.keep('e', sessionAt(1));
  assert.deepEqual([keysOf(sessions), sessions.known('e', 1)], ['e', sessionAt(1)]);
});

test('one that is replaced keeps its place', () => {
  const sessions = new OpenSessions<Session>();
  for (const key of 'abc') sessions.keep(key, sessionAt(1));
  assert.deepEqual([sessions.replace('a', sessionAt(2)), sessions.replace('d', sessionAt(2))], [true, false]);
  assert.deepEqual([keysOf(sessions), sessions.known('a', 2)], ['abc', sessionAt(2)]);
});

test('with one that is kept, the oldest go whose time is over, and those beyond the hundredth', () => {
  const sessions = new OpenSessions<Session>();
  sessions.keep('a', sessionAt(100));
  sessions.keep('b', sessionAt(150));
  sessions.keep('c', sessionAt(400));
  assert.equal(keysOf(sessions), 'abc');
  assert.deepEqual([sessions.known('a', 400), sessions.known('a', 401)], [sessionAt(100), null]);
  sessions.keep('d', sessionAt(401));
  assert.equal(keysOf(sessions), 'bcd');
  for (let index = 0; index < 100; index++) sessions.keep(`x${index}`, sessionAt(402));
  assert.deepEqual([sessions.size, keysOf(sessions).slice(0, 4)], [100, 'x0x1']);
});

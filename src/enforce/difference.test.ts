import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPolicy as policy } from '../core/policy.ts';
import type { Change, Element } from './backend.ts';
import { changeFor, difference, type Wanted } from './difference.ts';
import { longestTimeout } from './edge.ts';

const now = 1_000_000;
const times = { asked: now, answered: now, now: () => now };
const address = '203.0.113.7';

function changes(desired: Iterable<Wanted>, actual: readonly Element[]): Change[] {
  return [...difference(desired, actual, times)].filter((change) => change !== null);
}

function one(until: number | null, remaining: number | null) {
  return changes(new Map([[address, until]]), [{ address, policy, remaining }]);
}

test('what lacks is added, what is too much is deleted, what is right is left alone', () => {
  const desired = new Map<string, number | null>([
    ['203.0.113.1', now + 60],
    ['203.0.113.2', now + 60.5],
    ['203.0.113.3', null],
  ]);
  const actual = [
    { address: '203.0.113.1', policy, remaining: 60 },
    { address: '203.0.113.9', policy, remaining: 60 },
    { address: '203.0.113.8', policy, remaining: null },
  ];
  assert.deepEqual(changes(desired, actual), [
    { kind: 'add', address: '203.0.113.2', policy, remaining: 61, fresh: true },
    { kind: 'add', address: '203.0.113.3', policy, remaining: null, fresh: true },
    { kind: 'delete', address: '203.0.113.9', policy },
    { kind: 'delete', address: '203.0.113.8', policy },
  ]);
});

test('a timeout that is off by more than two seconds is written anew, either way', () => {
  for (const remaining of [58, 59, 60, 61, 62]) assert.deepEqual(one(now + 60, remaining), []);
  for (const remaining of [1, 57, 63, 5_000, null, 0]) {
    assert.deepEqual(
      one(now + 60, remaining),
      [{ kind: 'add', address, policy, remaining: 60 }],
      String(remaining),
    );
  }
});

test('a ban longer than the kernel holds is refreshed only when half of that is over', () => {
  const long = now + 10 * longestTimeout;
  assert.deepEqual(one(null, longestTimeout), []);
  assert.deepEqual(one(null, longestTimeout - 86_400), []);
  assert.deepEqual(one(null, null), []);
  assert.deepEqual(one(null, 1_000_000), [{ kind: 'add', address, policy, remaining: null }]);
  assert.deepEqual(one(long, longestTimeout - 5), []);
  assert.deepEqual(one(long, 1_000_000), [{ kind: 'add', address, policy, remaining: 10 * longestTimeout }]);
  assert.equal(one(long, null).length, 1, 'permanent is too long for a ban that ends');
});

test('an element in its last two seconds ends by itself, one that is not ours does not', () => {
  assert.deepEqual(changes(new Map(), [{ address, policy, remaining: 2 }]), []);
  assert.deepEqual(one(now, 1), []);
  assert.deepEqual(changes(new Map(), [{ address, policy, remaining: 3 }]), [
    { kind: 'delete', address, policy },
  ]);
  assert.deepEqual(changes(new Map(), [{ address, policy, remaining: 0 }]), [
    { kind: 'delete', address, policy },
  ]);
});

test('a ban that is over is not added', () => {
  assert.deepEqual(changes(new Map([[address, now]]), []), []);
  assert.deepEqual(changeFor(address, now - 1, now), { kind: 'delete', address, policy });
  assert.deepEqual(changeFor(address, undefined, now), { kind: 'delete', address, policy });
  assert.deepEqual(changeFor(address, now + 0.01, now), { kind: 'add', address, policy, remaining: 1 });
});

test('applying the difference leaves none', () => {
  const desired = new Map<string, number | null>();
  for (let index = 0; index < 500; index += 1) desired.set(`10.0.${index >> 8}.${index & 255}`, now + index);
  const actual = new Map([...desired.keys()].slice(100, 300).map((each) => [each, 7 as number | null]));
  for (let index = 0; index < 50; index += 1) actual.set(`10.9.0.${index}`, 100);
  const elements = () => [...actual].map(([each, remaining]) => ({ address: each, policy, remaining }));
  for (const change of changes(desired, elements())) {
    if (change.kind === 'add') actual.set(change.address, change.remaining);
    else actual.delete(change.address);
  }
  assert.deepEqual(changes(desired, elements()), []);
  assert.equal(actual.size, 499);
});

test('what is not admitted is not added, and deleted where it stands', () => {
  const desired = new Map<string, number | null>([
    ['203.0.113.1', now + 60],
    ['203.0.113.2', now + 60],
  ]);
  const actual = [{ address: '203.0.113.1', policy, remaining: 60 }];
  const found = [...difference(desired, actual, times, () => false)];
  assert.deepEqual(found, [{ kind: 'delete', address: '203.0.113.1', policy }]);
});

test('a target that is named again with a later end is prolonged, not made anew', () => {
  const twice: Wanted[] = [
    ['203.0.113.1', now + 60],
    ['203.0.113.1', now + 600, true],
  ];
  assert.deepEqual(
    [...difference(twice, [], times)],
    [
      { kind: 'add', address: '203.0.113.1', policy, remaining: 60, fresh: true },
      { kind: 'add', address: '203.0.113.1', policy, remaining: 600 },
    ],
  );
  const standing = [{ address: '203.0.113.1', policy, remaining: 60 }];
  assert.deepEqual(
    [...difference(twice, standing, times)],
    [{ kind: 'add', address: '203.0.113.1', policy, remaining: 600 }],
  );
});

test('what took long to read is right by any moment of it, and what is added gets the time that is left by then', () => {
  const slow = { asked: now - 5, answered: now, now: () => now + 3 };
  const found = (remaining: number): (Change | null)[] => [
    ...difference([['203.0.113.1', now + 60]], [{ address: '203.0.113.1', policy, remaining }], slow),
  ];
  for (const remaining of [58, 60, 65, 67]) assert.deepEqual(found(remaining), [], String(remaining));
  const anew = [{ kind: 'add', address: '203.0.113.1', policy, remaining: 57 }];
  for (const remaining of [57, 68]) assert.deepEqual(found(remaining), anew, String(remaining));
});

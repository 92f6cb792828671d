import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOff } from './back-off.ts';

test('twice as long each time, up to five minutes, less a fifth by chance', () => {
  const waits = [1, 2, 3, 8, 9, 1_000].map((failures) => backOff(failures, 0, () => 0));
  assert.deepEqual(waits, [2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
  assert.equal(
    backOff(1_000, 0, () => 1),
    240_000,
  );
});

test('what a server asks for, up to an hour', () => {
  assert.equal(
    backOff(1, 90_000, () => 0),
    90_000,
  );
  assert.equal(
    backOff(9, 90_000, () => 0),
    300_000,
  );
  assert.equal(
    backOff(1, 1e12, () => 0),
    3_600_000,
  );
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { wallClockMs } from './wall-clock.ts';

test('has a fraction, and follows the wall clock over steps, which the monotonic clock does not', () => {
  assert.ok(Math.abs(wallClockMs() - Date.now()) < 1_000);
  mock.timers.enable({ apis: ['Date'], now: 2_000_000_000_000 });
  try {
    assert.ok(Math.abs(wallClockMs() - 2_000_000_000_000) <= 2, 'after a suspend');
    mock.timers.setTime(2_000_003_600_000);
    assert.ok(Math.abs(wallClockMs() - 2_000_003_600_000) <= 2, 'set forward');
    mock.timers.reset();
    mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 });
    assert.ok(Math.abs(wallClockMs() - 1_000_000_000_000) <= 2, 'set back');
  } finally {
    mock.timers.reset();
  }
  assert.ok(Math.abs(wallClockMs() - Date.now()) < 1_000);
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Expiry } from './expiry.ts';

test('a ban whose end a stepped clock has passed ends when the timer is set again', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let now = 1_000;
    let ends: number | null = 1_600;
    const expiry = new Expiry(
      { now: () => now },
      () => ends,
      () => {
        ends = null;
      },
    );
    expiry.arm();
    now += 7_200;
    mock.timers.tick(1_000);
    assert.equal(ends, 1_600, 'timers do not see it');
    expiry.arm();
    mock.timers.tick(1);
    assert.equal(ends, null);
  } finally {
    mock.timers.reset();
  }
});

test('one timer waits for the next ban to end, however far that is', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  try {
    const clock = { now: () => Date.now() / 1_000 };
    let ends: number | null = 40 * 86_400;
    let due = 0;
    const expiry = new Expiry(
      clock,
      () => ends,
      () => {
        due++;
        ends = null;
      },
    );
    expiry.arm();
    for (let hour = 1; hour < 40 * 24; hour++) mock.timers.tick(3_600_000);
    mock.timers.tick(3_599_999);
    assert.equal(due, 0);
    mock.timers.tick(1);
    assert.equal(due, 1);
    mock.timers.tick(86_400_000);
    assert.equal(due, 1);
  } finally {
    mock.timers.reset();
  }
});

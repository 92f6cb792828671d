import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Expiry } from './expiry.ts';
import { supervise } from './supervise.ts';

test('a task that ends is not run again; its signal ends the waiting', async () => {
  const errors: unknown[] = [];
  let runs = 0;
  await supervise(
    async () => void runs++,
    new AbortController().signal,
    (error) => errors.push(error),
  );
  assert.deepEqual([runs, errors], [1, []]);
  const stop = new AbortController();
  await supervise(
    async () => {
      throw new Error('down');
    },
    stop.signal,
    (error, retryMs) => {
      errors.push(String(error), retryMs);
      stop.abort();
    },
  );
  assert.deepEqual(errors, ['Error: down', 1_000]);
});

test('what fails is run again after pauses that grow, and that are short again once it was well', async () => {
  const stop = new AbortController();
  const pauses: number[] = [];
  let runs = 0;
  await supervise(
    async () => {
      runs++;
      if (runs === 6) await setTimeout(60);
      throw new Error('down');
    },
    stop.signal,
    (_error, retryMs) => {
      pauses.push(retryMs);
      if (pauses.length === 7) stop.abort();
    },
    { first: 1, longest: 8, wellAfter: 50 },
  );
  assert.deepEqual(pauses, [1, 2, 4, 8, 8, 1, 2]);
  assert.equal(runs, 7);
});

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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

function paced(intervalMs: number) {
  const waits: number[] = [];
  const run: (() => void)[] = [];
  let cancelled = 0;
  let runs = 0;
  const pace = new Pace(
    intervalMs,
    (call, ms) => {
      waits.push(ms);
      run.push(call);
      return () => {
        cancelled += 1;
      };
    },
    async () => {
      runs += 1;
    },
  );
  return { pace, waits, run, count: () => runs, cancelled: () => cancelled };
}

test('the interval, and longer where it is costly', () => {
  const { pace, waits } = paced(5_000);
  for (const took of [1, 49, 80, 1_000]) pace.succeeded(took);
  assert.deepEqual(waits, [5_000, 5_000, 8_000, 20_000]);
});

test('after a failure soon, doubling up to half a minute; after success as usual', () => {
  const { pace, waits } = paced(5_000);
  for (let index = 0; index < 7; index += 1) pace.failed();
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  pace.succeeded(1);
  pace.failed();
  assert.deepEqual(waits.slice(7), [5_000, 1_000]);
});

test('one timer stands at a time, and none after stop', () => {
  const { pace, run, count, cancelled } = paced(5_000);
  pace.succeeded(1);
  pace.succeeded(1);
  assert.equal(cancelled(), 1);
  run[1]?.();
  assert.equal(count(), 1);
  pace.stop();
  assert.equal(cancelled(), 2);
});

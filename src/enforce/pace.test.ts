import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

function paced() {
  const waits: number[] = [];
  const run: (() => void)[] = [];
  let cancelled = 0;
  let runs = 0;
  const pace = new Pace(
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

test('the interval, and longer where it is costly each time', () => {
  const { pace, waits } = paced();
  for (let look = 0; look < 7; look += 1) pace.succeeded(1_000, 5_000);
  pace.succeeded(1, 5_000);
  assert.deepEqual([...new Set(waits)], [5_000], 'one that was cheap tells what it costs');
  for (let look = 0; look < 8; look += 1) pace.succeeded(100, 5_000);
  assert.equal(waits.at(-1), 6_000);
  for (let look = 0; look < 8; look += 1) pace.succeeded(1_000, 5_000);
  assert.equal(waits.at(-1), 20_000);
});

test('after a failure soon, doubling up to half a minute; after success as usual', () => {
  const { pace, waits } = paced();
  for (let index = 0; index < 7; index += 1) pace.failed();
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  pace.succeeded(1, 5_000);
  pace.failed();
  assert.deepEqual(waits.slice(7), [5_000, 1_000]);
});

test('one timer stands at a time, and none after stop', () => {
  const { pace, run, count, cancelled } = paced();
  pace.succeeded(1, 5_000);
  pace.succeeded(1, 5_000);
  assert.equal(cancelled(), 1);
  run[1]?.();
  assert.equal(count(), 1);
  pace.stop();
  assert.equal(cancelled(), 2);
});

test('a hint brings the next look forward, once', () => {
  const { pace, waits, cancelled } = paced();
  pace.succeeded(1, 5_000);
  pace.hint();
  pace.hint();
  assert.deepEqual([waits, cancelled()], [[5_000, 100], 1]);
});

test('a hint during a look is followed after it', () => {
  const { pace, waits, run } = paced();
  pace.succeeded(1, 5_000);
  run[0]?.();
  pace.hint();
  assert.deepEqual(waits, [5_000]);
  pace.succeeded(1, 5_000);
  assert.deepEqual(waits, [5_000, 100]);
});

test('whoever changes things all the time is followed at the interval only', () => {
  const { pace, waits, run } = paced();
  pace.succeeded(1, 5_000);
  const looks = 60;
  for (let look = 0; look < looks; look += 1) {
    pace.hint();
    run.at(-1)?.();
    pace.succeeded(1, 5_000);
  }
  const followed = waits.filter((ms) => ms === 100).length;
  // 20 at first, then 4 for each look that came by its interval.
  assert.equal(followed, 52);
});

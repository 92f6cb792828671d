import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
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

test('what `failed` throws is the end: nothing is tried again', async () => {
  let runs = 0;
  const supervised = supervise(
    async () => {
      runs++;
      throw new Error('down');
    },
    new AbortController().signal,
    (error) => {
      throw error;
    },
  );
  await assert.rejects(supervised, { message: 'down' });
  assert.equal(runs, 1);
});

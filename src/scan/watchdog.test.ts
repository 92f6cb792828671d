import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Spot, spotBytes } from './spot.ts';
import { Watchdog } from './watchdog.ts';

/** A worker whose CPU time, in ms, is set by hand. */
function watched() {
  const memory = new SharedArrayBuffer(spotBytes);
  const worker = { spot: new Spot(memory), cpu: 5_000, asked: 0 };
  const watchdog = new Watchdog(memory, async () => {
    worker.asked++;
    return { user: worker.cpu * 500, system: worker.cpu * 500 };
  });
  return { worker, watchdog };
}

test('100 ms of CPU time at one place are too much', async () => {
  const { worker, watchdog } = watched();
  worker.spot.begin(7);
  worker.spot.enter(2, 3, 40);
  assert.equal(await watchdog.look(), false);
  assert.equal(await watchdog.look(), false);
  worker.cpu += 99;
  assert.equal(await watchdog.look(), false);
  worker.cpu += 1;
  assert.equal(await watchdog.look(), true);
  assert.deepEqual(await watchdog.watch(), { count: 1, generation: 7, filter: 2, expression: 3, length: 40 });
});

test('a worker that comes to its expression late in a block is seen', async () => {
  const { worker, watchdog } = watched();
  const found = watchdog.watch();
  worker.spot.begin(7);
  while (worker.asked === 0) {
    // At no expression when it is looked at first; then it stays at one.
    await setTimeout(60);
    worker.spot.enter(2, 3, 40);
    await setTimeout(120);
  }
  worker.cpu += 1_000;
  assert.equal((await found)?.generation, 7);
});

test('nobody looks while there are no lines', async () => {
  const { worker, watchdog } = watched();
  worker.spot.begin(7);
  worker.spot.enter(2, 3, 40);
  worker.spot.leave();
  worker.spot.end();
  const watching = watchdog.watch();
  await setTimeout(60);
  // Nobody comes to an expression outside of a block; this is to see whether it is looked at.
  worker.spot.enter(2, 3, 40);
  await setTimeout(120);
  assert.equal(worker.asked, 0);
  watchdog.stop();
  assert.equal(await watching, null);
});

test('time that passes while others have the processor is not', async () => {
  const { worker, watchdog } = watched();
  worker.spot.enter(0, 0, 1);
  for (let look = 0; look < 1_000; look++) assert.equal(await watchdog.look(), false);
});

test('a worker that goes on is not stuck, however much it does; nor is one that is at no expression', async () => {
  const { worker, watchdog } = watched();
  for (let look = 0; look < 100; look++) {
    worker.spot.enter(0, 0, 1);
    worker.cpu += 1_000;
    assert.equal(await watchdog.look(), false);
  }
  assert.equal(worker.asked, 0, 'and costs no question');
  worker.spot.leave();
  for (let look = 0; look < 100; look++) {
    worker.cpu += 1_000;
    assert.equal(await watchdog.look(), false);
  }
  assert.equal(worker.asked, 0);
});

test('a worker that goes on while it is asked begins anew', async () => {
  const { worker, watchdog } = watched();
  worker.spot.enter(0, 0, 1);
  await watchdog.look();
  await watchdog.look();
  worker.spot.enter(0, 0, 1);
  worker.cpu += 500;
  assert.equal(await watchdog.look(), false);
  assert.equal(await watchdog.look(), false);
  worker.cpu += 100;
  assert.equal(await watchdog.look(), true);
});

test('one that does not answer any more is no reason to fail', async () => {
  const memory = new SharedArrayBuffer(spotBytes);
  const watchdog = new Watchdog(memory, () => Promise.reject(new Error('Worker instance not running')));
  new Spot(memory).enter(0, 0, 1);
  for (let look = 0; look < 3; look++) assert.equal(await watchdog.look(), false);
  watchdog.stop();
  assert.equal(await watchdog.watch(), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('so many at a time, in the order they came; who goes away is not waited for', async () => {
  const turns = new Turns(2);
  const never = new AbortController().signal;
  const [first, second] = await Promise.all([turns.take(never), turns.take(never)]);
  assert.ok(turns.isFull);
  const order: string[] = [];
  const leaving = new AbortController();
  const third = turns.take(leaving.signal);
  const fourth = turns.take(never).then((release) => {
    order.push('fourth');
    return release;
  });
  const fifth = turns.take(never).then((release) => {
    order.push('fifth');
    return release;
  });
  leaving.abort(new Error('gone'));
  await assert.rejects(third, /gone/);
  await assert.rejects(turns.take(leaving.signal), /gone/);
  first?.();
  first?.();
  (await fourth)();
  (await fifth)();
  assert.deepEqual(order, ['fourth', 'fifth']);
  assert.equal(turns.isFull, false);
  const last = await turns.take(never);
  assert.ok(turns.isFull, 'a place that was given back twice is one place');
  second?.();
  last();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '../core/types.ts';
import { Placement } from './placement.ts';

class Thread {
  sources = 0;
}

const stream: Input = { kind: 'stream', framing: 'lines' };
const fileOf = (...readers: string[]): Input => ({ kind: 'file', path: '/log', readers });

function placed(placement: Placement<Thread>, input: Input): number {
  const thread = placement.place({ input });
  thread.sources++;
  return placement.threads.indexOf(thread);
}

test('another thread starts where each has four sources, up to the most', () => {
  const placement = new Placement(3, () => new Thread());
  const chosen = Array.from({ length: 15 }, () => placed(placement, stream));
  assert.deepEqual(chosen, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 1, 2]);
});

test('there is always one', () => {
  const placement = new Placement(0, () => new Thread(), 1);
  assert.deepEqual([placed(placement, stream), placed(placement, stream)], [0, 0]);
});

test('the files of a jail stay together, whatever else there is', () => {
  const placement = new Placement(3, () => new Thread(), 1);
  assert.equal(placed(placement, fileOf('a', 'b')), 0);
  assert.equal(placed(placement, fileOf('c')), 1);
  assert.equal(placed(placement, fileOf('b')), 0);
  assert.equal(placed(placement, fileOf('b', 'd')), 0);
  assert.equal(placed(placement, fileOf('d')), 0);
  assert.equal(placed(placement, stream), 2);
  assert.equal(placed(placement, fileOf('c')), 1);
});

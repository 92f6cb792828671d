import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinHeap } from './heap.ts';

test('gives items back in order of their key', () => {
  const heap = new MinHeap<number>((item) => item);
  const items = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 1_009);
  for (const item of items) heap.push(item);
  assert.equal(heap.peek(), Math.min(...items));
  const taken: number[] = [];
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) taken.push(next);
  assert.deepEqual(
    taken,
    [...items].sort((a, b) => a - b),
  );
  assert.equal(heap.size, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeSlab } from './time-slab.ts';

const listOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index + count / 7);

test('lists of every size come back, also those longer than a page', () => {
  const slab = new TimeSlab();
  const counts = [1, 2, 3, 4, 5, 9, 1_000, 4_096, 16_384, 16_385, 10_000, 3_000, 2, 1];
  const places = counts.map((count) => slab.add(listOf(count)));
  assert.deepEqual(
    places.map((at, index) => slab.read(at, counts[index] ?? 0)),
    counts.map(listOf),
  );
});

test('a list of the same size of block stays where it is', () => {
  const slab = new TimeSlab();
  const at = slab.add(listOf(3));
  assert.equal(slab.replace(at, 3, listOf(4)), at);
  assert.deepEqual(slab.read(at, 4), listOf(4));
  assert.notEqual(slab.replace(at, 4, listOf(5)), at);
});

test('a block that became free is used again', () => {
  const slab = new TimeSlab();
  const places = Array.from({ length: 3_000 }, () => slab.add(listOf(3)));
  for (const at of places) slab.remove(at, 3);
  const again = places.map(() => slab.add(listOf(4)));
  assert.deepEqual(again.toSorted(), places.toSorted());
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { none } from './entry-pool.ts';
import { EntryHeap, type QueuedEntries } from './heap.ts';

/** Entries that end at these times. */
function entriesOf(ends: readonly number[]): QueuedEntries {
  const places = new Map<number, number>();
  return {
    until: (entry) => ends[entry] ?? 0,
    queued: (entry) => places.get(entry) ?? none,
    setQueued: (entry, place) => void places.set(entry, place),
  };
}

function emptied(heap: EntryHeap): number[] {
  const taken: number[] = [];
  for (let entry = heap.first; entry !== none; entry = heap.first) {
    taken.push(entry);
    heap.delete(entry);
  }
  return taken;
}

const ends = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 1_009);
const inOrder = [...ends.keys()].sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0));

test('the entry that ends first comes first', () => {
  const heap = new EntryHeap(entriesOf(ends));
  for (const entry of ends.keys()) heap.add(entry);
  assert.equal(new Set(ends).size, ends.length);
  assert.deepEqual(emptied(heap), inOrder);
  assert.equal(heap.first, none);
});

test('an entry can be taken out wherever it is, once', () => {
  const heap = new EntryHeap(entriesOf(ends));
  for (const entry of ends.keys()) heap.add(entry);
  const leaving = (entry: number): boolean => (entry * 31) % 3 === 0;
  for (const entry of ends.keys()) if (leaving(entry)) heap.delete(entry);
  heap.delete(0);
  assert.deepEqual(
    emptied(heap),
    inOrder.filter((entry) => !leaving(entry)),
  );
});

import { setImmediate as nextTurn } from 'node:timers/promises';

/** About a millisecond of work on an element or a comparison each. */
const sliceSize = 1_000;

/** Goes through all items with pauses, so that a single ban does not wait until a hundred thousand are read. */
export async function inSlices<T>(items: Iterable<T>, take: (item: T) => void): Promise<void> {
  let taken = 0;
  for (const item of items) {
    take(item);
    taken += 1;
    if (taken % sliceSize === 0) await nextTurn();
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counts } from './counts.ts';

const reading = (packets: number) => new Map([['dropped4', { packets, bytes: 10 * packets }]]);
const four = (counts: Counts) => counts.dropped().find(({ family }) => family === 4);

test('what was dropped is summed over the lives of the table, and never goes down', () => {
  const counts = new Counts();
  const seen = [reading(5), reading(8), new Map(), reading(2), reading(1)].map((each) => {
    counts.add(each);
    return four(counts)?.packets;
  });
  assert.deepEqual(seen, [5, 8, 8, 10, 11]);
  assert.deepEqual(counts.dropped(), [
    { hook: 'prerouting', family: 4, packets: 11, bytes: 110 },
    { hook: 'prerouting', family: 6, packets: 0, bytes: 0 },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemWatch } from './problem-watch.ts';

test('a problem is told once it was seen twice in a row, and its end once', () => {
  const told: string[] = [];
  const watch = new ProblemWatch(
    ({ text, solved, time }) => told.push(`${time} ${text} ${solved ? 'solved' : 'there'}`),
    { now: () => 7 },
  );
  watch.look(['short']);
  watch.look([]);
  watch.look(['short', 'long']);
  watch.look(['long']);
  watch.look(['long']);
  watch.look([]);
  watch.look([]);
  assert.deepEqual(told, ['7 long there', '7 long solved']);
});

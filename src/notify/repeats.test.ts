import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice } from './notice.ts';
import { Repeats } from './repeats.ts';

function setUp(within = 600) {
  let now = 1_000;
  const repeats = new Repeats(within, { now: () => now });
  const problem = (text: string, solved = false): Notice => ({ kind: 'problem', time: now, text, solved });
  return {
    isRepeated: (text: string, solved = false) => repeats.isRepeated(problem(text, solved)),
    pass: (seconds: number) => {
      now += seconds;
    },
  };
}

test('the same within the time is left out, and what says otherwise of the same is not', () => {
  const { isRepeated, pass } = setUp();
  assert.deepEqual([isRepeated('a'), isRepeated('a'), isRepeated('b')], [false, true, false]);
  assert.deepEqual([isRepeated('a', true), isRepeated('a', true), isRepeated('a')], [false, true, false]);
  pass(599);
  assert.equal(isRepeated('a'), true);
  pass(1);
  assert.equal(isRepeated('a'), false);
});

test('a clock that was set back silences nothing', () => {
  const { isRepeated, pass } = setUp();
  isRepeated('a');
  pass(-500);
  assert.equal(isRepeated('a'), false);
});

test('the latest ten thousand are remembered, however many there were', () => {
  const { isRepeated } = setUp();
  for (let number = 0; number < 25_000; number += 1) isRepeated(`p${number}`);
  assert.deepEqual([isRepeated('p24999'), isRepeated('p15000'), isRepeated('p0')], [true, true, false]);
});

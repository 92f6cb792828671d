import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSamples } from './samples.ts';

test('a sample that is not true is told with its number and the line', () => {
  const [error] = checkSamples({
    kind: 'regex',
    name: 'x',
    description: 'x',
    ignoreCase: false,
    prefix: null,
    expressions: [{ kind: 'hit', pattern: '^ bad <HOST>$' }],
    ignore: [],
    samples: [{ line: 'Nov 22 16:02:01 bad 203.0.113.7', yields: 'hit', host: '203.0.113.8' }],
  });
  assert.equal(error?.code, 'filter-sample');
  assert.match(error?.describe() ?? '', /sample 1: host should be "203\.0\.113\.8" and is "203\.0\.113\.7"/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocatedText } from '../expressions/located-text.ts';
import { readExpression } from '../expressions/reader.ts';
import { sightOf } from './sight.ts';

/** Whether what the expression finds in a text may depend on what comes behind. */
function isOpen(expression: string, text: string): boolean {
  const sight = sightOf(readExpression(new LocatedText(expression), false).root);
  return sight === null ? true : new RegExp(sight, 'u').test(text);
}

const cases: readonly (readonly [expression: string, open: readonly string[], settled: readonly string[]])[] =
  [
    ['^ab', ['', 'a'], ['ab', 'x', 'ax']],
    ['^ab?', ['', 'a'], ['ab', 'ax', 'x']],
    ['^a(?:bc)?', ['a', 'ab'], ['abc', 'ax', 'abx']],
    ['^a+', ['a', 'aa'], ['aab', 'b']],
    ['^a(?=b|$)', ['a'], ['ab', 'ax']],
    [String.raw`^a\b`, ['a'], ['a ', 'ab']],
    ['^a(?!bc)', ['a', 'ab'], ['abc', 'abx']],
    [String.raw`^(\d)-\1`, ['1', '1-'], ['1-1', '1-2']],
    [String.raw`^\d\d(?:[.,]\d{1,3})?(?:\s*Z)?`, ['12', '12.', '12.1', '12 '], ['12.123Z', '12 x', '12x']],
    ['^(?:a|bc)', ['', 'b'], ['a', 'bc', 'bx']],
    ['(?<=a)b', ['a', 'x'], []],
    ['^a|b', ['a', 'x'], []],
    ['(?:^a|^b)', [''], ['a', 'b', 'x']],
  ];

for (const [expression, open, settled] of cases) {
  test(`${expression} sees the end of ${JSON.stringify(open)} and not of ${JSON.stringify(settled)}`, () => {
    for (const text of open) assert.equal(isOpen(expression, text), true, text);
    for (const text of settled) assert.equal(isOpen(expression, text), false, text);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFilters, shippedFilters } from '../config/filters.ts';
import { blowsUp } from './blow-up.ts';
import { compileExpression } from './filters/expression.ts';
import { patternsOf } from './filters/patterns.ts';
import { execTimed } from './filters/timed.ts';

/** With a text on which each does not come to an end, which shows that it is known to be bad. */
const bad = [
  ['^(a+)+$', 'a'.repeat(40)],
  ['^(?:(a+)+)+ <HOST>$', 'a'.repeat(40)],
  ['^(?:a|a)*$', 'a'.repeat(40)],
  ['^(.*x)*$', 'x'.repeat(40)],
  ['^(?:a|aa)+$', 'a'.repeat(60)],
  ['^(?:\\w\\d+)*$', '1'.repeat(60)],
  ['^(?:x?y?)*$', 'xy'.repeat(30)],
  ['^(a*)*$', 'a'.repeat(40)],
  ['^(?:[a-z]+\\s*)+:', 'a'.repeat(40)],
  ['^(?:[^"]+|\\\\.)*"$', '\\\\a'.repeat(30)],
  ['^(?:\\S+ ?)+<HOST>', 'a'.repeat(40)],
  ['^(?:a{1,50}){1,50}$', 'a'.repeat(60)],
  ['^x(?=(?:b+)+$)', `x${'b'.repeat(40)}`],
  ['^(?:(?:ab|a)b?)+$', 'ab'.repeat(40)],
  ['^(?:\\w+\\.?)+@', 'a'.repeat(40)],
] as const;

for (const [pattern, text] of bad) {
  test(`${pattern} can blow up`, () => {
    assert.equal(blowsUp(compileExpression(pattern).source), true);
    assert.equal(execTimed(compileExpression(pattern).regexp, `${text}!`), 'timeout');
  });
}

test('without regard to case other letters are the same', () => {
  assert.equal(blowsUp('^(?:[a-z]+[A-Z]+)+$'), false);
  assert.equal(blowsUp('^(?:[a-z]+[A-Z]+)+$', true), true);
});

const good = [
  '^a+$',
  '(?:,\\d+)*$',
  '^(?:\\w+,)*$',
  '^(?:"[^"]*"|\'[^\']*\'|\\w)*$',
  '^(?:[^"\\\\]|\\\\.)*"$',
  '^.*a.*b.*<HOST>$',
  '(?: key=\\S*){0,4} rhost=<HOST>',
  '(?:\\d{1,3}\\.){3}\\d{1,3}$',
  '^(?:a|b|c)*$',
  '^(?:ab|cd)+$',
  '^(?:\\S+\\s+)*<HOST>$',
  '^\\s*(?:\\S+\\s+)?sshd',
  '^(?:foo|bar|[0-9])+(?!x)$',
] as const;

for (const pattern of good) {
  test(`${pattern} cannot`, () => assert.equal(blowsUp(compileExpression(pattern).source), false));
}

test('no expression that is shipped can blow up', async () => {
  const patterns = (await loadFilters([shippedFilters])).flatMap(patternsOf);
  assert.ok(patterns.length > 20);
  for (const { pattern, ignoreCase } of patterns)
    assert.equal(blowsUp(compileExpression(pattern, ignoreCase).source, ignoreCase), false, pattern);
});

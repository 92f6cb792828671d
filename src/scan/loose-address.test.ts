import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFilters, shippedFilters } from '../config/filters.ts';
import { isBound } from './bound.ts';
import { compileExpression, groupText } from './filters/expression.ts';
import { patternsOf } from './filters/patterns.ts';
import { isAddressLoose } from './loose-address.ts';

/** With a line of 203.0.113.7's, who names another. */
const loose = [
  ['^Failed .* from <HOST>', 'Failed password from 203.0.113.7 agent "x from 198.51.100.9"'],
  ['^login .*<HOST>', 'login by 203.0.113.7 of x198 198.51.100.9'],
  ['^login .* from <HOST>.*$', 'login from 203.0.113.7 agent x from 198.51.100.9 '],
  ['^login (?:by .+ )?from <HOST> ', 'login by x from 203.0.113.7 from 198.51.100.9 '],
  ['refused for <HOST>', 'user "refused for 198.51.100.9" refused for 203.0.113.7'],
  ['^user "(?<user>[^"]*)" from <HOST>: ', 'user "x from 198.51.100.9: " from 203.0.113.7: '],
] as const;

test('free text before an address that nothing holds in its place is told', () => {
  for (const [pattern, line] of loose.slice(0, 5)) {
    assert.equal(isAddressLoose(pattern), true, pattern);
    const { regexp, groups } = compileExpression(pattern);
    const match = regexp.exec(line);
    assert.ok(match !== null, pattern);
    assert.equal(groupText(match, groups.get('host') ?? []), '198.51.100.9', pattern);
  }
});

test('what bounds the text before the address, or binds it to the end, is good', () => {
  for (const pattern of [
    loose[5][0],
    '^Failed .* from <HOST> port \\d+$',
    '^Failed .* from <HOST>$',
    'refused for <HOST>$',
    '^Accepted (?<method>\\S+) for (?<user>\\S+) from <HOST>(?: |$)',
    '^<HOST> .* "[^"]*" 401 ',
    '^\\d+ <HOST>: .*$',
    'no address at all .*',
  ])
    assert.equal(isAddressLoose(pattern), false, pattern);
});

test('no expression that is shipped is loose', async () => {
  for (const { pattern } of (await loadFilters([shippedFilters])).flatMap(patternsOf))
    assert.equal(isAddressLoose(pattern), false, pattern);
});

test('an expression is bound where each of its alternatives is, to the beginning or to the end', () => {
  for (const pattern of [
    '^Failed .* from <HOST>$',
    '^a <HOST>|^b <HOST>',
    '(?:^a|^b) <HOST>',
    '^a <HOST>|b <HOST>$',
    '(?<!x)^a <HOST>',
    'refused for <HOST>(?= |$)$',
    '^(?:a )?<HOST>',
  ])
    assert.equal(isBound(pattern), true, pattern);
  for (const pattern of [
    'refused for <HOST>',
    '^a <HOST>|b <HOST>',
    '(?:^a|b) <HOST>',
    '(?:^a )?b <HOST>',
    'costs <HOST>\\$',
    'a <HOST>(?=$)',
    '.',
  ])
    assert.equal(isBound(pattern), false, pattern);
});

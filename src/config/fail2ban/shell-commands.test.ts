import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simpleCommands } from './shell-commands.ts';

const programs = (text: string): string[] => simpleCommands(text).map(({ program }) => program);

for (const [text, expected] of [
  ['a; b && c || d | e & f\ng', 'a b c d e f g'],
  ['/usr/sbin/a x=1 y', 'a'],
  ['X=1 Y="2 3" a', 'a'],
  ['if [ -n "$x" ]; then a; elif b\nthen\nc; else d; fi', '[ a b c d'],
  ['for p in $(echo $q | tr "," " "); do a $p; done', 'echo tr a'],
  ['{ a; } || ( b; c )', 'a b c'],
  ['a "no; b `c | d "x;y"` $(e "f; g")" h', 'c d e a'],
  ["a '; b `c` $(d)'; e", 'a e'],
  ['a \\; b "\\"; c"', 'a'],
  ['x=$(a) y=`b`', 'a b'],
  [`a $((1 + 2)) \${b} >| c 2>&1`, 'a'],
  ['a "never closed; b', 'a'],
  ['a $(b $(c', 'c b a'],
  [')) a', 'a'],
  ['', ''],
] as const) {
  test(`programs of ${JSON.stringify(text)}`, () => assert.equal(programs(text).join(' '), expected));
}

test('brackets without end take no time and no stack', () => {
  assert.deepEqual(programs('('.repeat(100_000)), []);
  assert.deepEqual(programs('$('.repeat(100_000)), []);
});

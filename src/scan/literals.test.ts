import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginningsOf, literalsOf, unionOf } from './literals.ts';

const cases: readonly (readonly [source: string, literals: readonly string[] | null])[] = [
  ['^Failed password for .* from', ['Failed password for ']],
  ['user (?:alice|bob) x', ['user alice x', 'user bob x']],
  ['(?:foo|bar.*baz)', ['foo', 'bar']],
  ['(?:foo|.*)', null],
  ['(?:foo)?', null],
  ['(?:foo)*bar', ['bar']],
  ['(?:foo)+b', ['foo']],
  ['(?:foo){2,}', ['foo']],
  ['(?:foo){0,2}x?', null],
  ['fo{2}bar', ['bar']],
  ['[Ff]ailed x', ['Failed x', 'failed x']],
  ['[a-z]ailed', ['ailed']],
  ['[^F]ailed', ['ailed']],
  ['a\\.b\\[c\\]', ['a.b[c]']],
  ['\\d+foo\\s', ['foo']],
  ['(?=.*secret)plain', ['plain']],
  ['(?!secret)plain', ['plain']],
  ['(?<=secret)plain', ['plain']],
  ['(?<!secret)plain', ['plain']],
  ['(?i:secret)plain', ['plain']],
  ['(?<name>word)\\k<name>', ['word']],
  ['\\x41bcd', ['bcd']],
  ['\\u0041bcd', ['bcd']],
  ['\\u{41}bcd', ['bcd']],
  ['\\cAbcd', ['bcd']],
  ['\\p{Lu}bcd', ['bcd']],
  ['\\bword\\b', ['word']],
  ['größe', ['größe']],
  // The date of Apache's error log was cut out between these.
  ['^\\[\\] \\[auth:error\\] ', ['[auth:error] ']],
  ['audit\\(:\\d+\\)', ['audit(']],
  ['time="" level=info', [' level=info']],
  ['a\ufffdb', null],
  ['\\d+', null],
  ['', null],
];

for (const [source, expected] of cases) {
  test(`literals of ${source === '' ? 'nothing' : source}`, () => {
    new RegExp(source, 'u');
    assert.deepEqual(literalsOf(source), expected);
  });
}

test('without regard to case, letters beyond ASCII are of no use', () => {
  assert.deepEqual(literalsOf('Failed .* größe', true), ['Failed ']);
  assert.equal(literalsOf('größe', true), null);
});

test('a union has what any of them needs, without what another one covers', () => {
  assert.deepEqual(unionOf([['Failed '], ['Failed password', 'Invalid']]), ['Failed ', 'Invalid']);
  assert.equal(unionOf([['Failed '], null]), null);
});

test('how every match of an anchored expression begins', () => {
  for (const [source, expected] of [
    ['^Failed .* from', ['Failed ']],
    ['^(?:Invalid|Illegal) user x*', ['Invalid user ', 'Illegal user ']],
    ['^[Aa]b+', ['A', 'a']],
    ['^pam_\\w+', ['pam_']],
    ['^whole$', ['whole']],
    ['^(?=x)Failed', ['Failed']],
    ['^\\s*Failed', null],
    ['^(?:Failed)?x', null],
    ['^Failed|other', null],
    ['Failed', null],
    ['^', null],
  ] as const)
    assert.deepEqual(beginningsOf(source), expected, source);
  assert.equal(beginningsOf('^Failed', true), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesWildcard } from './wildcard.ts';

const cases: readonly (readonly [pattern: string, text: string, expected: boolean])[] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['**', 'a', true],
  ['?', '', false],
  ['?', 'a', true],
  ['sshd', 'sshd', true],
  ['sshd', 'sshd-session', false],
  ['sshd*', 'sshd', true],
  ['sshd*', 'sshd-session', true],
  ['*sshd', 'xsshdsshd', true],
  ['web-*-?', 'web-7d4f-x', true],
  ['web-*-?', 'web-7d4f-xy', false],
  ['a*b*c', 'aXbXbXc', true],
  ['a*b*c', 'aXbXbX', false],
  ['a.c', 'abc', false],
  ['*a*a*a*a*a*a*b', 'a'.repeat(200), false],
];

for (const [pattern, text, expected] of cases) {
  test(`${JSON.stringify(pattern)} ${expected ? 'means' : 'does not mean'} ${JSON.stringify(text).slice(0, 30)}`, () => {
    assert.equal(matchesWildcard(pattern, text), expected);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiDigits } from './decimal-digits.ts';

test('digits of all scripts become those of ASCII, whatever their place in their run', () => {
  assert.equal(asciiDigits('٠٩ ۴ ９ 𝟗𝟎 𝟿'), '09 4 9 90 9');
});

test('what is no decimal digit stays', () => {
  assert.equal(asciiDigits('1½²Ⅷ一é🙂'), '1½²Ⅷ一é🙂');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quote, show } from './show.ts';

test('values are named in a few words', () => {
  assert.equal(show(null), 'nothing');
  assert.equal(show([1]), 'a list');
  assert.equal(show({ a: 1 }), 'a map');
  assert.equal(show(-3), '-3');
});

test('long text is shortened', () => {
  assert.equal(quote('x'.repeat(100)), `"${'x'.repeat(39)}…"`);
});

test('nothing in a value can steer a terminal or begin a line', () => {
  assert.equal(quote('a\u001b[2J\n\u202e"b\\'), String.raw`"a\x1b[2J\x0a\u{202e}\"b\\"`);
});

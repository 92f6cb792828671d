import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from './suggest.ts';

test('the distance counts inserted, dropped, replaced and swapped letters', () => {
  assert.equal(editDistance('maxretry', 'maxretry'), 0);
  assert.equal(editDistance('maxrety', 'maxretry'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('ssdh', 'sshd'), 1);
});

test('the nearest name is suggested, and none that is far', () => {
  assert.equal(nearest('max-retry', ['bantime', 'maxretry', 'findtime']), 'maxretry');
  assert.equal(nearest('LOGLEVEL', ['log-level', 'log-format']), 'log-level');
  assert.equal(nearest('colour', ['bantime', 'maxretry', 'findtime']), null);
});

test('a very long name is not compared', () => {
  assert.equal(nearest('a'.repeat(100_000), ['a'.repeat(99_999)]), null);
});

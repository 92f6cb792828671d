import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rarityOf } from './rarity.ts';

test('of two texts the one that fewer lines are thought to have is rarer', () => {
  for (const [rarer, commoner] of [
    ['Failed password', 'Failed'],
    ['reject:', ' from '],
    [' 401 ', ' HTTP/'],
    ['denied', 'client'],
    ['Blocked', 'connection'],
    ['platform', 'from'],
    ['bad', '": "'],
  ] as const)
    assert.ok(rarityOf(rarer) > rarityOf(commoner), `${rarer} and ${commoner}`);
});

test('beyond some length a text is no rarer', () => {
  assert.equal(rarityOf('x'.repeat(30)), rarityOf('x'.repeat(300)));
});

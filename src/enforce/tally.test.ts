import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

test('counters that begin again are counted on, places of one hook are added up', () => {
  const tally = new Tally();
  tally.read('nft 4 raw', 'raw', 4, { packets: 5, bytes: 300 });
  tally.read('nft 4 raw', 'raw', 4, { packets: 7, bytes: 420 });
  assert.deepEqual(tally.dropped(), [{ hook: 'raw', family: 4, packets: 7, bytes: 420 }]);
  tally.read('nft 4 raw', 'raw', 4, { packets: 1, bytes: 60 });
  tally.read('legacy 4 raw', 'raw', 4, { packets: 2, bytes: 120 });
  tally.read('nft 6 raw', 'raw', 6, { packets: 0, bytes: 0 });
  assert.deepEqual(tally.dropped(), [
    { hook: 'raw', family: 4, packets: 10, bytes: 600 },
    { hook: 'raw', family: 6, packets: 0, bytes: 0 },
  ]);
});

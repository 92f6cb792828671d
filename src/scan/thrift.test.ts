import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LookAgain } from './siblings.ts';
import { Thrift } from './thrift.ts';

test('what costs much is not done again at once, whether it succeeds or fails', async () => {
  for (const outcome of ['succeeds', 'fails']) {
    let nowMs = 1_000;
    const thrift = new Thrift(() => nowMs);
    const costly = async (): Promise<string> => {
      nowMs += 20;
      if (outcome === 'fails') throw new Error('not found');
      return 'found';
    };
    if (outcome === 'fails') await assert.rejects(thrift.spend(costly), /not found/);
    else assert.equal(await thrift.spend(costly), 'found');
    nowMs += 20 * 19;
    await assert.rejects(thrift.spend(costly), LookAgain);
    nowMs += 20;
    assert.equal(await thrift.spend(async () => 'again'), 'again');
  }
});

test('what costs little is done as often as it is asked for, and what costs very much after a few seconds', async () => {
  let nowMs = 1_000;
  const thrift = new Thrift(() => nowMs);
  const taking = (ms: number) => async () => {
    nowMs += ms;
  };
  for (let turn = 0; turn < 100; turn++) await thrift.spend(taking(5));
  await thrift.spend(taking(60_000));
  nowMs += 5_000;
  await thrift.spend(taking(1));
});

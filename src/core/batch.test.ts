import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchPacker, readBatch } from './batch.ts';
import type { Match, MatchKindName } from './types.ts';

function example(index: number, kind: MatchKindName): Match {
  return {
    filter: index % 3,
    kind,
    time: 1_795_363_321.25 + index,
    host: index % 2 === 0 ? '203.0.113.7' : '',
    session: String(index),
    user: 'ü\u{1f600}'.repeat(index % 4),
    fields: index % 5 === 0 ? '{"method":"password"}' : '',
    line: `line ${index}`,
  };
}

test('what is packed is read back, in order, also beyond the first allocation', () => {
  const kinds = ['hit', 'nofail', 'gained', 'forget'] as const;
  const matches = Array.from({ length: 1_000 }, (_, index) => example(index, kinds[index % 4] ?? 'hit'));
  const packer = new BatchPacker();
  for (const match of matches) packer.add(match);
  assert.equal(packer.count, 1_000);
  assert.deepEqual([...readBatch(structuredClone(packer.take()))], matches);
});

test('a packer can be used again and then holds only what is new', () => {
  const packer = new BatchPacker();
  packer.add(example(1, 'hit'));
  const first = packer.take();
  packer.add(example(2, 'gained'));
  const second = packer.take();
  assert.deepEqual([...readBatch(first)], [example(1, 'hit')]);
  assert.deepEqual([...readBatch(second)], [example(2, 'gained')]);
  assert.deepEqual([...readBatch(packer.take())], []);
});

test('a long line is cut, the others stay whole', () => {
  const packer = new BatchPacker();
  packer.add({ ...example(1, 'hit'), line: 'x'.repeat(65_536) });
  packer.add(example(2, 'hit'));
  const [long, short] = readBatch(packer.take());
  assert.equal(long?.line, 'x'.repeat(1_024));
  assert.deepEqual(short, example(2, 'hit'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BatchPacker, type PackedMatches, readBatch } from './batch.ts';
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

/** The matches of a batch as plain values. */
function read(packed: PackedMatches): Match[] {
  return Array.from(readBatch(packed), ({ filter, kind, time, host, session, user, fields, line }) => {
    return { filter, kind, time, host, session, user, fields, line };
  });
}

test('what is packed is read back, in order, also beyond the first allocation', () => {
  const kinds = ['hit', 'nofail', 'gained', 'forget'] as const;
  const matches = Array.from({ length: 1_000 }, (_, index) => example(index, kinds[index % 4] ?? 'hit'));
  const packer = new BatchPacker();
  for (const match of matches) packer.add(match);
  assert.equal(packer.count, 1_000);
  assert.deepEqual(read(structuredClone(packer.take())), matches);
});

test('a packer can be used again and then holds only what is new', () => {
  const packer = new BatchPacker();
  packer.add(example(1, 'hit'));
  const first = packer.take();
  packer.add(example(2, 'gained'));
  const second = packer.take();
  assert.deepEqual(read(first), [example(1, 'hit')]);
  assert.deepEqual(read(second), [example(2, 'gained')]);
  assert.deepEqual(read(packer.take()), []);
});

test('a long line is cut, the others stay whole', () => {
  const packer = new BatchPacker();
  packer.add({ ...example(1, 'hit'), line: 'x'.repeat(65_536) });
  packer.add(example(2, 'hit'));
  const [long, short] = read(packer.take());
  assert.equal(long?.line, 'x'.repeat(1_024));
  assert.deepEqual(short, example(2, 'hit'));
});

test('what is kept of a match does not keep its batch', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const size = 4 * 1024 * 1024;
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 16; count++) {
    const packer = new BatchPacker();
    for (let at = 0; at < size; at += 1_024) packer.add({ ...example(1, 'hit'), line: 'x'.repeat(1_024) });
    const text = `${'h'.repeat(40)}${'s'.repeat(40)}${'u'.repeat(40)}${'f'.repeat(40)}${'l'.repeat(40)}`;
    const [host = '', session = '', user = '', fields = '', line = ''] = text.match(/.{40}/g) ?? [];
    packer.add({ filter: 0, kind: 'hit', time: 0, host, session, user, fields, line });
    // As it comes over from the worker: one flat text.
    const last = [...readBatch(structuredClone(packer.take()))].at(-1);
    kept.push(last?.host ?? '', last?.session ?? '', last?.user ?? '', last?.fields ?? '', last?.line ?? '');
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.equal(kept.join('').length, 16 * 200);
  // One text that is kept is 4 MB.
  assert.ok(grown < size, `${kept.length} strings hold ${grown} bytes`);
});

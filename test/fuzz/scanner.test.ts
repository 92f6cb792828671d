import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBatch } from '../../src/core/batch.ts';
import type { MatchBatch } from '../../src/core/types.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { Scan } from '../../src/scan/scan.ts';
import { Scanner } from '../../src/scan/scanner.ts';
import { loadCorpus } from './corpus.ts';
import { chunksOf, mutated } from './mutation.ts';
import { randomOf, seed } from './random.ts';

const lineCount = 20_000;

test(`${lineCount} mutated lines through the scanning thread, seed ${seed}`, async (context) => {
  const { filters, lines } = await loadCorpus();
  const random = randomOf(seed + 2);
  const text = Buffer.from(
    Array.from(
      { length: lineCount },
      () => `${mutated(random.pick(lines), random.pick(lines), random)}\n`,
    ).join(''),
    'latin1',
  );
  const found: string[] = [];
  let judged = 0;
  const ended = Promise.withResolvers<void>();
  const scanner = new Scanner((name) => filters.find((filter) => filter.name === name) ?? assert.fail(name), {
    batch: (batch: MatchBatch) => {
      judged += batch.lines;
      for (const { filter, kind, host, user } of readBatch(batch))
        found.push(`${filter} ${kind} ${host} ${user}`);
      scanner.acknowledge(batch);
    },
    state: (_id, state, detail) => {
      if (state === 'ended') ended.resolve();
      else if (state === 'failed') ended.reject(new Error(detail));
    },
    restarted: (reason) => ended.reject(new Error(`seed ${seed}: ${reason}`)),
    gap: (_id, detail) => ended.reject(new Error(`seed ${seed}: a gap: ${detail}`)),
    streamLost: () => ended.reject(new Error(`seed ${seed}: the stream was lost`)),
  });
  try {
    const names = filters.map(({ name }) => name);
    const input = { kind: 'stream', framing: 'lines' } as const;
    const generation = scanner.open({ id: 'fuzz', input, filters: names, cursor: null, timeZone: 'UTC' });
    for (const chunk of chunksOf(text, random)) await scanner.write('fuzz', generation, chunk);
    await scanner.end('fuzz', generation);
    await ended.promise;
  } finally {
    await scanner.stop();
  }
  const expected: string[] = [];
  const scan = new Scan(filters.map(compileFilter), { timeZone: 'UTC' });
  const now = Date.now() / 1_000;
  scan.block(text, { now, transport: null, undated: now }, (filter, { kind, host, user }) => {
    if (kind !== 'ignored') expected.push(`${filter} ${kind} ${host} ${user}`);
  });
  assert.deepEqual(found, expected, `seed ${seed}`);
  assert.equal(judged, scan.takeCounts().lines);
  context.diagnostic(`${found.length} matches`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateReader } from '../../src/scan/filters/dates.ts';
import { Bounds } from './bounds.ts';
import { loadCorpus } from './corpus.ts';
import { mutated } from './mutation.ts';
import { randomOf, seed } from './random.ts';

const zone = 'America/New_York';
const start = Date.parse('2026-11-22T21:02:00Z') / 1_000;
const { lines } = await loadCorpus();

test(`dates of mutated lines: what a reader remembers misleads it nowhere, seed ${seed}`, (context) => {
  const random = randomOf(seed + 1);
  const readings = 200_000;
  const bounds = new Bounds(readings);
  const remembering = new DateReader(zone);
  const forgetting = new DateReader(zone);
  let dated = 0;
  for (let count = 1; count <= readings; count++) {
    const now = start + Math.floor(count / 50);
    const line = mutated(random.pick(lines), random.pick(lines), random);
    const at = `seed ${seed}, line ${count}: ${JSON.stringify(line.slice(0, 300))}`;
    const found = remembering.find(line, now);
    // Another date takes the place of the remembered one.
    forgetting.find('Jan  1 00:00:00 x', now);
    assert.deepEqual(found, forgetting.find(line, now), at);
    if (found !== null) {
      assert.ok(found.start >= 0 && found.start <= found.end && found.end <= line.length, at);
      assert.ok(found.time === null || Number.isFinite(found.time), at);
      dated++;
    }
    bounds.round(count);
  }
  assert.ok(dated > readings / 10, `too few dates to mean anything: ${dated}`);
  context.diagnostic(`${dated} dates, ${bounds.finish()}`);
});

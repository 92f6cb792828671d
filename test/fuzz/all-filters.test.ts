import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress } from '../../src/core/address.ts';
import { BatchPacker, readBatch } from '../../src/core/batch.ts';
import type { Match } from '../../src/core/types.ts';
import { codingOf } from '../../src/scan/encoding.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { LineCarry } from '../../src/scan/line-carry.ts';
import { lineCap } from '../../src/scan/line-length.ts';
import { type Found, type Reading, Scan } from '../../src/scan/scan.ts';
import { Bounds } from './bounds.ts';
import { loadCorpus } from './corpus.ts';
import { chunksOf, mutated } from './mutation.ts';
import { type Random, randomOf, seed } from './random.ts';

const rounds = 1_000;
const linesPerRound = 1_000;
const zone = 'America/New_York';
const start = Date.parse('2026-11-22T21:02:00Z') / 1_000;
const { filters, lines } = await loadCorpus();

const compiled = filters.map(compileFilter);

function textOf(random: Random): Buffer {
  let text = '';
  for (let line = 0; line < linesPerRound; line++)
    text += `${mutated(random.pick(lines), random.pick(lines), random)}\n`;
  return Buffer.from(text, 'latin1');
}

/** What a scan says of chunks, as it comes out of a batch on the other side. */
class Judged {
  readonly #scan = new Scan(compiled, { timeZone: zone });
  readonly #carry = new LineCarry(codingOf('utf-8', this.#scan.keeps));
  readonly #packer = new BatchPacker();

  readonly #found: Found = (filter, judgement, time, line) => {
    const { kind, host, session, user, fields } = judgement;
    assert.ok(Number.isFinite(time) && line.length <= lineCap);
    assert.ok(host === '' || canonicalAddress(host) === host, host);
    if (kind !== 'ignored') this.#packer.add({ filter, kind, time, host, session, user, fields, line });
  };

  matches(chunks: Iterable<Buffer>, reading: Reading): Match[] {
    for (const chunk of chunks) {
      const block = this.#carry.push(chunk);
      if (block !== null) this.#scan.block(block, reading, this.#found);
    }
    return [...readBatch(this.#packer.take())].map(plain);
  }

  counts(): object {
    return this.#scan.takeCounts();
  }
}

function plain({ filter, kind, time, host, session, user, fields, line }: Match): Match {
  return { filter, kind, time, host, session, user, fields, line };
}

test(`${rounds * linesPerRound} mutated lines through every shipped filter, seed ${seed}`, (context) => {
  const random = randomOf(seed);
  const bounds = new Bounds(rounds);
  const lasting = new Judged();
  let matches = 0;
  for (let round = 1; round <= rounds; round++) {
    const now = start + round * 7;
    const reading = { now, transport: null, undated: now, backlog: round % 2 === 0 };
    const text = textOf(random);
    matches += bounds.run(() => lasting.matches(chunksOf(text, random), reading)).length;
    if (round % 5 === 0) assertSameInChunks(text, reading, random, round);
    bounds.round(round);
  }
  assert.ok(matches > (rounds * linesPerRound) / 100, `too few matches to mean anything: ${matches}`);
  context.diagnostic(`${matches} matches, ${bounds.finish()}`);
});

function assertSameInChunks(text: Buffer, reading: Reading, random: Random, round: number): void {
  const [whole, chunked] = [new Judged(), new Judged()];
  const expected = whole.matches([text], reading);
  assert.deepEqual(
    chunked.matches(chunksOf(text, random), reading),
    expected,
    `seed ${seed}, round ${round}: chunks change what is found`,
  );
  assert.deepEqual(
    chunked.counts(),
    whole.counts(),
    `seed ${seed}, round ${round}: chunks change the counts`,
  );
}

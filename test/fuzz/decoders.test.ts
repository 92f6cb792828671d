import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from '../../src/core/errors.ts';
import { lineCap } from '../../src/scan/line-length.ts';
import { Bounds } from './bounds.ts';
import { loadCorpus } from './corpus.ts';
import type { FuzzedDecoder, Take } from './decoders/decoder.ts';
import { decoders } from './decoders.ts';
import { chunksOf, mutated } from './mutation.ts';
import { type Random, randomOf, seed } from './random.ts';

const rounds = 1_500;
const linesPerRound = 20;
const corpus = await loadCorpus();

interface Outcome {
  readonly lines: string;
  readonly cursor: string;
  readonly refused: string | null;
}

/** What a decoder makes of chunks; `flush` where they are all there is. */
function decoded(
  kind: FuzzedDecoder,
  cursor: string | null,
  chunks: Iterable<Buffer>,
  flush: boolean,
): Outcome {
  const decoder = kind.make(cursor);
  let lines = '';
  let refused: string | null = null;
  const take: Take = (block, time) => {
    for (const line of block.toString('latin1').split(/(?<=\n)/)) lines += judged(line, time);
  };
  try {
    for (const chunk of chunks) decoder.push(chunk, take);
    if (flush) decoder.flush(take);
  } catch (thrown) {
    refused = messageOf(thrown);
    assert.match(refused, kind.refusal ?? /^$/);
  }
  return { lines, cursor: decoder.cursor, refused };
}

/**
 * What is beyond the cap is not judged, and kept only where it came in one piece. Lines of one millisecond may
 * take the time of the first.
 */
function judged(line: string, time: number | null): string {
  return `${time === null ? time : Math.floor(time * 1_000)} ${line.slice(0, lineCap)}`;
}

/** The lines of a source that is read with one to four interruptions, each time on from where it was. */
function interrupted(
  kind: FuzzedDecoder,
  resumesAt: NonNullable<FuzzedDecoder['resumesAt']>,
  sent: Buffer,
  random: Random,
): string {
  let cursor: string | null = null;
  let lines = '';
  for (let stops = 1 + random.below(4); stops >= 0; stops--) {
    const at = cursor === null ? 0 : resumesAt(sent, cursor);
    const end = stops === 0 ? sent.length : at + random.below(sent.length - at + 1);
    const chunks = recordsOf(kind, chunksOf(sent.subarray(at, end), random), sent.subarray(0, at));
    const part = decoded(kind, cursor, chunks, stops === 0);
    lines += part.lines;
    cursor = part.cursor;
  }
  return lines;
}

function recordsOf(
  kind: FuzzedDecoder,
  chunks: Iterable<Buffer>,
  held: Buffer = Buffer.alloc(0),
): Iterable<Buffer> {
  return kind.records?.(chunks, held) ?? chunks;
}

function encoded(kind: FuzzedDecoder, random: Random): Buffer {
  const lines = Array.from({ length: linesPerRound }, () =>
    mutated(random.pick(corpus.lines), random.pick(corpus.lines), random).replaceAll('\n', ' '),
  );
  return kind.encode(lines, random);
}

for (const [index, kind] of decoders.entries()) {
  test(`${kind.name}: ${rounds * linesPerRound} lines, seed ${seed}`, (context) => {
    const random = randomOf(seed + index);
    const bounds = new Bounds(rounds);
    let refusals = 0;
    for (let round = 1; round <= rounds; round++) {
      const at = `seed ${seed}, round ${round}`;
      const sent = encoded(kind, random);
      const records = (chunks: Iterable<Buffer>) => recordsOf(kind, chunks);
      const whole = bounds.run(() => decoded(kind, null, records([sent]), true));
      assert.equal(whole.refused, null, at);
      const inChunks = bounds.run(() => decoded(kind, null, records(chunksOf(sent, random)), true));
      assert.deepEqual(inChunks, whole, `${at}: chunks change nothing`);

      const { resumesAt } = kind;
      if (resumesAt !== null) {
        const lines = bounds.run(() => interrupted(kind, resumesAt, sent, random));
        assert.equal(lines, whole.lines, `${at}: each line once, over interruptions`);
      }

      const text = sent.toString('latin1');
      const broken = Buffer.from(mutated(text, text, random), 'latin1');
      const brokenWhole = bounds.run(() => decoded(kind, null, records([broken]), true));
      const brokenChunks = bounds.run(() => decoded(kind, null, records(chunksOf(broken, random)), true));
      assert.deepEqual(brokenChunks, brokenWhole, `${at}: chunks change nothing, mutated`);
      if (brokenWhole.refused !== null) refusals++;
      // A cursor that was stored by somebody else, or damaged.
      const cursor = mutated(whole.cursor, text, random);
      bounds.run(() => decoded(kind, cursor, [broken], true));
      bounds.round(round);
    }
    context.diagnostic(`${bounds.finish()}, ${refusals} of ${rounds} mutated streams refused`);
  });
}

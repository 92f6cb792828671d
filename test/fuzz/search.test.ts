import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FilterDefinition } from '../../src/core/filter.ts';
import type { Encoding } from '../../src/core/types.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { DateReader } from '../../src/scan/filters/dates.ts';
import type { Filter } from '../../src/scan/filters/filter.ts';
import { LineCarry } from '../../src/scan/line-carry.ts';
import { beginningsOf } from '../../src/scan/literals.ts';
import { Scan, type ScanOptions } from '../../src/scan/scan.ts';
import { loadCorpus } from './corpus.ts';
import { chunksOf, mutated } from './mutation.ts';
import { type Random, randomOf, seed } from './random.ts';

const rounds = 150;
const linesPerRound = 300;
const now = Date.parse('2026-11-22T21:02:00Z') / 1_000;
const { filters: shipped, lines } = await loadCorpus();
const dates = new DateReader('UTC');

const special = /[\\^$.*+?()[\]{}|/]/g;

/** A part of what is judged of a line: its date cut out, so that the part may reach over where that stood. */
function partOf(line: string, random: Random): string {
  const text = Buffer.from(line, 'latin1').toString();
  const date = dates.find(text, now);
  const judged = date === null ? text : text.slice(0, date.start) + text.slice(date.end);
  const near = date !== null && random.below(2) === 0 ? Math.max(0, date.start - 1 - random.below(6)) : null;
  const at = near ?? random.below(judged.length + 1);
  return judged
    .slice(at, at + 1 + random.below(24))
    .toWellFormed()
    .replace(special, '\\$&');
}

/** An expression that some of the lines match. */
function patternOf(random: Random): string {
  const [a, b] = [partOf(random.pick(lines), random), partOf(random.pick(lines), random)];
  switch (random.below(7)) {
    case 0:
      return `^.*${a}.*$`;
    case 1:
      return `(?:${a}|${b})`;
    case 2:
      return `${a}.*${b}`;
    case 3:
      return `(?:${a})?\\S{2}`;
    case 4:
      return `${a}.*<HOST>`;
    case 5:
      return `(?:${a})+`;
    default:
      return a;
  }
}

function regexFilter(index: number, random: Random): FilterDefinition {
  const ignoreCase = random.below(4) === 0;
  const cased = (pattern: string) =>
    ignoreCase && !pattern.includes('\\') ? pattern.toUpperCase() : pattern;
  return {
    kind: 'regex',
    name: `made-${index}`,
    description: '',
    ignoreCase,
    prefix: random.below(5) === 0 ? `(?<content>${cased(partOf(random.pick(lines), random))}.*)` : null,
    expressions: Array.from({ length: 1 + random.below(3) }, () => ({
      kind: 'hit',
      pattern: cased(patternOf(random)),
    })),
    ignore: [],
    samples: [],
  };
}

/** All that a scan says. */
function said(filters: readonly Filter[], chunks: Iterable<Buffer>, options: ScanOptions): string[] {
  const scan = new Scan(filters, { timeZone: 'UTC', ...options });
  const carry = new LineCarry();
  const all: string[] = [];
  const judge = (block: Buffer | null): void => {
    if (block === null) return;
    scan.block(block, { now, transport: null, undated: now }, (filter, judgement, time, line) =>
      all.push(JSON.stringify([filter, judgement.kind, judgement.host, time, line])),
    );
  };
  for (const chunk of chunks) judge(carry.push(chunk));
  judge(carry.flush());
  return all;
}

test(`any filters find in candidates alone what they find in all lines, seed ${seed}`, (context) => {
  const random = randomOf(seed + 5);
  let matches = 0;
  for (let round = 0; round < rounds; round++) {
    const made = Array.from({ length: 1 + random.below(random.below(3) === 0 ? 60 : 6) }, (_, index) =>
      regexFilter(index, random),
    );
    const definitions = random.below(2) === 0 ? made : [...made, ...shipped];
    const filters = definitions.map(compileFilter);
    const ends = random.pick(['\n', '\n', '\r\n']);
    const text = Array.from({ length: linesPerRound }, () =>
      random.below(3) === 0 ? random.pick(lines) : mutated(random.pick(lines), random.pick(lines), random),
    ).join(ends);
    const bytes = Buffer.from(text, 'latin1');
    const encoding = random.pick<Encoding>(['utf-8', 'utf-8', 'latin1', 'windows-1252']);
    const expected = said(filters, [bytes], { encoding, prefilter: false });
    matches += expected.length;
    const where = `seed ${seed}, round ${round}`;
    for (const chunks of [[bytes], [...chunksOf(bytes, random)]]) {
      const found = said(filters, chunks, { encoding });
      const at = expected.findIndex((each, index) => each !== found[index]);
      if (at < 0 && found.length === expected.length) continue;
      const [index = 0] = JSON.parse(expected[at] ?? '[]') as [number?];
      const { name, ...filter } = definitions[index] ?? {};
      const told = JSON.stringify({ ...filter, samples: [], literals: filters[index]?.literals });
      assert.equal(
        found[at],
        expected[at],
        `${where}, ${chunks.length} chunks, ${encoding}, ${name}: ${told}`,
      );
    }
  }
  assert.ok(matches > 10_000, `only ${matches} matches`);
  context.diagnostic(`${matches} matches`);
});

test(`what an expression matches begins as it says, seed ${seed}`, (context) => {
  const random = randomOf(seed + 6);
  let known = 0;
  for (let round = 0; round < 3_000; round++) {
    const text = Buffer.from(random.pick(lines), 'latin1').toString();
    const beginning = text
      .slice(0, 1 + random.below(12))
      .toWellFormed()
      .replace(special, '\\$&');
    const pattern = random.pick([
      `^${beginning}`,
      `^(?:${beginning}|${patternOf(random)})`,
      `^(?:${beginning})?${patternOf(random)}`,
      `^${beginning}${random.pick(['*', '+', '?', '{2}', '{0,3}'])}.*`,
      `^[${/^\w/.exec(text)?.[0] ?? 'x'}xyz]${text.slice(1, 6).toWellFormed().replace(special, '\\$&')}`,
    ]);
    const regexp = new RegExp(pattern, 'u');
    const beginnings = beginningsOf(pattern);
    if (beginnings === null) continue;
    for (const line of [text, text.slice(1), ...lines.slice(0, 50)]) {
      if (!regexp.test(line)) continue;
      known++;
      assert.ok(
        beginnings.some((each) => line.startsWith(each)),
        `seed ${seed}: ${pattern} matches ${line}`,
      );
    }
  }
  assert.ok(known > 1_000, `only ${known} matches`);
  context.diagnostic(`${known} matches`);
});

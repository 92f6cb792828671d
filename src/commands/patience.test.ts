import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegexFilterDefinition } from '../core/filter.ts';
import { compileWatched } from '../scan/filters/compile.ts';
// On a busy machine loading it takes longer than a line may here.
import '../scan/filters/re2-engine.ts';
import { Patience } from './patience.ts';

const definition: RegexFilterDefinition = {
  kind: 'regex',
  name: 'x',
  description: '',
  samples: [],
  ignoreCase: false,
  prefix: null,
  expressions: [
    { kind: 'hit', pattern: '^(?:(a+)+)+ <HOST>$' },
    { kind: 'hit', pattern: '^a+ \\d <HOST>$' },
  ],
  ignore: [],
};
const limits = { block: 200, line: 150 };
const endless = `${'a'.repeat(40)} 1 203.0.113.7`;

function patient(given = limits): { patience: Patience; told: string[] } {
  const told: string[] = [];
  return { patience: new Patience(definition, (text) => told.push(text), given), told };
}

/** What lines gave: the expression that decided. */
function judged({ patience }: { patience: Patience }, lines: readonly string[]): (number | null)[] {
  const filter = compileWatched(definition, patience.watch);
  const judge = (line: Buffer) => filter.judge(line.toString('utf8').trimEnd())?.expression ?? null;
  const block = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return [...patience.eachLine(block, 1, judge)].map(({ verdict }) => verdict);
}

test('lines are judged once each, in their order', () => {
  const trial = patient();
  assert.deepEqual(judged(trial, ['aa 203.0.113.7', 'x', 'aa 1 203.0.113.7']), [0, null, 1]);
  assert.deepEqual(trial.told, []);
});

test('an expression that does not end does not match, the next one is asked, and the lines behind are judged', () => {
  const trial = patient();
  assert.deepEqual(judged(trial, ['aa 203.0.113.7', endless, 'aa 203.0.113.7']), [0, 1, 0]);
  assert.deepEqual(trial.told, [
    `line 2: expression 1 does not come to an end on ${endless.length} characters, and is taken not to match`,
  ]);
});

test('at the third line it is restrained', () => {
  const trial = patient();
  const lines = Array.from({ length: 8 }, () => endless);
  assert.deepEqual(judged(trial, [...lines, 'aa 203.0.113.7']), [...lines.map(() => 1), 0]);
  assert.equal(trial.told.length, 4);
  assert.match(trial.told[3] ?? '', /^filter x: expression 1 does not come to an end on some lines/);
});

test('where no expression is to blame the line is left out, and at the tenth it is given up', () => {
  const { patience, told } = patient({ block: 20, line: 10 });
  const forEver = (): null => {
    for (;;) if (told.length > 1_000) return null;
  };
  const verdicts = patience.eachLine(Buffer.from('x\n'.repeat(20)), 1, forEver);
  assert.throws(() => [...verdicts], { code: 'filter-invalid', where: 'filter x' });
  assert.equal(told.length, 10);
  assert.match(told[9] ?? '', /^line 10: the search for its date/);
});

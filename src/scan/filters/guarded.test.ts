import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail2banFilter } from '../../../test/setup/fail2ban-filter.ts';
import { loadFilters, shippedFilters } from '../../config/filters.ts';
import type { FilterDefinition } from '../../core/filter.ts';
import { readSpot, Spot, spotBytes } from '../spot.ts';
import { compileWatched } from './compile.ts';
import { compileExpression } from './expression.ts';
import { GuardedExpression } from './guarded.ts';
import { patternsOf } from './patterns.ts';
import { Watch } from './watch.ts';

const hostile = `${'a'.repeat(40)}!`;

/** An expression, where it says it is, and the texts that it skipped. */
function guarded(pattern: string) {
  const memory = new SharedArrayBuffer(spotBytes);
  const skipped: string[] = [];
  const watch = new Watch(new Spot(memory), 5, (filter, expression, text) => {
    skipped.push(`${filter} ${expression} ${text}`);
  });
  return { expression: new GuardedExpression(pattern, false, watch), memory, skipped };
}

test('while it runs as it is written, its place says so; under a limit nobody has to mind', () => {
  const { expression, memory } = guarded('^b+$');
  expression.exec('bbb');
  assert.deepEqual(readSpot(memory), { count: 1, generation: 0, filter: 5, expression: 0, length: 3 });
  expression.test('bb');
  assert.equal(readSpot(memory)?.count, 2);
  expression.restrain('timed');
  expression.exec('b');
  assert.equal(readSpot(memory), null);
});

test('of the texts of the length that is suspected, those that end are judged and the one that does not is skipped', () => {
  const { expression, memory, skipped } = guarded('^(?:(a+)+)+ \\d$');
  expression.suspect(hostile.length);
  assert.notEqual(expression.exec('aa 1'), null);
  assert.equal(readSpot(memory)?.length, 4, 'another length runs as it is written');
  assert.notEqual(expression.exec(`${'a'.repeat(39)} 1`), null);
  assert.equal(expression.exec(hostile), null);
  assert.deepEqual(skipped, [`5 0 ${hostile}`]);
  expression.acquit();
  expression.exec(`${'a'.repeat(39)} 2`);
  assert.equal(readSpot(memory)?.length, hostile.length);
});

test('a restraint says what it came to, and can be taken away', () => {
  const linear = guarded('^(?:(a+)+)+ \\d$');
  assert.equal(linear.expression.restrain('linear'), 'linear');
  assert.equal(linear.expression.exec(hostile), null);
  assert.notEqual(linear.expression.exec('aa 1'), null);
  assert.deepEqual(linear.skipped, [], 'the engine came to an end');
  assert.equal(linear.expression.restrain(null), null);
  linear.expression.exec('aa 1');
  assert.notEqual(readSpot(linear.memory), null);
  assert.equal(guarded('^(a+)+\\1$').expression.restrain('linear'), 'timed');
});

test('from the third text on it restrains itself, since nobody is heard within a chunk', () => {
  const { expression, skipped } = guarded('^(?:(a+)+)+ \\d$');
  expression.suspect(hostile.length);
  for (let count = 0; count < 50; count++) assert.equal(expression.exec(hostile), null);
  assert.equal(skipped.length, 3);
});

test('where no other engine can run it, it is given less and less time within a chunk', () => {
  const { expression, skipped } = guarded('^(?:(a+)+)+ \\d\\1?$');
  assert.equal(expression.restrain('linear'), 'timed');
  for (let count = 0; count < 10; count++) assert.equal(expression.exec(hostile), null);
  assert.equal(skipped.length, 10);
});

const made: FilterDefinition[] = [
  fail2banFilter({ prefRegex: '^p', failRegex: ['^a <HOST>$', '^b <HOST>$'], datePattern: '^%Y\nEPOCH' }),
  {
    kind: 'regex',
    name: 'x',
    description: '',
    samples: [],
    ignoreCase: false,
    prefix: '^p',
    expressions: [
      { kind: 'hit', pattern: 'a <HOST>' },
      { kind: 'forget', pattern: 'b' },
    ],
    ignore: ['c', 'd'],
  },
  {
    kind: 'json',
    name: 'y',
    description: '',
    samples: [],
    rules: [1, 2].map((rule) => ({
      kind: 'hit',
      where: [
        { path: 'status', values: [401] },
        { path: 'uri', pattern: `^/${rule}` },
        { path: 'agent', pattern: `^x${rule}` },
      ],
      host: 'ip',
      user: null,
      session: null,
      time: null,
    })),
  },
];

test('what people are told of an expression is the one that the worker means', async () => {
  for (const definition of [...made, ...(await loadFilters([shippedFilters]))]) {
    const watch = new Watch();
    compileWatched(definition, watch);
    const patterns = patternsOf(definition);
    for (const [number, { pattern }] of patterns.entries())
      assert.equal(watch.expression(number)?.regexp.source, compileExpression(pattern).regexp.source);
    assert.equal(watch.expression(patterns.length), undefined);
  }
  assert.deepEqual(
    made.flatMap(patternsOf).map(({ name }) => name),
    [
      ...['prefregex (some.conf:1)', 'failregex 1 (some.conf:1)', 'failregex 2 (some.conf:1)'],
      ...['datepattern 1', 'datepattern 2'],
      ...['prefix', 'expression 1', 'expression 2', 'ignore 1', 'ignore 2'],
      ...['rule 1 uri', 'rule 1 agent', 'rule 2 uri', 'rule 2 agent'],
    ],
  );
});

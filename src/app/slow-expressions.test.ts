import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from './log.ts';
import { slowExpressions } from './slow-expressions.ts';

function observed() {
  const counted: unknown[] = [];
  const logged: [level: string, data: unknown][] = [];
  const level = (name: string) => (data: unknown) => void logged.push([name, data]);
  const log = { error: level('error'), warn: level('warn'), info: level('info') } as unknown as Log;
  const clock = { seconds: 0, now: () => clock.seconds };
  const inc = (labels: unknown): void => void counted.push(labels);
  const metrics = { expressionTimeouts: { inc } } as unknown as Parameters<typeof slowExpressions>[0];
  return { counted, logged, clock, tell: slowExpressions(metrics, log, clock) };
}

const place = { filter: 'x', file: '/x.yaml', expression: 'expression 2' };

test('each skipped line is counted, and one in ten seconds is logged with all that helps to find it', () => {
  const { counted, logged, clock, tell } = observed();
  for (let count = 0; count < 25; count++) {
    tell({ ...place, what: 'skipped', source: 'file:/log', text: `a${count}` });
    clock.seconds++;
  }
  assert.equal(counted.length, 25);
  assert.deepEqual(counted[0], { filter: 'x', expression: 'expression 2' });
  assert.deepEqual(
    logged,
    ['a0', 'a10', 'a20'].map((text) => ['warn', { ...place, source: 'file:/log', text }]),
  );
});

test('a restraint is logged as an error, also right after a line', () => {
  const { counted, logged, tell } = observed();
  tell({ ...place, what: 'stuck', source: null });
  tell({ ...place, what: 'restrained', restraint: 'timed' });
  tell({ ...place, what: 'let off' });
  assert.deepEqual(
    logged.map(([level]) => level),
    ['error', 'error', 'info'],
  );
  assert.deepEqual(counted, []);
});

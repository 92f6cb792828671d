import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FilterDefinition } from '../core/filter.ts';
import { risksOf } from './risks.ts';

const common = { description: '', samples: [], file: '/etc/x.yaml' };

test('each risk names its filter, file and expression', () => {
  const filter: FilterDefinition = {
    ...common,
    kind: 'regex',
    name: 'x',
    ignoreCase: false,
    prefix: '^(?:\\w+ ?)+: (?<content>.*)$',
    expressions: [
      { kind: 'hit', pattern: '^fine <HOST>$' },
      { kind: 'hit', pattern: '^user .* from <HOST>' },
    ],
    ignore: ['^(a*)*b'],
  };
  const heads = risksOf(filter).map((risk) => risk.split(': ').slice(0, 2).join(': '));
  assert.deepEqual(heads, [
    'filter x (/etc/x.yaml): prefix',
    'filter x (/etc/x.yaml): expression 2',
    'filter x (/etc/x.yaml): ignore 1',
  ]);
});

test('a rule of JSON fields has them too', () => {
  const where = [
    { path: 'status', values: [401] },
    { path: 'uri', pattern: '^/(?:a|a)*$' },
  ];
  const rule = { kind: 'hit', where, host: 'ip', user: null, session: null, time: null } as const;
  const [risk, ...more] = risksOf({ ...common, kind: 'json', name: 'y', rules: [rule] });
  assert.match(risk ?? '', /^filter y \(\/etc\/x\.yaml\): rule 1 uri: it can read/);
  assert.deepEqual(more, []);
});

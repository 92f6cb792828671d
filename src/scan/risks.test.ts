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

test('what a log cannot be searched for is said, once for each expression or rule', () => {
  const regex: FilterDefinition = {
    ...common,
    kind: 'regex',
    name: 'x',
    ignoreCase: false,
    prefix: null,
    expressions: [
      { kind: 'hit', pattern: '^Failed .* from <HOST>$' },
      { kind: 'hit', pattern: '^\\w+ <HOST>$' },
    ],
    ignore: ['^\\d'],
  };
  assert.deepEqual(
    risksOf(regex).map((risk) => risk.slice(0, 60)),
    ['filter x (/etc/x.yaml): expression 2: no text is known that '],
  );
  assert.deepEqual(risksOf({ ...regex, prefix: '^daemon: (?<content>.*)$' }), []);
  const rule = { kind: 'hit', host: 'ip', user: null, session: null, time: null } as const;
  const rules = [
    { ...rule, where: [{ path: 'status', values: [401] }] },
    { ...rule, where: [{ path: 'uri', pattern: '^/x' }] },
  ];
  const [risk, ...more] = risksOf({ ...common, kind: 'json', name: 'y', rules });
  assert.match(risk ?? '', /: rule 2: no text is known/);
  assert.deepEqual(more, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BailiffError } from '../core/errors.ts';
import { LabelReports } from './label-reports.ts';

const wrong = (label: string) =>
  new BailiffError('config-invalid', 'no such option', {
    where: `container "web", label "${label}"`,
    remedy: 'Did you mean "bantime"?',
  });

function reports() {
  const said: string[] = [];
  return { said, reports: new LabelReports((complaint) => said.push(complaint)) };
}

test('what is wrong with labels is told as long as it is so, and said once', () => {
  const { said, reports: known } = reports();
  known.replace('1', 'web', [wrong('a')]);
  known.replace('1', 'web', [wrong('a'), wrong('b')]);
  assert.deepEqual(
    known.all().map(({ container, errors }) => [container, errors.map(({ where }) => where)]),
    [['web', ['container "web", label "a"', 'container "web", label "b"']]],
  );
  assert.equal(known.warnings()[1], 'container "web", label "b": no such option. Did you mean "bantime"?');
  assert.equal(said.length, 2);
  known.replace('1', 'web', []);
  assert.deepEqual([known.all(), known.warnings()], [[], []]);
});

test('it goes with its container, and not with the one that has its name now', () => {
  const { reports: known } = reports();
  known.replace('1', 'web', [wrong('a')]);
  known.replace('2', 'web', [wrong('b')]);
  known.forget((id) => id === '1');
  assert.deepEqual(
    known.all().map(({ errors }) => errors.map(({ where }) => where)),
    [['container "web", label "b"']],
  );
});

test('many containers with many wrong labels are counted, not listed', () => {
  const { said, reports: known } = reports();
  for (let id = 0; id < 3_000; id++) known.replace(`${id}`, `c${id}`, [wrong(`a${id}`)]);
  assert.equal(known.all().length, 1_000);
  assert.equal(said.length, 1_000);
  assert.equal(known.warnings().length, 11);
  assert.equal(known.warnings()[10], '990 more labels are not heeded');
});

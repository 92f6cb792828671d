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
  const noted: string[] = [];
  return {
    said,
    noted,
    reports: new LabelReports({ complain: (text) => said.push(text), note: (text) => noted.push(text) }),
  };
}

test('what is wrong with labels is told as long as it is so, and said once', () => {
  const { said, reports: known } = reports();
  known.replace('1', 'web', { errors: [wrong('a')] });
  known.replace('1', 'web', { errors: [wrong('a'), wrong('b')] });
  assert.deepEqual(
    known.all().map(({ container, errors }) => [container, errors.map(({ where }) => where)]),
    [['web', ['container "web", label "a"', 'container "web", label "b"']]],
  );
  assert.equal(known.warnings()[1], 'container "web", label "b": no such option. Did you mean "bantime"?');
  assert.equal(said.length, 2);
  known.replace('1', 'web', { errors: [] });
  assert.deepEqual([known.all(), known.warnings()], [[], []]);
});

test('it goes with its container, and not with the one that has its name now', () => {
  const { reports: known } = reports();
  known.replace('1', 'web', { errors: [wrong('a')] });
  known.replace('2', 'web', { errors: [wrong('b')] });
  known.forget((id) => id === '1');
  assert.deepEqual(
    known.all().map(({ errors }) => errors.map(({ where }) => where)),
    [['container "web", label "b"']],
  );
});

test('many containers with many wrong labels are counted, not listed', () => {
  const { said, reports: known } = reports();
  for (let id = 0; id < 3_000; id++) known.replace(`${id}`, `c${id}`, { errors: [wrong(`a${id}`)] });
  assert.equal(known.all().length, 1_000);
  assert.equal(said.length, 3_000, 'one container with many cannot silence what others have to say');
  assert.deepEqual(known.all().at(-1)?.container, 'c2999');
  assert.deepEqual(known.warnings().slice(10), [
    '990 more labels are not heeded',
    'labels of 2000 more containers may not be heeded',
  ]);
  known.forget((id) => Number(id) < 2_000);
  assert.deepEqual(known.warnings().slice(10), ['990 more labels are not heeded']);
});

test('a note is said once and is no warning', () => {
  const { said, noted, reports: known } = reports();
  for (let time = 0; time < 2; time++) known.replace('1', 'web', { errors: [], notes: ['left out: x'] });
  assert.deepEqual([said, noted, known.warnings()], [[], ['left out: x'], []]);
  assert.deepEqual(known.all(), [{ container: 'web', errors: [], notes: ['left out: x'] }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseBanTime, parseDuration } from './duration.ts';

const durations: readonly (readonly [string, number])[] = [
  ['600', 600],
  ['10m', 600],
  ['1h 30m', 5_400],
  ['1d12h', 129_600],
  ['1.5h', 5_400],
  ['2 weeks', 1_209_600],
  ['1mo', 2_629_800],
  ['1y', 31_557_600],
  ['0', 0],
];
for (const [text, seconds] of durations) {
  test(`${text} is ${seconds} s`, () => assert.equal(parseDuration(text), seconds));
}

for (const text of ['', 'soon', '10 minits', '10m!', '-5', 'm', '1h,30m', 'constructor']) {
  test(`"${text}" is no duration`, () =>
    assert.throws(() => parseDuration(text), { code: 'duration-invalid' }));
}

test('-1 is for ever, as a ban time only', () => {
  assert.equal(parseBanTime(' -1 '), null);
  assert.equal(parseBanTime('Permanent'), null);
  assert.equal(parseBanTime('1h'), 3_600);
});

test('durations are written with two units at most', () => {
  assert.deepEqual([0, 59, 600, 5_400, 90_061, null].map(formatDuration), [
    '0s',
    '59s',
    '10m',
    '1h 30m',
    '1d 1h',
    'for ever',
  ]);
});

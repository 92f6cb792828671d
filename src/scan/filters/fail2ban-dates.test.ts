import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDatePattern } from '../../config/fail2ban/dates/date-pattern.ts';
import { Fail2banDates, plainSearch } from './fail2ban-dates.ts';

/** 2005-08-14T12:00:00 in Zurich. */
const now = 1_124_013_600;
const timeZone = 'Europe/Zurich';

function datesOf(pattern: string | null, logMinutes: number | null = null): Fail2banDates {
  return new Fail2banDates(readDatePattern(pattern, 2026).map(plainSearch), { timeZone, logMinutes });
}

/** The date as ISO 8601 in UTC; null where there is no such time, undefined where no date is found. */
function iso(
  pattern: string | null,
  line: string,
  at = now,
  logMinutes: number | null = null,
): string | null | undefined {
  const found = datesOf(pattern, logMinutes).find(line, at);
  if (found === null) return undefined;
  return found.time === null ? null : new Date(found.time * 1_000).toISOString().replace('.000Z', 'Z');
}

const times: readonly (readonly [what: string, pattern: string, line: string, time: string | null])[] = [
  ['a date of the zone', '%Y-%m-%d %H:%M:%S', '2005-08-14 11:59:59', '2005-08-14T09:59:59Z'],
  [
    'a fraction, which does not count',
    '%Y-%m-%d %H:%M:%S.%f',
    '2005-08-14 11:59:59.9',
    '2005-08-14T09:59:59Z',
  ],
  ['an offset', '%Y-%m-%d %H:%M %z', '2005-08-14 11:59 -0130', '2005-08-14T13:29:00Z'],
  ['a named zone', '%Y-%m-%d %H:%M %Z', '2005-08-14 11:59 PDT', '2005-08-14T18:59:00Z'],
  ['an unknown zone', '%Y-%m-%d %H:%M %Z', '2005-08-14 11:59 FOO', null],
  ['two digits of a year', '%y-%m-%d', '05-08-14', '2005-08-13T22:00:00Z'],
  ['names', '%A %d %B %Y', 'Sunday 14 August 2005', '2005-08-13T22:00:00Z'],
  ['no year', '%b %d %H:%M', 'Aug 15 11:59', '2005-08-15T09:59:00Z'],
  ['no year, more than a day ahead', '%b %d %H:%M', 'Aug 15 12:01', '2004-08-15T10:01:00Z'],
  ['no year, and a leap day of another one', '%b %d %H:%M', 'Feb 29 12:00', null],
  ['no day', '%H:%M:%S', '11:59:59', '2005-08-14T09:59:59Z'],
  ['no day, ahead', '%H:%M:%S', '12:00:01', '2005-08-13T10:00:01Z'],
  ['a weekday alone', '%a %H:%M', 'Mon 11:59', '2005-08-14T09:59:00Z'],
  ['a day of the year', '%Y %j', '2004 366', '2004-12-30T23:00:00Z'],
  ['a week from Sunday', '%Y %U %w', '2005 33 0', '2005-08-13T22:00:00Z'],
  ['a week from Monday', '%Y %W %a', '2005 32 Sun', '2005-08-13T22:00:00Z'],
  ['days before the first week', '%Y %W %a', '2005 0 Sat', '2004-12-31T23:00:00Z'],
  ['noon', '%Y-%m-%d %I:%M %p', '2005-08-14 12:00 PM', '2005-08-14T10:00:00Z'],
  ['midnight', '%Y-%m-%d %I:%M %p', '2005-08-14 12:00 am', '2005-08-13T22:00:00Z'],
  ['an afternoon', '%Y-%m-%d %l:%M %p', '2005-08-13 4:00 pm', '2005-08-13T14:00:00Z'],
  ['twelve hours without a half', '%Y-%m-%d %I:%M', '2005-08-14 12:30', '2005-08-13T22:30:00Z'],
  ['February 30', '%Y-%m-%d', '2005-02-30', null],
  ['a leap day', '%Y-%m-%d', '2004-02-29', '2004-02-28T23:00:00Z'],
  ['a leap second', '%Y-%m-%d %H:%M:%S', '2005-08-14 10:00:60', null],
  ['an hour of 29', '%Y-%m-%d %k:%M:%S', '2005-08-14 29:00:00', null],
  ['a time that the clock skips', '%Y-%m-%d %H:%M', '2005-03-27 02:30', '2005-03-27T01:30:00Z'],
  ['a day without a month', '%d %H:%M', '14 11:59', null],
  ['digits of another script', '%Y-%m-%d', '20٠٥-08-1٤', '2005-08-13T22:00:00Z'],
  ['seconds since 1970', 'EPOCH', '1124013599.500', '2005-08-14T09:59:59.500Z'],
  ['milliseconds since 1970', 'LEPOCH', '1124013599500', '2005-08-14T09:59:59.500Z'],
  ['microseconds since 1970', 'LEPOCH', '1124013599500000', '2005-08-14T09:59:59.500Z'],
  [
    'TAI64N, without a thought of leap seconds',
    'TAI64N',
    '@4000000042ff15df00000000',
    '2005-08-14T09:58:55Z',
  ],
];

for (const [what, pattern, line, time] of times) {
  test(`reads ${what}`, () => {
    assert.equal(iso(pattern, line), time);
  });
}

test('a zone for the log holds for dates that name none', () => {
  assert.equal(iso('%Y-%m-%d %H:%M', '2005-08-14 10:00', now, 90), '2005-08-14T08:30:00Z');
  assert.equal(iso('%Y-%m-%d %H:%M %z', '2005-08-14 10:00 Z', now, 90), '2005-08-14T10:00:00Z');
});

test('a pattern that finds its place without a date gives no time and cuts nothing out', () => {
  assert.deepEqual(datesOf('{NONE}').find('x 2005', now), { time: null, start: 0, end: 0 });
});

test('what is cut out is counted in code units, behind characters of two as well', () => {
  const { start, end } = datesOf('%Y-%m-%d').find('🙂🙂 2005-08-14', now) ?? {};
  assert.deepEqual([start, end], [5, 15]);
});

test('a line without a date has none', () => {
  assert.equal(iso(null, 'Failed password for root from 192.0.2.1'), undefined);
});

/** Of each line, where its date begins. */
function starts(dates: Fail2banDates, lines: readonly string[], from = now): (number | undefined)[] {
  return lines.map((line, index) => dates.find(line, from + index)?.start);
}

test('a date at the beginning of a line is preferred to one behind it', () => {
  assert.deepEqual(starts(datesOf(null), ['Aug 14 11:00:00 user 2005-08-14 10:00:00']), [0]);
});

test('a form that stood near is not believed further behind while another one stands nearer', () => {
  const dates = datesOf('%Y-%m-%d\n%H:%M:%S');
  assert.deepEqual(starts(dates, ['2005-08-14 x', '10:00:00 x 2005-08-14']), [0, 0]);
});

test('with one form only, its date is taken wherever it stands', () => {
  assert.deepEqual(starts(datesOf('%Y-%m-%d'), ['2005-08-14 x', 'x y z 2005-08-14']), [0, 6]);
});

test('the last form is looked for between the same neighbours first', () => {
  const dates = datesOf('%H:%M\n%H:%M:%S');
  const line = '[10:00] 11:00:00';
  assert.deepEqual(dates.find(line, now), dates.find(line, now));
  assert.deepEqual(starts(dates, ['[10:00] 11:00:00', '[10:01] 11:00:00']), [1, 1]);
});

test('forms that hit go up, so that of two at one place the usual one is taken', () => {
  const both = ['%d/%m/%Y', '%m/%d/%Y'].join('\n');
  const dates = datesOf(both);
  const timeOf = (line: string): number | null | undefined => dates.find(line, now)?.time;
  const dayFirst = timeOf('05/06/2005 x');
  for (let line = 0; line < 3; line++) timeOf('06/25/2005 x');
  assert.notEqual(timeOf('05/06/2005 x'), dayFirst);
});

test('neighbouring lines with the same date are read alike, and a date that goes on is seen', () => {
  const dates = datesOf('{^LN-BEG}');
  const found = [
    ...[
      '2005-08-14 10:00:00 a',
      '2005-08-14 10:00:00 b',
      '2005-08-14 10:00:00 c',
      '2005-08-14 10:00:00 +0000 d',
    ],
    ...['2005-08-14 10:00:00 e', '2005-08-14 10:00:00.5 f', '2005-08-14 10:00:005 g', '2005-08-14 10:00:00'],
  ].map((line) => dates.find(line, now)?.end);
  assert.deepEqual(found, [19, 19, 19, 25, 19, 21, undefined, 19]);
});

test('a date that is known has the year of its present', () => {
  const dates = datesOf('{^LN-BEG}');
  const line = 'Aug 14 10:00:00 host x';
  const timeAt = (at: number): number | null | undefined => dates.find(line, at)?.time;
  const year = 365 * 86_400;
  assert.deepEqual([timeAt(now), timeAt(now), timeAt(now)], Array(3).fill(now - 7_200));
  assert.equal(timeAt(now + year), now + year - 7_200);
});

test('what was found in a part of the last place is not known to be found there again', () => {
  const dates = datesOf(String.raw`((?:%u\s+)?)\b`);
  const ends = ['1  J x', '7  A x', '7  A x'].map((line) => dates.find(line, now)?.end);
  assert.deepEqual(ends, [3, 0, 3]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateReader } from './dates.ts';

const now = Date.parse('2026-11-22T16:30:00Z') / 1_000;

/** Line, its time, and what is left of it; null: no date. */
const cases: readonly (readonly [line: string, time: string | null, rest?: string])[] = [
  ['Nov  5 03:04:05 host x', '2026-11-05T03:04:05Z', ' host x'],
  ['Nov 5 03:04:05 host x', '2026-11-05T03:04:05Z', ' host x'],
  ['Nov 23 16:29:59 host x', '2026-11-23T16:29:59Z', ' host x'],
  ['Nov 23 16:30:01 host x', '2025-11-23T16:30:01Z', ' host x'],
  ['Dec 31 23:59:59 host x', '2025-12-31T23:59:59Z', ' host x'],
  ['Feb 29 01:00:00 host x', null],
  ['Nov 31 01:00:00 host x', null],
  ['Nov 22 24:00:00 host x', null],
  ['<38>Nov 22 03:04:05 host x', '2026-11-22T03:04:05Z', '<38> host x'],
  ['Sun Nov 22 16:02:01 2026 x', '2026-11-22T16:02:01Z', ' x'],
  ['[Sun Nov 22 16:02:01.250 2026] [x]', '2026-11-22T16:02:01.25Z', '[] [x]'],
  ['2026-11-22T16:02:01Z x', '2026-11-22T16:02:01Z', ' x'],
  ['2026-11-22T16:02:01.123456+01:00 x', '2026-11-22T15:02:01.123456Z', ' x'],
  ['2026-11-22T16:02:01-0530 x', '2026-11-22T21:32:01Z', ' x'],
  ['2026-11-22 16:02:01,5 x', '2026-11-22T16:02:01.5Z', ' x'],
  ['2026-11-22 16:02:01.123 UTC [7] x', '2026-11-22T16:02:01.123Z', ' [7] x'],
  ['2026-11-22 16:02:01 +0200 x', '2026-11-22T14:02:01Z', ' x'],
  ['[2026-11-22 16:02:01] x', '2026-11-22T16:02:01Z', '[] x'],
  ['2026/11/22 16:02:01 [error] 1#1: x', '2026-11-22T16:02:01Z', ' [error] 1#1: x'],
  ['2026-13-22T16:02:01Z x', null],
  ['2026-11-22T16:02:011 x', null],
  [
    '203.0.113.7 - - [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1" 401',
    '2026-11-22T16:02:01Z',
    '203.0.113.7 - - [] "GET / HTTP/1.1" 401',
  ],
  [
    '203.0.113.7 - bob [22/Nov/2026:16:02:01 -0100] "GET /"',
    '2026-11-22T17:02:01Z',
    '203.0.113.7 - bob [] "GET /"',
  ],
  ['22/Nov/2026:16:02:01 +0000 x', '2026-11-22T16:02:01Z', ' x'],
  // Dates that a client could have written do not count.
  ['203.0.113.7 "GET /[22/Nov/2026:16:02:01 +0000]"', null],
  ['Failed for Nov 22 16:02:01 from 203.0.113.7', null],
  ['x 2026-11-22T16:02:01Z', null],
  ['', null],
  ['Nov', null],
];

for (const [line, time, rest] of cases) {
  test(`the date of "${line}"`, () => {
    const found = new DateReader('UTC').find(line, now);
    assert.equal(found === null ? null : found.time, time === null ? null : seconds(time));
    if (found !== null) assert.equal(line.slice(0, found.start) + line.slice(found.end), rest);
  });
}

function seconds(time: string): number {
  const [, whole = '', fraction = '0'] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return Date.parse(`${whole}Z`) / 1_000 + Number(`0.${fraction}`);
}

test('one reader reads them all in any order: what it remembers of the line before misleads it nowhere', () => {
  const reader = new DateReader('UTC');
  for (const [line] of [...cases, ...cases.toReversed()]) {
    assert.deepEqual(reader.find(line, now), new DateReader('UTC').find(line, now), line);
    for (const next of [
      'Nov  5 03:04:05.5 x',
      '2026-11-22 16:02:01 x',
      '2026-11-22 16:02:01 Z',
      '2026-11-22 16:02:01.7 x',
    ]) {
      assert.deepEqual(reader.find(next, now), new DateReader('UTC').find(next, now), `${line} then ${next}`);
    }
  }
});

/** Zone, wall clock, present, and the time in UTC. */
const zoned: readonly (readonly [zone: string, wall: string, present: string, time: string])[] = [
  ['Europe/Berlin', '2026-07-01 12:00:00', '2026-07-01T10:00:00Z', '2026-07-01T10:00:00Z'],
  ['Europe/Berlin', '2026-12-01 12:00:00', '2026-12-01T11:00:00Z', '2026-12-01T11:00:00Z'],
  ['America/New_York', '2026-07-01 12:00:00', '2026-07-01T16:00:00Z', '2026-07-01T16:00:00Z'],
  ['Asia/Kolkata', '2026-07-01 12:00:00', '2026-07-01T06:30:00Z', '2026-07-01T06:30:00Z'],
  // The hour that comes twice: the present tells which one it is.
  ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T00:30:00Z', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T01:30:00Z', '2026-10-25T01:30:00Z'],
  ['Europe/Berlin', '2026-10-25 01:59:59', '2026-10-25T01:30:00Z', '2026-10-24T23:59:59Z'],
  ['Europe/Berlin', '2026-10-25 03:00:00', '2026-10-25T02:00:00Z', '2026-10-25T02:00:00Z'],
  // The hour that does not exist.
  ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z', '2026-03-29T01:30:00Z'],
  ['Australia/Lord_Howe', '2026-10-04 02:30:00', '2026-10-03T15:30:00Z', '2026-10-03T15:30:00Z'],
];

for (const [zone, wall, present, time] of zoned) {
  test(`${wall} in ${zone}, read at ${present}`, () => {
    const found = new DateReader(zone).find(`${wall} x`, Date.parse(present) / 1_000);
    assert.equal(
      found === null ? null : new Date(Number(found.time) * 1_000).toISOString(),
      new Date(time).toISOString(),
    );
  });
}

test('a year ends in the zone of the log', () => {
  const found = new DateReader('Asia/Tokyo').find(
    'Jan  1 00:00:05 host',
    Date.parse('2026-12-31T15:00:10Z') / 1_000,
  );
  assert.equal(found?.time, Date.parse('2026-12-31T15:00:05Z') / 1_000);
});

test('fields hold text or epoch times in any unit', () => {
  const reader = new DateReader('UTC');
  for (const value of [
    1_795_363_321.5,
    1_795_363_321_500,
    1_795_363_321_500_000,
    '1795363321.5',
    '2026-11-22T16:02:01.5Z',
  ]) {
    assert.equal(reader.readField(value, now), 1_795_363_321.5, String(value));
  }
  for (const value of [0, -5, Number.NaN, 1e30, 'yesterday', ''])
    assert.equal(reader.readField(value, now), null, String(value));
});

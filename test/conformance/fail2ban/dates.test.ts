import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { defaultDates } from '../../../src/config/fail2ban/dates/default-dates.ts';
import { compareDates } from './compare-dates.ts';
import { DateOracle } from './dates-oracle.ts';

/** The present of fail2ban's own tests, 2005-08-14T10:00:00Z. */
const now = 1_124_013_600;
const oracle = new DateOracle();
after(() => oracle.close());
const { year, filters } = await oracle.stock();

test('the default dates are the same, in the same order', async () => {
  assert.deepEqual(defaultDates, await oracle.defaults());
});

test('in their sample logs, stock filters find the same dates, with their own patterns and with others', async (context) => {
  const all = { lines: 0, dates: 0, times: 0 };
  const patterns = new Set([null, '{^LN-BEG}', ...filters.map(({ datepattern }) => datepattern)]);
  for (const { filter, options, datepattern, lines } of filters) {
    const timed = lines.map((line) => [line, now] as const);
    for (const pattern of new Set([datepattern, null])) {
      const request = { datepattern: pattern, logtimezone: null, lines: timed };
      const outcome = await compareDates(oracle, request, year, `${filter} ${JSON.stringify(options)}`);
      assert.ok(typeof outcome === 'object', `${filter}: ${outcome}`);
      assert.equal(outcome.endless, 0);
      all.lines += outcome.lines;
      all.dates += outcome.dates;
      all.times += outcome.times;
    }
  }
  const everything = filters.flatMap(({ lines }) => lines.map((line) => [line, now] as const));
  for (const datepattern of patterns) {
    const request = { datepattern, logtimezone: null, lines: everything };
    const outcome = await compareDates(oracle, request, year, 'all sample logs');
    assert.ok(typeof outcome === 'object' && outcome.endless === 0);
    all.lines += outcome.lines;
    all.dates += outcome.dates;
    all.times += outcome.times;
  }
  context.diagnostic(`${filters.length} filters, ${patterns.size} patterns, ${JSON.stringify(all)}`);
  assert.ok(patterns.size > 20 && all.times > 10_000);
});

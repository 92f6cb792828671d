import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { randomOf, seed } from '../../fuzz/random.ts';
import { compareDates } from './compare-dates.ts';
import { DateOracle } from './dates-oracle.ts';
import { brokenPattern, MadeDatePattern, madeLines } from './made-dates.ts';

const linesOfStock = 1_500;
const madePatterns = 500;
const linesOfMade = 60;
const oracle = new DateOracle();
after(() => oracle.close());
const { year, filters } = await oracle.stock();

/** Of every kind that a datepattern can have. */
const ownPatterns = [
  ...[
    '{DEFAULT}',
    '{DATE}',
    '{NONE}',
    '{none}',
    'EPOCH',
    'epoch',
    'LEPOCH',
    '^LEPOCH',
    '{^LN-BEG}LEPOCH',
    'TAI64N',
    '^TAI64N',
  ],
  ...[
    '^{DATE}',
    '{^LN-BEG}{DATE}',
    '{UNB}{DATE}',
    '**{DATE}**',
    String.raw`\[{DATE}\]`,
    '({DATE}) ',
    '{EPOCH}',
    String.raw`\[{LEPOCH}\]`,
  ],
  ...[
    '**{EPOCH}**',
    '^({EPOCH}) ',
    'a{EPOCH}',
    '{^LN-BEG}{EPOCH}',
    '{UNB}{EPOCH}',
    'EPOCH\nTAI64N\n{DEFAULT}',
    '%Y-%m-%d\n{DATE}',
  ],
  ...[
    '{^LN-BEG}%H:%M:%S\n{^LN-BEG}',
    '{DEFAULT}\nEPOCH',
    '{^LN-BEG}Epoch\n{^LN-BEG}\n{DEFAULT}',
    '{DATE}\n{DATE}',
    '%W %w\n%U %w',
  ],
  ...[
    '%H',
    '%d %H',
    '%m %H',
    '%j',
    '%Y %U %w %H',
    '%Y %W %a %H:%M',
    '%I:%M %p',
    '%l(?: %p)?',
    '%Z %H:%M',
    '%y',
    '%H:%M %z',
    '%Exz %H:%M',
  ],
  ...[
    '{UNB}%Y%m',
    '**%Y**',
    '%Y$',
    '(%Y)-%m',
    'x?(%Y)?',
    String.raw`(?P<Y>\d+) %b`,
    '(?i)%Y %Z',
    '{NONE}\n%Y',
  ],
] as const;

test('with stock patterns and those of all kinds, made lines have the same dates', async (context) => {
  const random = randomOf(seed);
  const patterns = new Set([
    null,
    '{^LN-BEG}',
    ...ownPatterns,
    ...filters.map(({ datepattern }) => datepattern),
  ]);
  const tally = { patterns: 0, refused: 0, lines: 0, dates: 0, times: 0, endless: 0 };
  for (const datepattern of patterns) {
    for (const logtimezone of [null, 'UTC+0130']) {
      const request = { datepattern, logtimezone, lines: [...madeLines(linesOfStock, null, random)] };
      const outcome = await compareDates(oracle, request, year, `seed ${seed}`);
      tally.patterns++;
      if (outcome === 'refused') tally.refused++;
      else if (typeof outcome === 'object') add(tally, outcome);
      else assert.fail(`${datepattern} is ${outcome}`);
    }
  }
  context.diagnostic(`${JSON.stringify(tally)}, seed ${seed}`);
  assert.ok(tally.times > 20_000 && tally.refused < 20 && tally.endless === 0);
});

test('with made patterns, lines have the same dates, or both refuse the pattern', async (context) => {
  const random = randomOf(seed);
  const tally = { patterns: 0, refused: 0, untranslatable: 0, lines: 0, dates: 0, times: 0, endless: 0 };
  for (let round = 0; round < madePatterns; round++) {
    const made = new MadeDatePattern(random);
    const several = random.below(4) === 0 ? [made.pattern, random.pick(ownPatterns)] : [made.pattern];
    const whole = several.join('\n');
    const datepattern = random.below(5) === 0 ? brokenPattern(whole, random) : whole;
    const lines = [...madeLines(linesOfMade, made, random)];
    const request = { datepattern, logtimezone: random.below(4) === 0 ? '-0500' : null, lines };
    const outcome = await compareDates(oracle, request, year, `seed ${seed}`);
    tally.patterns++;
    if (typeof outcome === 'string') tally[outcome]++;
    else add(tally, outcome);
  }
  context.diagnostic(`${JSON.stringify(tally)}, seed ${seed}`);
  assert.ok(tally.times > madePatterns && tally.untranslatable < madePatterns / 20);
});

function add<T extends Record<string, number>>(
  tally: T & Record<string, number>,
  more: Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(more))
    (tally as Record<string, number>)[name] = (tally[name] ?? 0) + count;
}

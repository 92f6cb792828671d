import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { caseVariants } from '../../../src/config/fail2ban/expressions/letter-cases.ts';
import { translate } from '../../../src/config/fail2ban/expressions/translate.ts';
import { Oracle, type Run } from './oracle.ts';

const oracle = new Oracle();
after(() => oracle.close());
const known = await oracle.known();
const isKnown = new Set(known);

const patterns = [
  ...[
    '\\w',
    '\\W',
    '\\d',
    '\\D',
    '\\s',
    '\\S',
    '.',
    '(?s:.)',
    '[^\\W\\d_]',
    '[\\W_]',
    '[^\\S\\n]',
    '[^\\s\\w]',
  ],
  ...['(?a:\\w)', '(?a:\\W)', '(?a:\\s)', '(?a:\\S)', '(?a:\\D)', '(?a:[\\W5])', '(?ai:[h-l])'],
  ...[
    '(?i:k)',
    '(?i:[h-l])',
    '(?i:[^h-l])',
    '(?i:[\\W\\u00c0-\\u00ff])',
    '(?i:[\\u0370-\\u1fff])',
    '(?i:\\u03c3)',
  ],
  ...['(?i:[\\U00010400-\\U00010410])', '(?i:[^\\u0100-\\u2fff])'],
];

for (const pattern of patterns) {
  test(`${pattern} matches the same characters, of all that Python knows`, async () => {
    const { source, flags } = translate(`(?P<fid>${pattern})`, { names: true, multiline: false });
    const regexp = new RegExp(`^${source}`, flags);
    const expected = oracle.characters(pattern);
    assert.deepEqual(runsOf(regexp), await expected);
  });
}

function runsOf(regexp: RegExp): Run[] {
  const runs: [number, number][] = [];
  let matched = false;
  for (const code of known) {
    const before = matched ? runs.at(-1) : undefined;
    matched = regexp.test(String.fromCodePoint(code));
    if (matched && before !== undefined) before[1] = code;
    else if (matched) runs.push([code, code]);
  }
  return runs;
}

test('letters of all scripts have the same other cases', async () => {
  const cases = await oracle.cases();
  for (const [code, expected] of cases) {
    const variants = caseVariants(code, false).filter((variant) => isKnown.has(variant));
    assert.deepEqual(
      variants.toSorted((a, b) => a - b),
      expected,
      `U+${code.toString(16)}`,
    );
  }
  assert.ok(cases.length > 2_500);
});

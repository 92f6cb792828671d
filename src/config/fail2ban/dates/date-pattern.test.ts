import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DateTemplate } from '../../../core/date-template.ts';
import { BailiffError } from '../../../core/errors.ts';
import { readDatePattern } from './date-pattern.ts';

const year = 2026;

/** What the pattern's only template cuts out of a line, or null. */
function cut(pattern: string, line: string): string | null {
  const { source, flags, cut: group } = only(pattern);
  const match = new RegExp(source, flags).exec(line);
  return match === null ? null : (match[group] ?? '');
}

function only(pattern: string): DateTemplate {
  const [template, ...others] = readDatePattern(pattern, year);
  assert.deepEqual(others, []);
  assert.ok(template !== undefined);
  return template;
}

/** What a token takes, and what it does not. */
const tokens: Readonly<Record<string, readonly [taken: readonly string[], refused: readonly string[]]>> = {
  '%a': [
    ['Mon', 'sUN'],
    ['Monday', 'Mo', 'Lun'],
  ],
  '%A': [
    ['Monday', 'SUNDAY'],
    ['Mon', 'Lundi'],
  ],
  '%b': [
    ['Jan', 'DEC'],
    ['January', 'Jän'],
  ],
  '%B': [['January', 'may'], ['Jan']],
  '%d': [
    ['1', '01', ' 1', '31'],
    ['00', '32'],
  ],
  '%f': [
    ['1', '123456'],
    ['1234567', '٣'],
  ],
  '%G': [['2026'], ['202']],
  '%H': [['0', '00', '23'], ['24']],
  '%I': [
    ['1', '01', '12'],
    ['0', '13'],
  ],
  '%j': [
    ['1', '01', '001', '366'],
    ['0', '367'],
  ],
  '%k': [['1', '23', '29'], ['30']],
  '%l': [['1', '12', '19'], ['20']],
  '%m': [
    ['1', '01', '12'],
    ['0', '13'],
  ],
  '%M': [['0', '00', '59'], ['60']],
  '%p': [
    ['AM', 'pm'],
    ['a.m.', 'xm'],
  ],
  '%S': [['0', '00', '61'], ['62']],
  '%u': [
    ['1', '7'],
    ['0', '8'],
  ],
  '%U': [['0', '00', '53'], ['54']],
  '%V': [['0', '01', '53'], ['54']],
  '%w': [['0', '6'], ['7']],
  '%W': [['0', '00', '53'], ['54']],
  '%x': [['01/31/26'], ['31/01/26', '01/31/2026']],
  '%X': [['1:2:3', '23:59:61'], ['24:00:00']],
  '%c': [['Mon Jan  2 03:04:05 2026'], ['Mon Jan 2 2026 03:04:05']],
  '%y': [
    ['26', '٢٦'],
    ['2', '2026'],
  ],
  '%Y': [
    ['2026', '0001'],
    ['26', '20261'],
  ],
  '%z': [
    ['Z', 'UTC', 'GMT', '+01', '-0130', '+01:30'],
    ['CET', 'utc', '+21'],
  ],
  '%Z': [
    ['Z', 'CET', 'AKDT'],
    ['A', 'cet', 'Europe'],
  ],
  '%%': [['%'], ['x']],
  '%Exd': [
    ['01', '31'],
    ['1', '32'],
  ],
  '%ExH': [
    ['00', '23'],
    ['1', '24'],
  ],
  '%Exk': [['1', '23'], ['24']],
  '%Exl': [['0', '12'], ['13']],
  '%Exm': [
    ['01', '12'],
    ['1', '13'],
  ],
  '%ExM': [
    ['00', '59'],
    ['1', '60'],
  ],
  '%ExS': [
    ['00', '61'],
    ['1', '62'],
  ],
  '%Exy': [['26'], ['2']],
  '%ExY': [
    ['2000', '2026', '2029'],
    ['1999', '2030', '2126'],
  ],
  '%Exz': [
    ['CET', 'A', '+0100', 'CET+01:00'],
    ['AB', 'cet'],
  ],
  '%ExZ': [
    ['CET', 'A'],
    ['AB', 'cet'],
  ],
};

for (const [token, [taken, refused]] of Object.entries(tokens)) {
  test(`${token} takes ${taken.join(', ')}`, () => {
    for (const text of taken) assert.equal(cut(`^(${token})$`, text), text);
  });

  test(`${token} does not take ${refused.join(', ')}`, () => {
    for (const text of refused) assert.equal(cut(`^(${token})$`, text), null, text);
  });
}

test('the years of %ExY go on to the decade in three years', () => {
  assert.match('2030', new RegExp(readDatePattern('^(%ExY)$', 2027)[0]?.source ?? '', 'u'));
});

test('in a pattern with names the case of letters does not count, and in others it does', () => {
  assert.equal(cut('%b %d utc', 'JAN 12 UTC'), 'JAN 12 UTC');
  assert.equal(cut('%m %d utc', '01 12 UTC'), null);
});

test('a date stands between words unless the pattern says otherwise', () => {
  assert.equal(cut('%Y-%m-%d', 'at 2026-11-22: x'), '2026-11-22');
  for (const line of ['x2026-11-22', '2026-11-229']) assert.equal(cut('%Y-%m-%d', line), null, line);
  for (const pattern of ['**%Y-%m-%d**', '{UNB}%Y-%m-%d'])
    assert.equal(cut(pattern, 'x2026-11-12x'), '2026-11-12', pattern);
  assert.equal(cut('**%Y-%m-%d', 'x2026-11-12'), '2026-11-12');
  assert.equal(cut('**%Y-%m-%d', 'x2026-11-12x'), null);
});

test('{^LN-BEG} is the beginning of the line, or behind two characters of no word', () => {
  for (const line of ['2026 x', '[2026] x', '<[2026']) assert.equal(cut('{^LN-BEG}%Y', line), '2026', line);
  for (const line of ['<<[2026', 'x 2026', 'x2026']) assert.equal(cut('{^LN-BEG}%Y', line), null, line);
});

test('what is bound to an end of the line is anchored', () => {
  for (const pattern of ['^%Y', '{^LN-BEG}%Y', '(^%Y)', '%Y$', '(%Y$)', '{NONE}'])
    assert.equal(only(pattern).anchored, true, pattern);
  for (const pattern of ['%Y', '(?:^|at )%Y', '(?:^%Y)', '{UNB}%Y'])
    assert.equal(only(pattern).anchored, false, pattern);
});

test('the first group without a name is cut out, and without one all of it', () => {
  assert.equal(cut(String.raw`^[^\[]*\[(%Y)\]`, 'a [2026] b'), '2026');
  assert.equal(cut(String.raw`^[^\[]*\[%Y\]`, 'a [2026] b'), 'a [2026]');
  assert.equal(cut('x(?P<n>a)?(%Y)', 'x2026'), '');
});

test('{NONE} takes nothing, at the beginning of every line', () => {
  assert.equal(cut('{NONE}', '2026'), '');
});

const epochs: Readonly<Record<string, readonly [line: string, cut: string | null][]>> = {
  EPOCH: [
    ['1795362000 x', '1795362000'],
    ['[1795362000.123] x', '1795362000.123'],
    ['x audit(1795362000.123:45): x', '1795362000.123'],
    ['x 1795362000', null],
    ['1795362000123', null],
  ],
  '{^LN-BEG}epoch': [
    ['<[1795362000]', '1795362000'],
    ['audit(1795362000:1)', null],
  ],
  LEPOCH: [
    ['1795362000123 x', '1795362000123'],
    ['1795362000123456', '1795362000123456'],
    ['1795362000', '1795362000'],
  ],
  [String.raw`at \[{EPOCH}\]`]: [['x at [1795362000] x', 'at [1795362000]']],
  TAI64N: [
    ['x @4000000042feeeec2d5a9b0c x', '@4000000042feeeec2d5a9b0c'],
    ['@4000000042FEEEEC2d5a9b0c', null],
  ],
  '^TAI64N': [['x @4000000042feeeec2d5a9b0c', null]],
};

for (const [pattern, lines] of Object.entries(epochs)) {
  test(`${pattern} cuts out seconds`, () => {
    for (const [line, expected] of lines) assert.equal(cut(pattern, line), expected, line);
  });
}

test('without a pattern it is the default dates, with copies that are bound to the beginning', () => {
  const templates = readDatePattern(null, year);
  assert.equal(templates.length, 31);
  assert.deepEqual(
    templates.slice(0, 14).map(({ anchored, weight }) => [anchored, weight]),
    Array(14).fill([true, 100]),
  );
  assert.deepEqual(readDatePattern('{DEFAULT}', year), templates);
  assert.deepEqual(readDatePattern(' \n', year), templates);
});

test('{^LN-BEG} alone is the default dates that are bound to the beginning', () => {
  const templates = readDatePattern('{^LN-BEG}', year);
  assert.equal(templates.length, 17);
  assert.ok(templates.every(({ anchored }) => anchored));
});

test('{DATE} is each of the default dates', () => {
  assert.equal(readDatePattern(String.raw`^[^\[]*\[({DATE})`, year).length, 17);
});

test('what the lines before have is not added once more with several, and {DEFAULT} beside others adds nothing', () => {
  assert.equal(readDatePattern('{^LN-BEG}Epoch\n{^LN-BEG}', year).length, 17);
  assert.equal(readDatePattern('%Y\n{DEFAULT}', year).length, 1);
});

const wrong: Readonly<Record<string, readonly [where: string | undefined, message: RegExp]>> = {
  '%Y-%Q': ['character 4', /"%Q" is no token/],
  '%Y %': ['character 4', /"%" is no token/],
  '%Y (': ['character 4', /lacks/],
  '%Y %Y': ['character 4', /two groups have the name "Y"/],
  '%Y\n%m-%Ex': ['line 2, character 4', /"%E" is no token/],
  '%Y\n%Y': ['line 2', /twice/],
};

for (const [pattern, [where, message]] of Object.entries(wrong)) {
  test(`${JSON.stringify(pattern)} is refused at its place`, () => {
    assert.throws(
      () => readDatePattern(pattern, year),
      (thrown) => {
        assert.ok(thrown instanceof BailiffError);
        assert.equal(thrown.code, 'filter-invalid');
        assert.match(thrown.message, message);
        assert.equal(thrown.where, where);
        return true;
      },
    );
  });
}

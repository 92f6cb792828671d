import type { LocatedText } from '../expressions/located-text.ts';
import { expressionError } from '../expressions/python-text.ts';

const weekdays = 'mon tue wed thu fri sat sun';
const longWeekdays = 'monday tuesday wednesday thursday friday saturday sunday';
const months = 'jan feb mar apr may jun jul aug sep oct nov dec';
const longMonths = 'january february march april may june july august september october november december';

const abbreviation = '[A-Z](?:[A-Z]{2,4})?';
const offset = String.raw`[+-][01]\d(?::?\d{2})?`;
const hour = String.raw`[01]?\d|2[0-3]`;
const week = String.raw`5[0-3]|[0-4]\d|\d`;

/** Python's own, which stand in `%c`, `%x` and `%X` alone: those by themselves are fail2ban's. */
const strptime = {
  d: group('d', String.raw`3[01]|[12]\d|0[1-9]|[1-9]| [1-9]`),
  m: group('m', '1[0-2]|0[1-9]|[1-9]'),
  y: group('y', String.raw`\d\d`),
  Y: group('Y', String.raw`\d{4}`),
  a: oneOf('a', weekdays),
  b: oneOf('b', months),
  clock: [
    group('H', String.raw`2[0-3]|[01]\d|\d`),
    group('M', String.raw`[0-5]\d|\d`),
    group('S', String.raw`6[01]|[0-5]\d|\d`),
  ].join(':'),
};

/**
 * What a datepattern's tokens match, as Python expressions, in the C locale: fail2ban's (server/strptime.py of 1.0
 * and 1.1) and those that it leaves to Python's strptime. Their alternatives stand in the order in which they are tried.
 */
const expressions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '%': '%',
    a: strptime.a,
    A: oneOf('A', longWeekdays),
    b: strptime.b,
    B: oneOf('B', longMonths),
    c: [strptime.a, strptime.b, strptime.d, strptime.clock, strptime.Y].join(String.raw`\s+`),
    d: group('d', String.raw`[12]\d|[0 ]?[1-9]|3[01]`),
    f: group('f', '[0-9]{1,6}'),
    G: group('G', String.raw`\d{4}`),
    H: group('H', hour),
    I: group('I', '1[0-2]|0[1-9]|[1-9]'),
    j: group('j', String.raw`36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`),
    k: ` ?${group('H', String.raw`[0-2]?\d`)}`,
    l: ` ?${group('I', String.raw`1?\d`)}`,
    m: group('m', '0?[1-9]|1[0-2]'),
    M: group('M', String.raw`[0-5]?\d`),
    p: oneOf('p', 'am pm'),
    S: group('S', String.raw`[0-5]?\d|6[01]`),
    u: group('u', '[1-7]'),
    U: group('U', week),
    V: group('V', String.raw`5[0-3]|0[1-9]|[1-4]\d|\d`),
    w: group('w', '[0-6]'),
    W: group('W', week),
    x: [strptime.m, strptime.d, strptime.y].join('/'),
    X: strptime.clock,
    y: group('y', String.raw`\d{2}`),
    Y: group('Y', String.raw`\d{4}`),
    z: group('z', `Z|UTC|GMT|${offset}`),
    Z: group('Z', 'Z|[A-Z]{3,5}'),
    Exd: group('d', String.raw`[12]\d|0[1-9]|3[01]`),
    ExH: group('H', String.raw`[01]\d|2[0-3]`),
    Exk: ` ?${group('H', hour)}`,
    Exl: ` ?${group('I', String.raw`1[0-2]|\d`)}`,
    Exm: group('m', '0[1-9]|1[0-2]'),
    ExM: group('M', String.raw`[0-5]\d`),
    ExS: group('S', String.raw`[0-5]\d|6[01]`),
    Exy: group('y', String.raw`\d{2}`),
    Exz: group('z', `(?:${abbreviation})?${offset}|${abbreviation}`),
    ExZ: group('Z', abbreviation),
  }),
);

const token = /%(Ex[a-zA-Z]|.)?/gsu;

/**
 * With every token replaced by the expression for it.
 * @param thisYear `%ExY` is a year of this century, up to the end of the decade that it is in three years
 * @throws BailiffError filter-invalid, with the place, for a token that fail2ban does not know
 */
export function expandTokens(pattern: LocatedText, thisYear: number): LocatedText {
  return pattern.replaced(token, ({ index, 1: name = '' }) => {
    const expression = name === 'ExY' ? exactYear(thisYear) : expressions.get(name);
    if (expression !== undefined) return expression;
    throw expressionError(
      `"%${name}" is no token of a datepattern`,
      pattern.originOf(index),
      'A percent sign itself is written %%, and in a file of fail2ban every one of them twice.',
    );
  });
}

/** Whether names are among what is looked for: then case is ignored, in all of the pattern. */
export function hasNames(pattern: string): boolean {
  return /(?<!%)%[aAbBpc]/.test(pattern);
}

/** What two patterns have in common that fail2ban takes for the same. */
export function labelOf(pattern: string): string {
  return pattern.replace(token, (whole, name) => (name === 'W' ? '%U' : whole));
}

function exactYear(thisYear: number): string {
  const decades = new Set([Math.floor((thisYear - 1) / 10)]);
  for (let decade = 200; decade <= Math.floor((thisYear + 3) / 10); decade++) decades.add(decade);
  return group('Y', String.raw`(?:${[...decades].join('|')})\d`);
}

function group(field: string, expression: string): string {
  return `(?P<${field}>${expression})`;
}

function oneOf(field: string, names: string): string {
  return group(field, names.replaceAll(' ', '|'));
}

import type { DateTemplate } from '../../../core/date-template.ts';
import { LocatedText } from '../expressions/located-text.ts';
import { type Beginning, bound } from './bounds.ts';
import { compileTemplate, type ValueKind } from './compile-template.ts';
import { defaultDates } from './default-dates.ts';
import { expandTokens, hasNames, labelOf } from './tokens.ts';

export const atLineStart = '{^LN-BEG}';
const anywhere = '{UNB}';

const seconds = String.raw`\d{10,11}\b(?:\.\d{3,6})?`;
const longSeconds = String.raw`\d{10,11}(?:\d{3}(?:\.\d{1,6}|\d{3})?)?`;
const embeddedEpoch = /(?<!\\)\{L?EPOCH\}/gi;

/** What an anchored copy of a default date weighs more, so that a date at a line's beginning is preferred. */
const copyWeight = 100;

/** By this fail2ban tells patterns apart: without tokens the case of letters does not count. */
export function keyOf(pattern: string): string {
  return pattern.includes('%') ? pattern : pattern.toUpperCase();
}

/**
 * Reads one date of a datepattern, which is not one of the words for several.
 * @throws BailiffError filter-invalid, with the character
 */
export function readTemplate(pattern: LocatedText, thisYear: number): DateTemplate {
  const key = keyOf(pattern.text);
  if (key.includes('EPOCH') && pattern.text.match(embeddedEpoch) !== null) return epochWithin(pattern, key);
  const [, start = '', word] = /^(\{\^LN-BEG\}|\^)?(L?EPOCH|TAI64N)$/.exec(key) ?? [];
  if (word === 'TAI64N') return tai64n(start);
  if (word !== undefined) return epoch(start, word === 'LEPOCH');
  return calendar(pattern, thisYear);
}

/** The default dates, and copies of those that are not bound to a line's beginning, which are. The copies come first. */
export function defaultTemplates(thisYear: number): {
  readonly copies: readonly DateTemplate[];
  readonly own: readonly DateTemplate[];
} {
  if (defaults?.thisYear !== thisYear) {
    const read = (text: string): DateTemplate => readTemplate(new LocatedText(text), thisYear);
    defaults = { thisYear, copies: copied.map(read), own: defaultDates.map(read) };
  }
  return defaults;
}

/** Most filters have them. */
let defaults: { thisYear: number; copies: readonly DateTemplate[]; own: readonly DateTemplate[] } | undefined;

const copied = defaultDates
  .filter((text) => !text.startsWith(atLineStart) && !text.startsWith('^'))
  .map((text) => atLineStart + text);
const copiedKeys: ReadonlySet<string> = new Set(copied);

function calendar(pattern: LocatedText, thisYear: number): DateTemplate {
  let text = pattern;
  let begin: Beginning = 'word';
  if (text.text.startsWith(anywhere)) {
    text = withoutStart(text, anywhere);
    begin = 'anywhere';
  }
  const atWord = begin === 'word';
  if (atWord && text.text.startsWith(atLineStart)) {
    text = withoutStart(text, atLineStart);
    begin = 'line';
  }
  let expression = expandTokens(text, thisYear);
  if (hasNames(text.text)) expression = expression.replaced(/^/g, () => '(?iu)');
  return named(labelOf(text.text), pattern.text, expression, begin, atWord, { kind: 'calendar' });
}

/** Also behind a bracket that begins the line, and in a record of the audit subsystem. */
function epoch(start: string, long: boolean): DateTemplate {
  const number = long ? longSeconds : seconds;
  const name = long ? 'LongEpoch' : 'Epoch';
  const value = { kind: 'epoch', long, group: 1 } as const;
  const key = `${start}${long ? 'L' : ''}EPOCH`;
  if (start !== '') return named(name, key, new LocatedText(`(${number})`), 'line', true, value);
  const places = String.raw`(?:^|(?<=^\[)|(?<=\baudit\())`;
  return named(name, key, new LocatedText(`(${places}${number})`), 'anywhere', true, value);
}

/** `{EPOCH}` in a pattern, which is an expression without tokens, and is cut out whole. */
function epochWithin(pattern: LocatedText, key: string): DateTemplate {
  const long = key.includes('LEPOCH');
  const expression = pattern
    .replaced(embeddedEpoch, () => `(${long ? longSeconds : seconds})`)
    .replaced(/^/g, () => '(')
    .replaced(/$/g, () => ')');
  return named(pattern.text, pattern.text, expression, 'word', true, { kind: 'epoch', long, group: 2 });
}

function tai64n(start: string): DateTemplate {
  const expression = new LocatedText('@[0-9a-f]{24}');
  const begin = start === '' ? 'anywhere' : 'line';
  return named('TAI64N', `${start}TAI64N`, expression, begin, true, { kind: 'tai64n' });
}

function named(
  name: string,
  key: string,
  expression: LocatedText,
  begin: Beginning,
  endAtWord: boolean,
  value: ValueKind,
): DateTemplate {
  const boundExpression = bound(expression, begin, endAtWord);
  const weight = copiedKeys.has(key) ? copyWeight : 1;
  return {
    name: boundExpression.lineBound ? atLineStart + name : name,
    ...compileTemplate(boundExpression, value, weight),
  };
}

function withoutStart(text: LocatedText, start: string): LocatedText {
  return text.replaced(new RegExp(`^[^]{${start.length}}`, 'g'), () => '');
}

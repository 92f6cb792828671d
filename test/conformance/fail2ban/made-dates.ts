import type { Random } from '../../fuzz/random.ts';
import type { TimedLine } from './dates-oracle.ts';
import { oddPiece, oddText } from './odd-texts.ts';

type Choices = readonly [string, ...string[]];

const years: Choices = [
  '2005',
  '2005',
  '2004',
  '2004',
  '2003',
  '2006',
  '2000',
  '2026',
  '1999',
  '1970',
  '2099',
];
const shortYears: Choices = ['05', '04', '26', '00', '99'];
const days: Choices = ['1', '01', ' 1', '7', '13', '14', '15', '28', '29', '30', '31', '00', '32'];
const monthNames: Choices = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
  'feb',
  'MAR',
  'ſep',
];
const longMonths: Choices = ['January', 'February', 'march', 'April', 'May', 'August', 'AUGUST', 'December'];
const weekdays: Choices = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'sun', 'Die', 'ſun'];
const longWeekdays: Choices = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'sunday',
  'Sonntag',
];
const hours: Choices = [
  '00',
  '0',
  ' 1',
  '02',
  '02',
  '2',
  '03',
  '09',
  '11',
  '12',
  '13',
  '21',
  '23',
  '24',
  '29',
];
const minutes: Choices = ['00', '0', '5', '15', '30', '30', '59', '60'];
const seconds: Choices = ['00', '0', '07', '31', '59', '59', '60', '61', '62'];
const fractions: Choices = ['1', '123', '123456', '1234567', '000'];
const zones: Choices = [
  'Z',
  'UTC',
  'GMT',
  '+0100',
  '-0530',
  '+01:00',
  '-08',
  '+1960',
  '+2000',
  'CET',
  'PDT',
  'FOO',
  'utc',
  'CEST+0100',
  'A',
  'XX',
  'Foo',
];

/** What may stand for each token. */
const samples: ReadonlyMap<string, Choices> = new Map<string, Choices>(
  Object.entries({
    ...{ '%%': ['%'], '%a': weekdays, '%A': longWeekdays, '%b': monthNames, '%B': longMonths, '%d': days },
    ...{ '%Exd': days, '%f': fractions, '%G': years, '%H': hours, '%ExH': hours, '%k': hours, '%Exk': hours },
    ...{ '%I': hours, '%l': hours, '%Exl': hours, '%j': ['1', '060', '59', '226', '366', '000'] },
    ...{ '%m': ['1', '01', '02', '2', '3', '08', '10', '12', '13', '00'], '%M': minutes, '%ExM': minutes },
    ...{ '%Exm': ['01', '02', '08', '10', '12', '13'], '%p': ['AM', 'PM', 'am', 'pm', 'xm'], '%S': seconds },
    ...{
      '%ExS': seconds,
      '%u': ['1', '7'],
      '%U': ['0', '00', '1', '33', '53'],
      '%V': ['1', '53'],
      '%w': ['0', '3', '6', '7'],
    },
    ...{
      '%W': ['0', '00', '1', '33', '53'],
      '%y': shortYears,
      '%Exy': shortYears,
      '%Y': years,
      '%ExY': years,
    },
    ...{ '%z': zones, '%Exz': zones, '%Z': zones, '%ExZ': zones, '%X': ['02:30:59', '2:3:4'] },
    ...{
      '%x': ['08/14/05', '2/29/04', '02/30/04'],
      '%c': ['Sun Aug 14 02:30:59 2005', 'mon  feb 29 1:2:3 2004'],
    },
    ...{ EPOCH: ['1124013600', '1124013600.123', '11240136001', '112401360', '[1124013600]'] },
    ...{ LEPOCH: ['1124013600', '1124013600123', '1124013600123456', '1124013600123.5', '11240136001231'] },
    ...{ TAI64N: ['@4000000042feeeec2d5a9b0c', '@4000000042FEEEEC2d5a9b0c', '@4000000042feeeec2d5a9b0'] },
  } satisfies Readonly<Record<string, Choices>>),
);

const tokenNames = [...samples.keys()].filter((name) => name.startsWith('%')) as unknown as Choices;

/** Each with a text that it may match. */
const glues: readonly (readonly [pattern: string, text: string])[] = [
  ...([
    ['-', '-'],
    ['/', '/'],
    [':', ':'],
    [' ', ' '],
    ['  ?', ' '],
    [String.raw`\s+`, '  '],
    ['T', 'T'],
    ['[ T]', 'T'],
  ] as const),
  ...([
    ['', ''],
    [String.raw`\.`, '.'],
    [', ', ', '],
    ['[-/.]', '.'],
    [String.raw`\W`, '?'],
    ['.', 'é'],
  ] as const),
];
const starts: readonly (readonly [pattern: string, text: string])[] = [
  ...([
    ['', ''],
    ['', ''],
    ['', ''],
    ['^', ''],
    ['{^LN-BEG}', ''],
    ['{^LN-BEG}', '['],
    ['{UNB}', 'x'],
    ['**', '1'],
  ] as const),
  ...([
    [String.raw`^\[`, '['],
    [String.raw`^[^\[]*\[(`, '192.0.2.1 - ['],
    [String.raw`\bon `, 'a on '],
    ['(?:^|at )', 'at '],
  ] as const),
  ...([
    ['(?i)', ''],
    [String.raw`\[`, '['],
    ['{^LN-BEG}**', 'x'],
    ['{UNB}^', ''],
    ['(?:on )?', 'ON '],
    ['(', ''],
  ] as const),
];
const ends: readonly (readonly [pattern: string, text: string])[] = [
  ...([
    ['', ''],
    ['', ' '],
    ['', ': '],
    ['**', 'x'],
    ['$', ''],
    [String.raw`\b`, ' '],
    [String.raw`\s`, ' '],
  ] as const),
  ...([
    [String.raw`\]`, ']'],
    [String.raw`(?=\s)`, ' '],
    [String.raw`(?:\.\d+)?`, '.5'],
    ['(?: x)?', ' x'],
  ] as const),
];

/** A datepattern with the texts that it may match. */
export class MadeDatePattern {
  readonly pattern: string;
  readonly #start: string;
  readonly #end: string;
  readonly #parts: readonly (readonly [token: string, glue: string])[];

  constructor(random: Random) {
    const [startPattern, startText] = pickOf(starts, random);
    const [endPattern, endText] = pickOf(ends, random);
    this.#start = startText;
    this.#end = endText;
    let pattern = startPattern;
    const parts: [string, string][] = [];
    for (const token of tokensOf(random)) {
      const [gluePattern, glueText] = pickOf(glues, random);
      const optional = random.below(6) === 0;
      pattern += optional ? `(?:${token}${gluePattern})?` : token + gluePattern;
      if (!optional || random.below(2) === 0) parts.push([token, glueText]);
    }
    this.pattern = `${pattern}${startPattern.endsWith('(') ? ')' : ''}${endPattern}`;
    this.#parts = parts;
  }

  text(random: Random): string {
    return (
      this.#start + this.#parts.map(([token, glue]) => sampleOf(token, random) + glue).join('') + this.#end
    );
  }
}

/** Mostly a date and a clock in some order. */
function tokensOf(random: Random): readonly string[] {
  const one = (...choices: Choices): string => random.pick(choices);
  if (random.below(4) === 0)
    return Array.from({ length: 1 + random.below(5) }, () => random.pick(tokenNames));
  const date = one(
    'Y m d',
    'ExY m d',
    'd b Y',
    'd m y',
    'b d',
    'a b d',
    'b d ExY',
    'j Y',
    'Y j',
    'd B',
    'Y W w',
    'Y U a',
    'A',
    'U w',
    'm d',
    'x',
    'Exy Exm Exd',
    'z b d',
  );
  const clock = one(
    'H M S',
    'k M S',
    'I M p',
    'l M S p',
    'ExH ExM ExS',
    'X',
    'H M S f',
    'H M S z',
    'H M S Z',
    'H M Exz',
    'k M S ExZ',
    'M S',
  );
  const both = one(
    `${date} ${clock}`,
    `${date} ${clock}`,
    `${date} ${clock}`,
    `${clock} ${date}`,
    clock,
    date,
  );
  return both.split(' ').map((name) => `%${name}`);
}

/** Ways in which lines are dated that the default dates know, or nearly. */
const forms: Choices = [
  ...(['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f%z', '%Y/%m/%d  %k:%M:%S', '%Y.%m-%d %H:%M:%S'] as const),
  ...[
    '%b %d %H:%M:%S',
    '%a %b %d %k:%M:%S %Y',
    '%b %d %Y %k:%M:%S',
    '%d/%m/%Y %k:%M:%S',
    '%d-%m-%y %k:%M:%S',
  ],
  ...['%d/%b/%Y:%H:%M:%S %z', '%d-%b-%Y %H:%M:%S.%f', '%m/%d/%Y:%H:%M:%S', '%m-%d-%Y %k:%M:%S.%f', 'EPOCH'],
  ...['%H:%M:%S', '<%m/%d/%y@%H:%M:%S>', '%y%m%d %H:%M:%S', '%b %d, %Y %I:%M:%S %p', '%b-%d-%y %k:%M:%S'],
  ...['%Y%m%dT%H%M%S', '%Z %b %d %k:%M:%S', '%z %a %b %d %k:%M:%S', 'TAI64N', 'audit(EPOCH:123)', '[EPOCH]'],
  ...['LEPOCH', '%Y-%m-%d', '%a, %d %b %Y %H:%M:%S', '%Y-%m-%d %H:%M', 'Epoch', '<W>%Y-%m-%d %H:%M:%S.%f'],
];
const before: Choices = [
  '',
  '',
  '',
  '[',
  '(',
  '192.0.2.1 - - [',
  'x',
  '9',
  ' ',
  '  ',
  '\t',
  'é ',
  '🙂 ',
  '<co ts="',
  '- ',
  '<34>1 ',
];
const behind: Choices = [
  '',
  ' ',
  '] ',
  ': ',
  'x',
  '9',
  ', ',
  ' host sshd[1]: ',
  '"',
  'é',
  '\u00a0',
  ' +0000] "GET / HTTP/1.1"',
  ' 2005 ',
];
const rest: Choices = [
  '',
  'Failed password for root from 192.0.2.1 port 22 ssh2',
  'user=2005-08-14 01:02:03',
  'a b c',
  '🙂 é',
];

/** Presents: some in the last hours of a year, in the hours when clocks change, and on a leap day. */
const presents = [
  1_124_013_600, 1_124_013_600.5, 1_104_533_970, 1_104_534_600, 1_111_885_200, 1_130_634_000, 1_078_056_000,
  1_795_000_000,
];

/** Lines of a log in which a form of date stays for a while, and often the date itself. Texts of `made` are among them. */
export function* madeLines(
  count: number,
  made: MadeDatePattern | null,
  random: Random,
): Generator<TimedLine> {
  let [form, start, dated, end, now] = ['', '', '', '', 1_124_013_600];
  for (let left = 0, line = 0; line < count; line++, left--) {
    if (left <= 0) {
      left = random.below(6);
      [form, start, end] = [random.pick(forms), random.pick(before), random.pick(behind)];
      if (random.below(4) === 0) now = pickOf(presents, random);
    }
    now += random.below(8) === 0 ? random.below(400) : 0;
    if (random.below(2) === 0) {
      const own = made !== null && random.below(3) > 0;
      dated =
        (own && random.below(2) === 0 ? '' : start) + (own ? made.text(random) : sampleOf(form, random));
    }
    let text = dated + (random.below(2) === 0 ? end : random.pick(behind)) + random.pick(rest);
    if (random.below(6) === 0) text += sampleOf(random.pick(forms), random) + random.pick(behind);
    if (random.below(8) === 0) text = oddText(text, random);
    text = text.replaceAll(/[\r\n]/g, ' ').toWellFormed();
    if (text !== '') yield [text, now];
  }
}

/** A pattern with something broken in it. */
export function brokenPattern(pattern: string, random: Random): string {
  const at = random.below(pattern.length + 1);
  const piece =
    random.below(3) === 0
      ? oddPiece(random)
      : random.pick(['%', '(', ')', '[', '*', '%q', '%-d', '{DATE}', '**', '(?i)', '{EPOCH}', '\\', '%%']);
  return (pattern.slice(0, at) + piece + pattern.slice(at + random.below(2)))
    .replaceAll(/[\r\n]/g, ' ')
    .toWellFormed();
}

function sampleOf(form: string, random: Random): string {
  return form.replaceAll(/%Ex[a-zA-Z]|%.|L?EPOCH|TAI64N/g, (token) =>
    random.pick(samples.get(token) ?? ['?']),
  );
}

function pickOf<T>(items: readonly T[], random: Random): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
}

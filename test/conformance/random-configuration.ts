import type { Random } from '../fuzz/random.ts';

/** Pieces of values: what the dialect gives a meaning to, and what only looks so. */
const pieces = [
  'x',
  'y z',
  '1',
  '5m',
  '%(a)s',
  '%(b)s',
  '%(c)s',
  '%(known/a)s',
  '%(known/b)s',
  '%(default/a)s',
  '%(Init/b)s',
  '%(j/a)s',
  '%(__name__)s',
  '%%',
  '<a>',
  '<b>',
  '<c>',
  '<known/a>',
  '<known/b>',
  '<Init/b>',
  '<DEFAULT/c>',
  '<<a>>',
  '<a<b>>',
  '<HOST>',
  '<mode>',
  '<logtype>',
  '<name>',
  '<bantime>',
  '\n  ',
  '\n\n  ',
  ' ; note',
  ';',
  '#',
  ',',
  '"',
  "'",
  '[',
  ']',
  '=',
  ':',
  ' ',
] as const;
/** Most values have no trap in them: else hardly any jail would be sound. */
const plainPieces = [
  'x',
  'y',
  '1',
  '<a>',
  '<b>',
  '<HOST>',
  '<known/a>',
  '%(b)s',
  '%(c)s',
  '%%',
  '\n  ',
  'm-<a>',
] as const;

const names = ['a', 'b', 'c', 'A', 'mode', 'x<b>'] as const;
const filterNames = [
  ...names,
  'failregex',
  'failregex',
  'ignoreregex',
  'prefregex',
  'maxlines',
  'datepattern',
  'usedns',
  'logtype',
] as const;
const actionNames = [
  ...names,
  'actionban',
  'actionban',
  'actionunban',
  'norestored',
  'port',
  'name',
  'timeout',
  'bantime',
] as const;
const jailNames = [
  ...names,
  'bantime',
  'maxretry',
  'ignoreip',
  'ignorecommand',
  'failregex',
  'maxlines',
  'port',
  'logpath',
] as const;

const numbers: readonly string[] = ['maxretry', 'maxlines', 'bantime'];

type Pool = readonly [string, ...string[]];

/** A small configuration directory that nobody would write, the same for the same numbers. */
export function randomConfiguration(random: Random): Record<string, string> {
  return {
    'jail.conf': `[DEFAULT]\nenabled = true\nfilter = f[${options(random)}]\naction = a[${options(random)}]\n${defaults(random)}${jails(random)}`,
    'jail.local': random.below(2) === 0 ? `[j]\n${entries(random, jailNames)}` : '',
    'filter.d/f.conf': `${includes(random)}[Definition]\nfailregex = ${value(random)}\n${sections(random, filterNames)}`,
    'filter.d/f.local': random.below(3) === 0 ? `[Definition]\n${entries(random, filterNames)}` : '',
    'filter.d/common.conf': `[DEFAULT]\n${defaults(random)}[Definition]\n${entries(random, filterNames)}`,
    'action.d/a.conf': `${includes(random)}[Definition]\nactionban = ${value(random)}\n${sections(random, actionNames)}`,
    'action.d/common.conf': `[DEFAULT]\n${defaults(random)}[Init]\n${entries(random, actionNames)}`,
  };
}

/** What others refer to is there mostly. */
function defaults(random: Random): string {
  return ['a', 'b', 'c'].map((name) => `${name} = ${random.pick(['x', 'y z', '1', '<b>', '5m'])}\n`).join('');
}

function jails(random: Random): string {
  return ['j', 'k', 'l'].map((name) => `[${name}]\n${entries(random, jailNames)}`).join('');
}

function includes(random: Random): string {
  const kind = random.pick(['before', 'before', 'before', 'after', 'neither']);
  return kind === 'neither' ? '' : `[INCLUDES]\n${kind} = common.conf\n`;
}

function sections(random: Random, pool: Pool): string {
  const init = random.below(2) === 0 ? `[Init]\n${entries(random, pool)}` : '';
  const conditional = random.below(3) === 0 ? `[Init?family=inet6]\n${entries(random, pool)}` : '';
  return `${without(entries(random, pool), /^(?:failregex|actionban) /)}${init}${conditional}`;
}

/** Up to four options with names that differ, as an option that is set twice is refused whole. */
function entries(random: Random, pool: Pool): string {
  const chosen = new Map<string, string>();
  for (let count = random.below(5); count > 0; count -= 1) {
    const name = random.pick(pool);
    chosen.set(name.toLowerCase(), `${name} = ${numbers.includes(name) ? random.below(9) : value(random)}\n`);
  }
  return [...chosen.values()].join('');
}

function value(random: Random): string {
  const pool: Pool = random.below(12) === 0 ? pieces : plainPieces;
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(pool)).join('');
}

function options(random: Random): string {
  const values = ['x', '"x, y"', "'a]b'", '<b>', '"<known/a>"', '', 'x y'] as const;
  const list = Array.from(
    { length: random.below(4) },
    () => `${random.pick(names.slice(0, 5) as [string, ...string[]])}=${random.pick(values)}`,
  );
  return list.join(random.pick([',', ', ', '][']));
}

function without(text: string, line: RegExp): string {
  return text
    .split(/\n(?=\S)/)
    .filter((entry) => !line.test(entry))
    .join('\n');
}

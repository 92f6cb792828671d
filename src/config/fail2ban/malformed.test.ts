import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { folderOf } from '../../../test/setup/folder.ts';
import { BailiffError } from '../../core/errors.ts';
import { compileFail2banFilter } from './compile.ts';
import { readFail2ban } from './read.ts';

type Contents = Readonly<Record<string, string | Uint8Array>>;

/** What is wrong: files beside a sound configuration, the section of a jail [bad], or what is made in the folder. */
interface Wrong {
  readonly files?: Contents;
  readonly section?: string;
  readonly make?: (folder: string) => void;
  /** Each problem as `file:line message`, with the folder left out. */
  readonly told: readonly RegExp[];
}

const sound = {
  'filter.d/f.conf': '[Definition]\nfailregex = ^bad <HOST>$\n',
  'action.d/a.conf': '[Definition]\nactionban = x\n',
};
const head = '[DEFAULT]\nenabled = true\nfilter = f\naction = a\n[bad]\n';

/** Jail [bad] has the filter x. */
const definition = (text: string, ...told: RegExp[]): Wrong => ({
  files: { 'filter.d/x.conf': `[Definition]\n${text}\n` },
  section: 'filter = x\n',
  told,
});
const failregex = (text: string, told: RegExp): Wrong => definition(`failregex = ${text}`, told);
const section = (text: string, ...told: RegExp[]): Wrong => ({ section: `${text}\n`, told });
const files = (contents: Contents, ...told: RegExp[]): Wrong => ({ files: contents, told });
const made = (make: Wrong['make'] & {}, ...told: RegExp[]): Wrong => ({ make, told });
const list = (count: number, of: (index: number) => string, by = ''): string =>
  Array.from({ length: count }, (_, index) => of(index)).join(by);

const include = (name: string): string => `[INCLUDES]\nbefore = ${name}\n`;
const random = Uint8Array.from({ length: 4_096 }, (_, index) => (index * 197 + (index >> 3)) % 256);

const cases: Readonly<Record<string, Wrong>> = {
  'a section that is not closed': files(
    { 'jail.d/x.conf': '[x\nenabled = true\n' },
    /^jail.d\/x.conf:1 "\[x" opens/,
    /:2 "enabled/,
  ),
  'options that are not closed': section('filter = f[a="b', /^jail.conf:6 a bracket is not closed/),
  'an action whose options are not closed': section('action = a[b=c', /^jail.conf:6 a bracket is not closed/),
  'a group that is not closed': failregex(
    '^(a <HOST>',
    /^filter.d\/x.conf:2 expression, character 2: this "\(" lacks/,
  ),
  'a set that is not closed': failregex(
    '<HOST> [a',
    /^filter.d\/x.conf:2 expression, character 8: this "\[" lacks/,
  ),
  'nothing to repeat': failregex('*<HOST>', /^filter.d\/x.conf:2 expression, character 1: /),
  'a look-behind of any length': failregex(
    '(?<=a+)b <HOST>',
    /^filter.d\/x.conf:2 .*must always have the same length/,
  ),
  'two groups of a name': failregex('<HOST> <HOST>', /^filter.d\/x.conf:2 .*two groups have the name/),
  'a prefix that is none': definition(
    'prefregex = (\nfailregex = <HOST>',
    /^filter.d\/x.conf:2 expression, character 1: /,
  ),
  'the second of three expressions': failregex(
    'a <HOST>\n  (b <HOST>\n  c <HOST>',
    /^filter.d\/x.conf:3 expression, character 1: /,
  ),
  'groups in groups': failregex('('.repeat(30_000), /^filter.d\/x.conf:2 .*nested too deeply/),
  'more groups than any needs': failregex('(a)'.repeat(20_000), /^filter.d\/x.conf:2 .*more than 500 groups/),
  'more references than any needs': failregex(
    `(a)${'\\1'.repeat(20_000)}`,
    /^filter.d\/x.conf:2 .*more than 500 groups/,
  ),
  'alternatives without end': failregex('a|'.repeat(200_000), /^filter.d\/x.conf:2 .*longer than 64 kB/),
  'expressions without end': failregex(
    list(20_000, (n) => `^${n} <HOST>`, '\n  '),
    /^filter.d\/x.conf:1002 there are more than 1000/,
  ),
  'a date that is none': definition(
    'failregex = <HOST>\ndatepattern = %%Y (',
    /^filter.d\/x.conf:3 datepattern, character 4: /,
  ),
  'the second of two dates': definition(
    'failregex = <HOST>\ndatepattern = %%Y\n  %%d (',
    /^filter.d\/x.conf:3 datepattern, line 2, character 4: /,
  ),
  'dates without end': definition(
    `failregex = <HOST>\ndatepattern = ${list(5_000, (n) => `%%Y ${n}`, '\n  ')}`,
    /^filter.d\/x.conf:3 datepattern: there are more than 100/,
  ),
  'a date without end': definition(
    `failregex = <HOST>\ndatepattern = ${'('.repeat(30_000)}`,
    /^filter.d\/x.conf:3 datepattern: .*longer than 4 kB/,
  ),
  'a tag of itself': definition(
    'failregex = <a>\na = <b>\nb = <a>',
    /^filter.d\/x.conf:4 "failregex" leads back to itself/,
  ),
  'tags that double': definition(
    `failregex = <a0>\n${list(24, (n) => `a${n} = <a${n + 1}><a${n + 1}>\n`)}a24 = x`,
    /^filter.d\/x.conf:2 the value grows beyond/,
  ),
  'a reference to itself': section(
    'port = %(a)s\nbantime = %(a)s\na = %(b)s\nb = %(a)s',
    /^jail.conf:9 "bantime" refers to itself/,
  ),
  'references that double': section(
    `bantime = %(a0)s\n${list(9, (n) => `a${n} = ${`%(a${n + 1})s`.repeat(60)}\n`)}a9 = x`,
    /^jail.conf:\d+ the value (?:takes more|grows beyond)/,
  ),
  'a reference to nothing': section('bantime = %(no)s', /^jail.conf:6 "bantime" refers to "no"/),
  'a stray percent sign': section('bantime = 5%', /^jail.conf:6 "bantime" holds "%"/),
  'options without end': section(
    `filter = f[${'a=b,'.repeat(200_000)}]`,
    /^jail.conf:6 the options are longer/,
  ),
  'sums without end': section(
    `bantime = ${'1+'.repeat(100_000)}1`,
    /^jail.conf:6 bantime: .*is not a duration/,
  ),
  'parentheses without end': section(
    `findtime = ${'('.repeat(100_000)}1`,
    /^jail.conf:6 findtime: .*is not a duration/,
  ),
  'a number without end': section(
    `maxretry = ${'9'.repeat(100_000)}`,
    /^jail.conf:6 maxretry: .*is not a whole number/,
  ),
  'a backend that is none': section(`backend = ${'x'.repeat(10_000)}`, /^jail.conf:6 backend: /),
  'a filter that is missing': section('filter = x', /^jail.conf:6 there is no "filter.d\/x.conf"/),
  'an include that is missing': files(
    { 'jail.d/x.conf': include('no.conf') },
    /^jail.d\/x.conf:2 there is no file/,
  ),
  'an include of itself': files(
    { 'jail.d/x.conf': include('x.conf') },
    /^jail.d\/x.conf:2 the include of "x.conf" leads back/,
  ),
  'includes in a circle': files(
    { 'jail.d/x.conf': include('y'), 'jail.d/y': include('x.conf') },
    /^jail.d\/y:2 the include of "x.conf" leads back/,
  ),
  'an include of a folder': files({ 'jail.d/x.conf': include('.') }, /^jail.d is not a file/),
  'an include of a device': files({ 'jail.d/x.conf': include('/dev/zero') }, /dev\/zero is not a file/),
  'an include of a file without end': files(
    { 'jail.d/x.conf': include('/proc/self/pagemap') },
    /pagemap (?:is larger than 1 MiB|cannot be)/,
  ),
  'a file of 10 MB': files(
    { 'jail.d/x.conf': '#'.repeat(10_000_000) },
    /^jail.d\/x.conf is larger than 1 MiB/,
  ),
  'a filter of 10 MB': {
    ...section(
      'filter = x',
      /^filter.d\/x.conf is larger than 1 MiB/,
      /^jail.conf:6 "filter.d\/x" cannot be used/,
    ),
    files: { 'filter.d/x.conf': '[Definition]\nfailregex = x\n'.padEnd(10_000_000, '\n') },
  },
  'a binary file': files({ 'jail.d/x.conf': random }, /^jail.d\/x.conf:1 is not UTF-8/),
  'a binary filter': {
    ...section('filter = x', /^filter.d\/x.conf:\d+ /, /^jail.conf:6 "filter.d\/x" cannot be used/),
    files: { 'filter.d/x.conf': random },
  },
  'UTF-16': files(
    { 'jail.d/x.conf': Buffer.from('\ufeff[x]\nenabled = true\n', 'utf16le') },
    /^jail.d\/x.conf:1 is not UTF-8/,
  ),
  'NUL bytes': files({ 'jail.d/x.conf': '[DEFAULT]\nbantime = 5\0\n' }, /^jail.d\/x.conf:2 holds a NUL byte/),
  'lines that are none': files(
    { 'jail.d/x.conf': 'x\n'.repeat(400_000) },
    ...Array.from({ length: 10 }, (_, n) => new RegExp(`^jail.d/x.conf:${n + 1} "x" stands before`)),
    /399990 further lines cannot be read/,
  ),
  'a pipe': made(
    (folder) => void execFileSync('mkfifo', [path.join(folder, 'jail.local')]),
    /^jail.local is not a file/,
  ),
  'a device': made(
    (folder) => symlinkSync('/dev/zero', path.join(folder, 'jail.local')),
    /^jail.local is not a file/,
  ),
  'a link to itself': made(
    (folder) => symlinkSync('jail.local', path.join(folder, 'jail.local')),
    /^jail.local cannot be opened/,
  ),
  'a link to nothing': made(
    (folder) => symlinkSync('/nowhere/jail.local', path.join(folder, 'jail.local')),
    /^jail.local is a link that leads nowhere/,
  ),
  'a filter that is a link to itself': {
    ...section(
      'filter = x',
      /^filter.d\/x.conf cannot be opened/,
      /^jail.conf:6 "filter.d\/x" cannot be used/,
    ),
    make: (folder) => symlinkSync('x.conf', path.join(folder, 'filter.d/x.conf')),
  },
};

/** What is said of a configuration, up to the compiled filters, and which jails are sound. */
function outcome(folder: string): { told: string[]; jails: string[] } {
  const { jails, problems } = readFail2ban(folder);
  const errors = problems.map(({ error }) => error);
  const soundJails = jails.filter(({ filter }) => {
    try {
      assert.ok(filter !== null);
      return compileFail2banFilter(filter).expressions.length > 0;
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      errors.push(error);
      return false;
    }
  });
  const told = errors.map(({ where = '', message }) => `${path.relative(folder, where)} ${message}`);
  return { told, jails: soundJails.map(({ name }) => name) };
}

describe('whatever is wrong is told with its place, at once, and the jail beside it is read', () => {
  const figures: [ms: number, name: string][] = [];

  for (const [name, { files: contents = {}, section: text = 'enabled = no\n', make, told }] of Object.entries(
    cases,
  )) {
    it(name, () => {
      const folder = folderOf({ ...sound, ...contents, 'jail.conf': `${head}${text}[ok]\n` });
      make?.(folder);
      const before = process.cpuUsage();
      const found = outcome(folder);
      const { user, system } = process.cpuUsage(before);
      figures.push([(user + system) / 1_000, name]);
      assert.deepEqual(found.jails, ['ok']);
      assert.equal(found.told.length, told.length, found.told.join('\n'));
      for (const [index, expression] of told.entries()) assert.match(found.told[index] ?? '', expression);
    });
  }

  it('the slowest', (t) => {
    const slowest = figures.toSorted(([one], [other]) => other - one).slice(0, 3);
    t.diagnostic(
      `${figures.length} cases; CPU time: ${slowest.map(([ms, name]) => `${name} ${ms.toFixed(0)} ms`).join(', ')}`,
    );
    assert.equal(figures.length, Object.keys(cases).length);
  });
});

it('files of other systems are read: a byte order mark, and their line ends', () => {
  const folder = folderOf({ ...sound, 'jail.conf': `\ufeff${head.replaceAll('\n', '\r\n')}[ok]\r\n` });
  assert.deepEqual(outcome(folder), { told: [], jails: ['bad', 'ok'] });
});

it('a folder and a file that may not be read', () => {
  const folder = folderOf({
    ...sound,
    'jail.conf': `${head}enabled = no\n[ok]\n`,
    'jail.local': '[ok]\nmaxretry = 9\n',
    'jail.d/x.conf': '',
  });
  for (const name of ['.', 'filter.d', 'action.d']) chmodSync(path.join(folder, name), 0o755);
  for (const name of ['jail.local', 'jail.d']) chmodSync(path.join(folder, name), 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.deepEqual(outcome(folder), {
      told: ['jail.d the folder cannot be read', 'jail.local cannot be opened'],
      jails: ['ok'],
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(path.join(folder, 'jail.d'), 0o755);
  }
});

it('thousands of jails are read, the wrong ones are told each', (t) => {
  const count = 2_000;
  const jails = list(count, (n) => `[j${n}]\n${n % 10 === 0 ? 'bantime = soon\n' : ''}`);
  const before = process.cpuUsage();
  const { jails: read, problems } = readFail2ban(folderOf({ ...sound, 'jail.conf': `${head}${jails}` }));
  const { user, system } = process.cpuUsage(before);
  t.diagnostic(`${count} jails; CPU time: ${((user + system) / 1_000).toFixed(0)} ms`);
  assert.equal(read.length, count * 0.9 + 1);
  assert.equal(problems.length, count / 10);
  assert.ok(problems.every(({ error }) => /jail\.conf:\d+$/.test(error.where ?? '')));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BailiffError } from '../../core/errors.ts';
import { Budget } from './budget.ts';
import { Configuration } from './configuration.ts';
import { readIni } from './ini.ts';
import { Interpolation } from './interpolate.ts';

function reading(...files: string[]): Interpolation {
  const configuration = new Configuration();
  for (const [index, text] of files.entries()) configuration.add(readIni(text, `f${index}`));
  return new Interpolation(configuration, new Budget());
}

const get = (text: string, option = 'x'): string | undefined => reading(text).get('s', option)?.text;

function refusal(text: string): string {
  try {
    get(text);
  } catch (error) {
    if (error instanceof BailiffError) return `${error.where} ${error.message}`;
  }
  return 'none';
}

test('puts in options of the section, of DEFAULT and of others', () => {
  assert.equal(
    get(
      '[DEFAULT]\na = d\nb = e\n[s]\na = s\nx = %(a)s %(b)s %(default/a)s %(t/a)s %(__name__)s\n[t]\na = t\n',
    ),
    's e d t s',
  );
});

test('falls back to DEFAULT for what another section lacks', () => {
  assert.equal(get('[DEFAULT]\na = d\n[s]\nx = %(t/a)s %(known/a)s\n[t]\n'), 'd d');
});

test('known is what a later file replaced', () => {
  const files = reading('[s]\nx = 1\n', '[s]\nx = %(known/x)s 2\n');
  assert.equal(files.get('s', 'x')?.text, '1 2');
  assert.deepEqual(files.get('s', 'x')?.slice(0, 1).at, { file: 'f0', line: 2 });
});

test('two percent signs are one', () => {
  assert.equal(get('[s]\nx = 100%% %%(a)s %%%(a)s\na = b\n'), '100% %(a)s %b');
});

test('variables count before the files, and are looked up in lower case', () => {
  const { at } = reading('[s]\nx = %(A)s\na = f\n').get('s', 'a') ?? assert.fail();
  const variable = reading('[v]\nv = v\n').get('v', 'v') ?? assert.fail();
  assert.equal(reading('[s]\nx = %(A)s\na = f\n').get('s', 'X', new Map([['a', variable]]))?.text, 'v');
  assert.equal(at.line, 3);
});

test('what nothing sets is null', () => {
  assert.equal(reading('[s]\n').get('s', 'x'), null);
  assert.equal(reading('[DEFAULT]\nx = 1\n').get('t', 'x'), null);
});

test('refuses what is no reference, or one to nothing', () => {
  assert.equal(refusal('[s]\nx =\n  50% off\n'), 'f0:3 "x" holds "% off", which is no reference');
  assert.equal(refusal('[s]\nx = %(a\n'), 'f0:2 "x" holds "%(a", which is no reference');
  assert.equal(refusal('[s]\nx = %(t/a)s\n'), 'f0:2 "x" refers to "t/a", which does not exist');
});

test('refuses circles, and more than ten references in a row', () => {
  assert.match(refusal('[s]\nx = %(a)s\na = %(x)s\n'), /^f0:[23] "x" refers to itself, or through more/);
  const chain = (length: number): string =>
    `[s]\nx = %(a1)s\n${Array.from({ length }, (_, n) => `a${n + 1} = ${n + 1 < length ? `%(a${n + 2})s` : 'end'}\n`).join('')}`;
  assert.equal(get(chain(10)), 'end');
  assert.match(refusal(chain(11)), /more than 10 others/);
});

test('refuses references that unfold to thousands, also where they come to nothing', () => {
  const levels = Array.from({ length: 8 }, (_, n) => `a${n} = ${`%(a${n + 1})s`.repeat(50)}\n`).join('');
  assert.match(refusal(`[s]\nx = %(a0)s\n${levels}a8 =\n`), /takes more substitutions/);
  assert.match(refusal(`[s]\nx = %(a0)s\n${levels}a8 = ${'b'.repeat(9_000)}\n`), /grows beyond 256 kB/);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../../test/setup/folder.ts';
import { Budget } from './budget.ts';
import { Files } from './files.ts';
import { Interpolation } from './interpolate.ts';

type Contents = Parameters<typeof folderOf>[0];

/** The value of `x` in [s] of the configuration `c`, and the problems as `file:line message`. */
function read(contents: Contents): { x: string | undefined; problems: string[] } {
  const folder = folderOf(contents);
  const files = new Files(folder);
  const configuration = files.read('c');
  const x =
    configuration === null ? undefined : new Interpolation(configuration, new Budget()).get('s', 'x')?.text;
  return {
    x,
    problems: files.problems.map(({ where, message }) => `${path.relative(folder, where ?? '')} ${message}`),
  };
}

const sets = (value: string): string => `[s]\nx = ${value}\n`;

test('later files count: .conf, .d/*.conf, .local, .d/*.local', () => {
  const files: Record<string, string> = { 'c.conf': sets('1') };
  assert.equal(read(files).x, '1');
  files['c.d/b.conf'] = sets('3');
  files['c.d/a.conf'] = sets('2');
  files['c.d/.c.conf'] = sets('hidden');
  assert.equal(read(files).x, '3');
  files['c.local'] = sets('4');
  assert.equal(read(files).x, '4');
  files['c.d/a.local'] = sets('5');
  assert.equal(read(files).x, '5');
});

test('includes stand around the file, each with its .local, relative to it', () => {
  const known = sets('%(known/x)s');
  const { x, problems } = read({
    'c.conf': `[INCLUDES]\nbefore = sub/a.conf\n  b.conf\nafter = z.conf\n${sets('%(known/x)s c')}`,
    'sub/a.conf': `[INCLUDES]\nbefore = ../first.conf\n[DEFAULT]\nfrom = a\n`,
    'sub/a.local': '[DEFAULT]\nfrom = a-local\n',
    'first.conf': '[DEFAULT]\nfrom = first\n',
    'b.conf': sets('b %(from)s'),
    'z.conf': '[t]\n',
    'unused.conf': known,
  });
  assert.equal(x, 'b a-local c');
  assert.deepEqual(problems, []);
});

test('a missing include is told, but for a .local', () => {
  const { x, problems } = read({
    'c.conf': `[INCLUDES]\nbefore = no.conf\nafter =\n  no.local\n${sets('1')}`,
  });
  assert.equal(x, '1');
  assert.deepEqual(problems, ['c.conf:2 there is no file "no.conf" to include']);
});

test('a circle of includes is told, and ends', () => {
  const { x, problems } = read({
    'c.conf': `[INCLUDES]\nbefore = d.conf\n${sets('1')}`,
    'd.conf': '[INCLUDES]\nbefore = ./c.conf\n  d.conf\n',
  });
  assert.equal(x, '1');
  assert.deepEqual(problems, [
    'd.conf:2 the include of "./c.conf" leads back to it',
    'd.conf:3 the include of "d.conf" leads back to it',
  ]);
});

test('includes that multiply, and chains of them, are cut off', () => {
  const names = Array.from({ length: 40 }, (_, n) => `i${n}.conf`);
  const all = `[INCLUDES]\nbefore = ${names.join('\n  ')}\n${sets('1')}`;
  const many = read({ 'c.conf': all, ...Object.fromEntries(names.map((name) => [name, all])) });
  assert.equal(many.x, '1');
  assert.ok(many.problems.length <= 101);
  const chain = names.map((name, n) => [name, `[INCLUDES]\nbefore = i${n + 1}.conf\n`]);
  const long = read({ 'c.conf': `[INCLUDES]\nbefore = i0.conf\n${sets('1')}`, ...Object.fromEntries(chain) });
  assert.deepEqual(long.problems, ['i15.conf:2 "i16.conf" is one include too many (16 deep, 256 in all)']);
});

test('what is no text is told with its line, and not read', () => {
  const { x, problems } = read({
    'c.conf': sets('1'),
    'c.d/a.conf': new Uint8Array([...Buffer.from('[s]\nx = '), 0xff, 0xfe]),
    'c.d/b.conf': '[s]\n\nx = \0\n',
    'c.d/c.conf': '#'.repeat(10_000_000),
    'c.d/d.conf/file': '',
  });
  assert.equal(x, '1');
  assert.deepEqual(problems, [
    'c.d/a.conf:2 is not UTF-8',
    'c.d/b.conf:3 holds a NUL byte',
    'c.d/c.conf is larger than 1 MiB',
    'c.d/d.conf is not a file',
  ]);
});

test('a pipe is not waited for', () => {
  const folder = folderOf({ 'c.conf': sets('1') });
  execFileSync('mkfifo', [path.join(folder, 'c.local')]);
  const files = new Files(folder);
  assert.notEqual(files.read('c'), null);
  assert.deepEqual(
    files.problems.map(({ message }) => message),
    ['is not a file'],
  );
});

test('no file at all is null', () => {
  assert.equal(new Files(folderOf({})).read('c'), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIni } from './ini.ts';

/** The sections with their options as plain text. */
function plain(text: string): Record<string, Record<string, string>> {
  const { sections } = readIni(text, 'f');
  return Object.fromEntries(
    [...sections].map(([name, { entries }]) => [
      name,
      Object.fromEntries([...entries].map(([option, { value }]) => [option, value.text])),
    ]),
  );
}

function flaws(text: string): [string | undefined, string, string | null][] {
  return readIni(text, 'f').flaws.map(({ error, section }) => [error.where, error.message, section]);
}

test('takes equals signs and colons, and names in any case', () => {
  assert.deepEqual(plain('[A]\nOne = 1\ntwo: 2 = x\nthree=\n'), { A: { one: '1', two: '2 = x', three: '' } });
});

test('a value goes on in lines that are indented further, blank ones included', () => {
  assert.deepEqual(plain('[a]\n x = 1\n   2\n\n\t  3\n\n y = 4\n'), { a: { x: '1\n2\n\n3', y: '4' } });
});

test('a header that is indented further than an option belongs to its value', () => {
  assert.deepEqual(plain('[a]\nx = 1\n [b]\n'), { a: { x: '1\n[b]' } });
});

test('comments are whole lines, or begin with a semicolon behind white space', () => {
  assert.deepEqual(plain('# a\n; b\n[a] ; c\nx = 1 ; d\n # e\n  2;3 #4\n'), { a: { x: '1\n2;3 #4' } });
});

test('a name of a section ends at the last bracket', () => {
  assert.deepEqual(Object.keys(plain('[a[b]] c\n')), ['a[b]']);
});

test('knows the line ends and the byte order of other systems', () => {
  assert.deepEqual(plain('[a]\r\nx = 1\ry = 2\n'), { a: { x: '1', y: '2' } });
});

test('each line of a value has its place', () => {
  const value = readIni('[a]\nx =\n  one\n  # no\n  two\n', 'f').sections.get('a')?.entries.get('x')?.value;
  assert.deepEqual(value?.lines(), [
    { text: '', at: { file: 'f', line: 2 } },
    { text: 'one', at: { file: 'f', line: 3 } },
    { text: 'two', at: { file: 'f', line: 5 } },
  ]);
});

test('a line that cannot be read is a flaw of its section, and the others count', () => {
  const text = 'early\n[a\n[b]\nnonsense\n  more of it\n= 1\nx = 2\n';
  assert.deepEqual(flaws(text), [
    ['f:1', '"early" stands before any [section]', null],
    ['f:2', '"[a" opens a section and does not close it', null],
    ['f:4', '"nonsense" is neither a section nor "name = value"', 'b'],
    ['f:6', '"= 1" is neither a section nor "name = value"', 'b'],
  ]);
  assert.deepEqual(plain(text), { b: { x: '2' } });
});

test('what is set twice is a flaw, in DEFAULT options only', () => {
  assert.deepEqual(flaws('[a]\nx = 1\nx = 2\n[DEFAULT]\ny = 1\n[a]\n[DEFAULT]\ny = 2\n'), [
    ['f:3', '"x" is set a second time in "a"', 'a'],
    ['f:6', 'the section "a" begins a second time', 'a'],
    ['f:8', '"y" is set a second time in "DEFAULT"', 'DEFAULT'],
  ]);
});

test('tells the first flaws, and how many there are beyond', () => {
  const told = flaws(`[a]\n${'x\n'.repeat(10)}[b]\n${'x\n'.repeat(500)}`);
  assert.equal(told.length, 11);
  assert.deepEqual(told.at(-1), ['f', '500 further lines cannot be read', 'b']);
});

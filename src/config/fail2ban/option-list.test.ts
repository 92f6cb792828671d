import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference, splitReferences } from './option-list.ts';
import { TracedText } from './traced-text.ts';

const traced = (text: string): TracedText => TracedText.of(text, { file: 'f', line: 7 });

function parse(text: string): [string, Record<string, string>] {
  const { name, options } = parseReference(traced(text));
  return [name, Object.fromEntries([...options].map(([option, value]) => [option, value.text]))];
}

const split = (text: string): string[] => splitReferences(traced(text)).map((part) => part.text);

test('reads a name and its options in all quotes and groups', () => {
  assert.deepEqual(parse('sshd'), ['sshd', {}]);
  assert.deepEqual(parse('sshd[]'), ['sshd', {}]);
  assert.deepEqual(parse(`a[b=1, c="2, ]x", d='"']\n [e.f-g= 3 4 ,]`), [
    'a',
    { b: '1', c: '2, ]x', d: '"', 'e.f-g': '3 4' },
  ]);
});

test('refuses options that are none, with their line', () => {
  assert.throws(() => parse('a[b="1" x]'), {
    message: 'a comma or the end is expected at " x"',
    where: 'f:7',
  });
  assert.throws(() => parse('a[b =1]'), { message: 'a name and "=" are expected at "b =1"' });
  assert.throws(() => parse('a[b=1'), { message: 'a bracket is not closed at "[b=1"' });
  assert.throws(() => parse('[b=1]'), { message: 'a name is missing at "[b=1]"' });
});

test('splits a list at white space outside of brackets', () => {
  assert.deepEqual(split('a[b="1 2",\n c=3][d=4]\n  e f[g=]h'), ['a[b="1 2",\n c=3][d=4]', 'e', 'f[g=]h']);
  assert.deepEqual(split(' \n '), []);
});

test('what has no sound brackets ends at white space', () => {
  assert.deepEqual(split('a[b=1 c'), ['a[b=1', 'c']);
});

test('refuses a list that nobody would write', () => {
  assert.throws(() => split('a[b=c '.repeat(5_000)), /longer than 16 kB/);
});

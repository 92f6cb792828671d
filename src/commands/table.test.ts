import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineText, paint } from './pieces.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';
import { cutText, textWidth } from './text-width.ts';

const plain = (rows: readonly (readonly string[])[], columns?: number) =>
  tableLines(['NAME', 'WHAT'], rows, columns).map((line) => lineText(line, false));

test('columns are aligned by what a terminal draws', () => {
  assert.deepEqual(
    plain([
      ['東京', 'two columns each'],
      ['a\u0301', 'a mark on its letter'],
      ['🦊', 'an emoji'],
    ]),
    ['NAME  WHAT', '東京  two columns each', 'a\u0301     a mark on its letter', '🦊    an emoji'],
  );
});

test('what is too wide for the terminal is cut, the widest column first', () => {
  const [heading, row] = plain([['sshd', 'a long story that has no end']], 24);
  assert.equal(heading, 'NAME  WHAT');
  assert.equal(row, 'sshd  a long story that…');
  assert.equal(textWidth(row ?? ''), 24);
});

test('no column is cut to nothing, and in a pipe none is', () => {
  const row = ['203.0.113.7', 'x'.repeat(40)];
  assert.equal(plain([row], 5)[1], `203.0.113.7  ${'x'.repeat(11)}…`);
  assert.equal(plain([row])[1], row.join('  '));
});

test('a cell of an attacker is one cell, without colours of its own', () => {
  const [, row = ''] = plain([['a\u001b[31m\nb', 'c\td']]);
  assert.equal(row, 'a\\x1b[31m\\x0ab  c\\x09d');
  const [, painted = []] = tableLines(['NAME'], [[paint('red', 'x\u001b[0m')]]);
  assert.equal(lineText(painted, true), '\u001b[31mx\\x1b[0m\u001b[39m');
});

test('a text is cut between characters, and never wider than asked', () => {
  assert.equal(cutText('東京タワー', 6), '東京…');
  assert.equal(cutText('🦊🦊🦊', 4), '🦊…');
  assert.equal(cutText('abc', 3), 'abc');
  assert.equal(printable(cutText('e\u0301e\u0301e\u0301', 2)), 'e\u0301…');
});

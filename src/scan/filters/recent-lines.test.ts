import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentLines } from './recent-lines.ts';

function linesOf(most: number, ...lines: string[]): RecentLines {
  const recent = new RecentLines(most);
  for (const line of lines) recent.add(line);
  return recent;
}

function take(recent: RecentLines, expression: RegExp, skipped: readonly string[] = []): void {
  const text = `${recent.text}\n`;
  const match = expression.exec(text);
  assert.ok(match);
  recent.take(text, match, skipped);
}

test('it holds as many lines as it may', () => {
  assert.equal(linesOf(3, 'a', 'b', 'c', 'd').text, 'b\nc\nd');
});

test('the lines that a match touches go, those before and behind it stay', () => {
  const recent = linesOf(9, 'a', 'begin 1', 'middle', 'end 1', 'z');
  take(recent, /1\n.*\nend/);
  assert.equal(recent.text, 'a\nz');
  take(recent, /a/);
  assert.equal(recent.text, 'z');
  take(recent, /z\n/);
  assert.equal(recent.text, '');
});

test('lines that the match skipped stay, in their order', () => {
  const recent = linesOf(9, 'begin', 'other 1', 'other 2', 'end', 'z');
  take(recent, /begin\n(?:.*\n)*?end/, ['other 1', 'other 2']);
  assert.equal(recent.text, 'other 1\nother 2\nz');
});

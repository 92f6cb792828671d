import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TracedText } from './traced-text.ts';

const line = (number: number) => ({ file: 'f', line: number });
const text = (value: string, number: number) => TracedText.of(value, line(number));

test('a slice and a join keep the places', () => {
  const joined = TracedText.join([text('one\n', 1), text('two', 2)]);
  assert.deepEqual(joined.slice(4).at, line(2));
  assert.deepEqual(joined.slice(3, 6).lines(), [
    { text: '', at: line(1) },
    { text: 'tw', at: line(2) },
  ]);
  assert.deepEqual(TracedText.join([text('', 1), text('', 2)]).at, line(1));
});

test('a line is where it was written, whatever was put into it', () => {
  const prefix = text('prefix', 9).nested();
  const value = TracedText.join([prefix, text(' failed\n', 1), text('^', 2), prefix]);
  assert.deepEqual(
    value.lines().map(({ at }) => at),
    [line(1), line(2)],
  );
});

test('lines that were put in are where they come from', () => {
  const list = TracedText.join([text('a\n', 5), text('b', 6)]).nested();
  const value = TracedText.join([text('\n', 1), list, text('\nc', 2)]);
  assert.deepEqual(value.lines(), [
    { text: '', at: line(1) },
    { text: 'a', at: line(5) },
    { text: 'b', at: line(6) },
    { text: 'c', at: line(2) },
  ]);
});

test('two percent signs become one, and the places stay', () => {
  const value = TracedText.join([text('%%a%%%%\n', 1), text('%%', 2), text('b', 3)]).unescaped();
  assert.equal(value.text, '%a%%\n%b');
  assert.deepEqual(value.slice(5).at, line(2));
  assert.deepEqual(value.slice(6).at, line(3));
});

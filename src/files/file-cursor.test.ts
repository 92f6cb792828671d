import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileCursor, formatFileCursor, parseFileCursor } from './file-cursor.ts';

const cursor: FileCursor = {
  file: '2049:77',
  offset: 1_234,
  hash: 'ab',
  old: 0,
  late: null,
  at: null,
};

test('a cursor is read as it was written', () => {
  const late = { file: '2049:76', offset: 9, hash: 'cd' };
  for (const each of [
    cursor,
    { ...cursor, old: 5_000 },
    { ...cursor, late },
    { ...cursor, at: 1_795_363_321.5, date: 1_795_363_320.123 },
    { ...cursor, date: 0 },
    { ...cursor, old: 1, late, at: 2, date: -3 },
  ])
    assert.deepEqual(parseFileCursor(formatFileCursor(each)), each);
});

test('what is not known is not written', () => {
  assert.equal(formatFileCursor({ ...cursor, date: null }), formatFileCursor(cursor));
  assert.equal(formatFileCursor(cursor), '{"file":"2049:77","offset":1234,"hash":"ab"}');
});

test('a cursor of before, or with a part that is something else, goes without that part', () => {
  const position = { file: '2049:77', offset: 1_234, hash: 'ab' };
  for (const more of [{}, { old: -1, late: {}, at: '1', date: '2026-11-22' }, { date: {} }, { parts: 1 }])
    assert.deepEqual(parseFileCursor(JSON.stringify({ ...position, ...more })), cursor);
});

test('what names no place is none', () => {
  for (const text of [null, '', 'x', 'null', '7', '[]', '{}', '{"file":1,"offset":0,"hash":"ab"}'])
    assert.equal(parseFileCursor(text), null);
  for (const offset of [-1, 0.5, '7', 2 ** 60])
    assert.equal(parseFileCursor(JSON.stringify({ ...cursor, offset })), null);
});

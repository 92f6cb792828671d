import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatArchivedCursor, parseArchivedCursor } from './archived-cursor.ts';

test('a cursor is read as it was written, and anything else is none', () => {
  const cursor = { offset: 5, hash: 'a'.repeat(40), old: 0 };
  assert.deepEqual(parseArchivedCursor(formatArchivedCursor(cursor)), cursor);
  assert.deepEqual(parseArchivedCursor(formatArchivedCursor({ ...cursor, old: 9 })), { ...cursor, old: 9 });
  for (const text of [
    null,
    '',
    'null',
    '[]',
    '{}',
    '{"file":"1:2","offset":5,"hash":"aa"}',
    JSON.stringify({ ...cursor, offset: -1 }),
    JSON.stringify({ ...cursor, offset: 0.5 }),
    JSON.stringify({ ...cursor, old: '9' }),
    JSON.stringify({ ...cursor, hash: 'A'.repeat(40) }),
  ])
    assert.equal(parseArchivedCursor(text), null, String(text));
});

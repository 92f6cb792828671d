import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotLater, isSameEntry, type JournalPosition, parseJournalCursor } from './journal-cursor.ts';

const cursor = 's=52d68b;i=3;b=aa;m=7f21e33757;t=6610a23426757;x=6bc3540fb0a1065e';

function position(text: string): JournalPosition {
  return parseJournalCursor(text) ?? assert.fail(text);
}

test('a cursor yields its boot, times in microseconds and hash', () => {
  assert.deepEqual(position(cursor), {
    cursor,
    boot: 'aa',
    monotonic: 0x7f21e33757,
    realtime: 0x6610a23426757,
    hash: '6bc3540fb0a1065e',
  });
});

test('what is no cursor is null: nothing else may become an argument of journalctl', () => {
  const others = [
    '',
    'x',
    '--help',
    's=1;i=2',
    `${cursor};`,
    `${cursor}\n`,
    `${cursor};z=--x`,
    'm=1;t=2;x=3;b=--',
  ];
  for (const other of [null, ...others, `${'s=1;'.repeat(20)}t=1`])
    assert.equal(parseJournalCursor(other), null);
});

test('an entry that was moved to another journal is the same; its number there says nothing', () => {
  const moved = position(cursor.replace('s=52d68b;i=3', 's=11;i=ff'));
  assert.ok(isSameEntry(moved, position(cursor)));
  for (const [from, to] of [
    ['x=6', 'x=7'],
    ['m=7f', 'm=8f'],
    ['t=66', 't=67'],
    ['b=aa', 'b=ab'],
  ] as const)
    assert.ok(!isSameEntry(position(cursor.replace(from, to)), position(cursor)), to);
});

test('earlier is certain only within a boot, and where both clocks say so', () => {
  const here = position(cursor);
  assert.ok(isNotLater(position(cursor.replace('m=7f', 'm=6f').replace('t=66', 't=65')), here));
  assert.ok(!isNotLater(position(cursor.replace('m=7f', 'm=8f')), here));
  assert.ok(!isNotLater(position(cursor.replace('m=7f', 'm=6f').replace('t=66', 't=67')), here));
  assert.ok(!isNotLater(position(cursor.replace('b=aa', 'b=bb')), here));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageKey, SeenMessages } from './seen-messages.ts';

const key = (index: number, text = 'a line\n') =>
  messageKey(1_795_363_321_000 + Math.floor(index / 1e9) * 1_000, index % 1e9, 1, Buffer.from(text));

test('the latest messages are known, however many there were; others never are', () => {
  const seen = new SeenMessages();
  const count = 200_000;
  for (let index = 0; index < count; index++) {
    assert.equal(seen.has(key(index * 7_919)), false, `${index} is new`);
    seen.add(key(index * 7_919));
  }
  for (let index = count - 32_768; index < count; index++)
    assert.ok(seen.has(key(index * 7_919)), `${index}`);
  assert.equal(seen.has(key(0)), false, 'the first one is forgotten');
});

test('time, stream, length and the end of the line tell messages apart', () => {
  const keys = [
    key(1),
    key(2),
    key(1_000_000_001),
    key(1, 'a lime\n'),
    key(1, 'a  line\n'),
    key(1, ''),
    messageKey(1_795_363_321_000, 1, 2, Buffer.from('a line\n')),
    messageKey(0, 0, 0, Buffer.alloc(0)),
  ];
  assert.equal(new Set(keys).size, keys.length);
  for (const each of keys) assert.ok(Number.isSafeInteger(each) && each > 0);
});

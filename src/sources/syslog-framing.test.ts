import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestMessage, SyslogFraming } from './syslog-framing.ts';

/** The messages in bytes that come in pieces of this length; the pieces are overwritten behind it. */
function read(text: string | Buffer, pieces = Number.MAX_SAFE_INTEGER): string[] {
  const bytes = Buffer.from(text as string);
  const found: string[] = [];
  const take = (message: Buffer): void => void found.push(message.toString('latin1'));
  const framing = new SyslogFraming();
  for (let at = 0; at < bytes.length; at += pieces) {
    const piece = Buffer.from(bytes.subarray(at, at + pieces));
    framing.push(piece, take);
    piece.fill(0x58);
  }
  framing.flush(take);
  return found;
}

const mixed: Record<string, readonly [bytes: string, messages: readonly string[]]> = {
  'lines, ended in any way': ['<1>a\n<1>b\r\n<1>c\0<1>d', ['<1>a', '<1>b\r', '<1>c', '<1>d']],
  'lengths before the messages': ['4 <1>a6 <1>b\nc5 <1>de', ['<1>a', '<1>b\nc', '<1>de']],
  'both on one connection, as two senders behind a relay': ['4 <1>a<1>b\n4 <1>c\n', ['<1>a', '<1>b', '<1>c']],
  'a message of RFC 5424 in a line': ['<1>1 - a b - - - x\n', ['<1>1 - a b - - - x']],
  'a line that begins with digits that are no length': [
    '2026-11-22 x\n12:00 y\n',
    ['2026-11-22 x', '12:00 y'],
  ],
  'digits alone': ['123', ['123']],
  'a number with more digits than any length': ['12345678901 x\n', ['12345678901 x']],
  'lines without anything': ['\n\n\r\n\0\n', []],
  'a counted message whose connection breaks': ['20 <1>abc', []],
  nothing: ['', []],
};

for (const [what, [bytes, messages]] of Object.entries(mixed)) {
  test(`${what}, in pieces of any length`, () => {
    for (let pieces = 1; pieces <= bytes.length + 1; pieces++)
      assert.deepEqual(read(bytes, pieces), messages, `pieces of ${pieces}`);
  });
}

test('a message of any length is kept to a bound, and the next one is read', () => {
  for (const bytes of [`<1>${'a'.repeat(900_000)}\n<1>b\n`, `900003 <1>${'a'.repeat(900_000)}4 <1>b`]) {
    for (const pieces of [1_000, 65_536, bytes.length]) {
      const [long, next] = read(bytes, pieces);
      assert.equal(long?.length, longestMessage);
      assert.equal(next, '<1>b');
    }
  }
});

test('single bytes without an end cost no more than the bound', () => {
  const framing = new SyslogFraming();
  for (let count = 0; count < 300_000; count++) framing.push(Buffer.from('a'), () => assert.fail());
  let length = 0;
  framing.flush((message) => {
    length = message.length;
  });
  assert.equal(length, longestMessage);
});

test('a length that no message has ends the connection', () => {
  assert.throws(() => read('1048577 <1>a'), /announces a message of 1048577 bytes/);
  assert.throws(() => read('9999999999 <1>a'), /announces/);
});

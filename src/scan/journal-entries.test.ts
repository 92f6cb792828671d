import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JournalEntries } from './journal-entries.ts';
import { lineCap } from './line-length.ts';

type Value = string | Buffer;

/** 2026-11-22T16:02:01Z in microseconds. */
const second = Date.parse('2026-11-22T16:02:01Z') * 1_000;

const hex = (number: number): string => number.toString(16);

/** The cursor of the entry that was written so many microseconds after the second, under a number and in a boot. */
const cursorOf = (microseconds: number, number = microseconds, boot = 'b1'): string =>
  `s=aa;i=${hex(number)};b=${boot};m=${hex(5_000 + microseconds)};t=${hex(second + microseconds)};x=${hex(microseconds)}`;

const text = (name: string, value: string): Buffer => Buffer.from(`${name}=${value}\n`);

function binary(name: string, value: Value, length = Buffer.byteLength(value)): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, Buffer.from(value as string), Buffer.from('\n')]);
}

function entry(microseconds: number, ...fields: Buffer[]): Buffer {
  const time = text('__REALTIME_TIMESTAMP', `${second + microseconds}`);
  return Buffer.concat([text('__CURSOR', cursorOf(microseconds)), time, ...fields, Buffer.from('\n')]);
}

const names = [text('_HOSTNAME', 'host'), text('SYSLOG_IDENTIFIER', 'sshd'), text('_PID', '7')];

/** What is made of the bytes where they come in pieces of this length. */
function read(bytes: Buffer, cursor: string | null = null, pieces = bytes.length) {
  const entries = new JournalEntries(cursor);
  const lines: string[] = [];
  const times: (number | null)[] = [];
  for (let start = 0; start < bytes.length; start += pieces) {
    const piece = Buffer.from(bytes.subarray(start, start + pieces));
    entries.push(piece, (line, time) => {
      lines.push(line.toString('latin1'));
      times.push(time);
    });
    // What is kept of a piece must be a copy.
    piece.fill(0x58);
  }
  return { entries, lines, times, cursor: entries.cursor };
}

test("entries become syslog's lines, with the time at which they were sent, in pieces of any length", () => {
  const bytes = Buffer.concat([
    entry(10, ...names, text('MESSAGE', 'one')),
    entry(20, text('MESSAGE', 'two'), ...names, text('_SOURCE_REALTIME_TIMESTAMP', `${second + 5}`)),
    entry(30, binary('MESSAGE', 'a\nb\r\nMESSAGE=c\n\n'), ...names),
    entry(40, text('MESSAGE', ''), text('_COMM', 'cron')),
    entry(50, text('MESSAGE', 'only a text'), text('_PID', '7')),
    entry(60, ...names),
    entry(70, ...names, text('MESSAGE', 'x=y'), binary('MESSAGE', '\xff\0')),
  ]);
  for (const pieces of [1, 2, 7, 8, 9, 31, bytes.length]) {
    const { lines, times, cursor } = read(bytes, null, pieces);
    assert.deepEqual(lines, [
      'host sshd[7]: one\n',
      'host sshd[7]: two\n',
      'host sshd[7]: a b  MESSAGE=c\n',
      'cron: \n',
      'only a text\n',
      'host sshd[7]: x=y\n',
      'host sshd[7]: \xc3\xbf\0\n',
    ]);
    assert.deepEqual(
      times,
      [10, 5, 30, 40, 50, 70, 70].map((microseconds) => (second + microseconds) / 1e6),
    );
    assert.equal(cursor, cursorOf(70));
  }
});

test('a sending time that cannot be is none', () => {
  for (const wrong of [`${second + 11}`, '-1', '0', 'x', '', '9'.repeat(400), 'NaN', 'Infinity'])
    assert.deepEqual(
      read(entry(10, text('MESSAGE', 'x'), text('_SOURCE_REALTIME_TIMESTAMP', wrong))).times,
      [(second + 10) / 1e6],
      wrong,
    );
});

test('names cannot bring lines of their own, and are kept short', () => {
  const forged = [binary('_HOSTNAME', 'a\nb'), binary('SYSLOG_IDENTIFIER', 'c\r\nd'), binary('_PID', '\n1')];
  assert.deepEqual(read(entry(1, ...forged, text('MESSAGE', 'x'))).lines, ['a b c  d[ 1]: x\n']);
  const long = read(entry(1, text('SYSLOG_IDENTIFIER', 'y'.repeat(1_000_000)), text('MESSAGE', 'x'))).lines;
  assert.equal(long[0]?.length, 256 + ': x\n'.length);
});

test('of endless values no more is kept than the cap, and one byte that shows it', () => {
  const endless = 'm'.repeat(3_000_000);
  for (const message of [text('MESSAGE', endless), binary('MESSAGE', `\n${endless}`)]) {
    const { lines } = read(entry(1, message, text('COREDUMP', endless), message), null, 65_536);
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.length, lineCap + 2);
  }
});

test('what was judged is dropped: the last entry, and in a moved journal those before it', () => {
  const bytes = Buffer.concat([10, 20, 30].map((at) => entry(at, text('MESSAGE', `${at}`))));
  const last = read(bytes, cursorOf(20, 7));
  assert.deepEqual(last.lines, ['30\n']);
  assert.equal(last.entries.takeNotice(), '');
  assert.deepEqual(read(bytes, cursorOf(30)).lines, []);
  assert.equal(read(bytes, cursorOf(30)).cursor, cursorOf(30));
});

test('where the last entry is gone, what follows is judged, and the gap is told once', () => {
  const bytes = Buffer.concat([20, 30].map((at) => entry(at, text('MESSAGE', `${at}`))));
  for (const cursor of [cursorOf(10), cursorOf(25, 25, 'b0')]) {
    const { lines, entries } = read(bytes, cursor);
    assert.deepEqual(lines, ['20\n', '30\n']);
    assert.match(entries.takeNotice(), /may be missing/);
    assert.equal(entries.takeNotice(), '');
  }
  assert.deepEqual(read(bytes, cursorOf(25)).lines, ['30\n']);
});

test('the cursor is that of the last whole entry; a stored one that is none begins anew', () => {
  const whole = entry(10, text('MESSAGE', 'a'));
  const cut = entry(20, text('MESSAGE', 'b')).subarray(0, -1);
  const { entries, lines, cursor } = read(Buffer.concat([whole, cut]));
  entries.flush();
  assert.deepEqual(lines, ['a\n']);
  assert.equal(cursor, cursorOf(10));
  assert.equal(read(Buffer.from('\n').subarray(1), cursorOf(5)).cursor, cursorOf(5));
  assert.equal(read(Buffer.alloc(0), '{"timestamp":"x"}').cursor, '');
});

test('bytes that are not the journal are refused', () => {
  const wrong: Record<string, Buffer> = {
    'no cursor': Buffer.from('__REALTIME_TIMESTAMP=1\nMESSAGE=x\n\n'),
    'no time': Buffer.from(`__CURSOR=${cursorOf(1)}\nMESSAGE=x\n\n`),
    'a time that is none': Buffer.from(`__CURSOR=${cursorOf(1)}\n__REALTIME_TIMESTAMP=${'9'.repeat(30)}\n\n`),
    'a cursor that is none': Buffer.from('__CURSOR=--help\n__REALTIME_TIMESTAMP=1\nMESSAGE=x\n\n'),
    'a huge length': binary('MESSAGE', 'x', 2 ** 40),
    'a wrong length': binary('MESSAGE', 'xyz', 2),
    'a line without a name': Buffer.from('=x\n'),
    'a name without an end': Buffer.from(`${'A'.repeat(100_000)}\n`),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    for (const pieces of [1_000, bytes.length])
      assert.throws(() => read(bytes, null, pieces), /this is not the journal/, what);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Encoding } from '../core/types.ts';
import { fingerprint, parseFileCursor } from '../files/file-cursor.ts';
import { type FilePiece, packFilePiece } from '../files/file-piece.ts';
import { codingOf } from './encoding.ts';
import { FilePieces } from './file-pieces.ts';
import { lineCap } from './line-length.ts';

const begin = (offset: number, before: string | Buffer = '', more = {}): FilePiece => ({
  kind: 'begin',
  offset,
  before: Buffer.from(before as string).subarray(-256),
  old: 0,
  lost: false,
  ...more,
});
const bytes = (text: string | Buffer, undated = 0, backlog = false): FilePiece => ({
  kind: 'bytes',
  undated,
  backlog,
  bytes: Buffer.from(text as string),
});

/** What comes of pieces: lines with the time of those without a date, the cursor behind each piece. */
class Reading {
  readonly lines: string[] = [];
  readonly gaps: string[] = [];
  readonly pieces: FilePieces;

  constructor(cursor: string | null = null, encoding?: Encoding) {
    this.pieces = new FilePieces(cursor, codingOf(encoding ?? 'utf-8'), (gap) => this.gaps.push(gap));
  }

  take(...pieces: FilePiece[]): this {
    for (const piece of pieces) {
      const record = Buffer.from(packFilePiece(piece));
      this.pieces.push(record, this.#take);
      record.fill(0x58);
    }
    return this;
  }

  flush(): this {
    this.pieces.flush(this.#take);
    return this;
  }

  readonly #take = (
    block: Buffer,
    time: null,
    { undated, backlog }: { undated: number; backlog?: boolean },
  ) => {
    assert.equal(time, null);
    for (const line of block.toString().split(/(?<=\n)/))
      this.lines.push(`${undated}${backlog ? ' old' : ''} ${line.trimEnd()}`);
  };

  get cursor() {
    return parseFileCursor(this.pieces.cursor);
  }
}

const at = (text: string, old = 0) => ({
  file: '',
  late: null,
  at: null,
  offset: text.length,
  hash: fingerprint(Buffer.from(text).subarray(-256)),
  old,
});

test('lines are put together out of pieces, and the cursor is behind the last whole one', () => {
  const reading = new Reading().take(begin(0), bytes('on', 5), bytes('e\ntwo\nth', 6, true));
  assert.deepEqual(reading.lines, ['6 old one', '6 old two']);
  assert.deepEqual(reading.cursor, at('one\ntwo\n'));
  reading.take(bytes('ree\n', 7));
  assert.deepEqual(reading.lines.slice(2), ['7 three']);
  const long = `${'x'.repeat(300)}\n`;
  reading.take(bytes(long));
  assert.deepEqual(reading.cursor, at(`one\ntwo\nthree\n${long}`));
});

test('it goes on behind what was judged, and the hash is that of the text before', () => {
  const judged = `${'y'.repeat(299)}\n`;
  const reading = new Reading().take(begin(300, judged), bytes('one\n'));
  assert.deepEqual(reading.lines, ['0 one']);
  assert.deepEqual(reading.cursor, at(`${judged}one\n`));
});

test('a beginning drops what was not finished; an end judges it', () => {
  const dropped = new Reading().take(begin(0), bytes('one\nhalf'), begin(0), bytes('two\n'));
  assert.deepEqual(dropped.lines, ['0 one', '0 two']);
  assert.deepEqual(dropped.cursor, at('two\n'));
  const ended = new Reading().take(
    begin(0),
    bytes('one\nhalf', 3),
    { kind: 'end' },
    begin(0),
    bytes('two\n'),
  );
  assert.deepEqual(ended.lines, ['3 one', '3 half', '0 two']);
});

test('the end of the stream judges the last line, and the cursor is behind it', () => {
  const reading = new Reading().take(begin(0), bytes('one\nhalf')).flush();
  assert.deepEqual(reading.lines, ['0 one', '0 half']);
  assert.deepEqual(reading.cursor, at('one\nhalf'));
  assert.deepEqual(reading.flush().lines.length, 2);
  assert.deepEqual(new Reading('kept').flush().pieces.cursor, 'kept', 'nothing came');
});

test('what is of unknown age stands in the cursor until it was judged', () => {
  const reading = new Reading().take(begin(0, '', { old: 8 }), bytes('one\ntw', 0, true));
  assert.deepEqual(reading.cursor, at('one\n', 8));
  assert.deepEqual(reading.take(bytes('o\n', 0, true)).cursor, at('one\ntwo\n'));
});

test('what is lost is said', () => {
  const reading = new Reading().take(begin(0));
  assert.deepEqual(reading.gaps, []);
  reading.take(begin(0, '', { lost: true }));
  assert.match(reading.gaps.join(), /^lines may be lost: .*; mount the folder/);
});

test('UTF-16 comes in pieces of any length; other text is handed on as it is', () => {
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    const little = Buffer.from('grüße Ċ\nzwei\n', 'utf16le');
    const text = encoding === 'utf-16le' ? little : Buffer.from(little).swap16();
    for (const length of [1, 3, text.length]) {
      const reading = new Reading(null, encoding).take(begin(0));
      for (let from = 0; from < text.length; from += length)
        reading.take(bytes(text.subarray(from, from + length)));
      assert.deepEqual(reading.lines, ['0 grüße Ċ', '0 zwei']);
      assert.equal(reading.cursor?.offset, text.length);
    }
  }
});

test('a line without an end costs no more than the cap', () => {
  const reading = new Reading().take(begin(0));
  for (let count = 0; count < 40; count++) reading.take(bytes('z'.repeat(65_536)));
  reading.take(bytes('\nend\n'));
  assert.equal(reading.lines.length, 2);
  assert.ok((reading.lines[0]?.length ?? 0) <= lineCap + 10);
  assert.equal(reading.cursor?.offset, 40 * 65_536 + 5);
});

test('bytes that are no record, or come before a beginning, are refused', () => {
  assert.throws(
    () => new Reading().pieces.push(Buffer.from('text'), () => undefined),
    /no valid piece of a file/,
  );
  assert.throws(() => new Reading().take(bytes('one\n')), /before its beginning/);
});

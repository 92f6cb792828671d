import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FilePiece, packFilePiece, readFilePiece } from './file-piece.ts';

const begin = (offset: number, more: Partial<Extract<FilePiece, { kind: 'begin' }>> = {}): FilePiece => ({
  kind: 'begin',
  offset,
  before: new Uint8Array(Math.max(0, Math.min(256, offset))).fill(7),
  old: 0,
  lost: false,
  ...more,
});
const bytes = (text: string, more: Partial<Extract<FilePiece, { kind: 'bytes' }>> = {}): FilePiece => ({
  kind: 'bytes',
  undated: 0,
  backlog: false,
  bytes: new TextEncoder().encode(text),
  ...more,
});

test('a piece is read as it was written, from any place in a buffer', () => {
  for (const piece of [
    begin(0),
    begin(5, { lost: true }),
    begin(2 ** 40, { old: 2 ** 41 }),
    bytes(''),
    bytes('one\ntwo', { undated: 1795363321.25, backlog: true }),
    { kind: 'end' } as const,
  ]) {
    const record = packFilePiece(piece);
    assert.deepEqual(readFilePiece(record), piece);
    const elsewhere = new Uint8Array(record.length + 3);
    elsewhere.set(record, 3);
    assert.deepEqual(readFilePiece(elsewhere.subarray(3)), piece);
  }
});

test('what is no record is refused', () => {
  const changed = (piece: FilePiece, at: number, value: number) => {
    const record = packFilePiece(piece);
    record[at] = value;
    return record;
  };
  for (const [what, record] of [
    ['nothing', new Uint8Array()],
    ['an unknown kind', changed(bytes('a'), 0, 3)],
    ['an unknown flag', changed(bytes('a'), 1, 2)],
    ['a cut head', packFilePiece(begin(0)).subarray(0, 17)],
    ['an end with more', new Uint8Array(3).fill(2, 0, 1)],
    ['too little before', packFilePiece(begin(5, { before: new Uint8Array(4) }))],
    ['too much before', packFilePiece(begin(300, { before: new Uint8Array(257) }))],
    ['a part of a byte', packFilePiece(begin(0.5, { before: new Uint8Array() }))],
    ['a negative offset', packFilePiece(begin(-1, { before: new Uint8Array() }))],
    ['a negative size', packFilePiece(begin(0, { old: -1 }))],
    ['no time', packFilePiece(bytes('a', { undated: Number.NaN }))],
    ['an endless time', packFilePiece(bytes('a', { undated: Number.POSITIVE_INFINITY }))],
    ['a time before times', packFilePiece(bytes('a', { undated: -1 }))],
  ] as const)
    assert.throws(() => readFilePiece(record), /no valid piece of a file/, what);
});

import { fingerprintLength } from '../../../src/files/file-cursor.ts';
import { packFilePiece } from '../../../src/files/file-piece.ts';
import { codingOf } from '../../../src/scan/encoding.ts';
import { FilePieces } from '../../../src/scan/file-pieces.ts';
import type { FuzzedDecoder } from './decoder.ts';
import { offsetOf, plainLines } from './file.ts';

export function filePieces(encoding: 'utf-8' | 'utf-16le'): FuzzedDecoder {
  return {
    name: `file-pieces, ${encoding}`,
    make: (cursor) => new FilePieces(cursor, codingOf(encoding)),
    encode: (lines, random) => {
      const text = plainLines.encode(lines, random);
      return encoding === 'utf-8' ? text : Buffer.from(text.toString('latin1'), encoding);
    },
    records,
    refusal: /^the stream holds no valid piece of a file$|^a piece of a file came before its beginning$/,
    resumesAt: (_held, cursor) => offsetOf(cursor),
  };
}

function* records(chunks: Iterable<Buffer>, held: Buffer): Generator<Buffer> {
  const before = held.subarray(Math.max(0, held.length - fingerprintLength));
  yield Buffer.from(packFilePiece({ kind: 'begin', offset: held.length, before, old: 0, lost: false }));
  for (const bytes of chunks)
    yield Buffer.from(packFilePiece({ kind: 'bytes', undated: 1, backlog: false, bytes }));
}

import { fingerprintLength, isOffset } from './file-cursor.ts';

/**
 * What the main thread reads of a file and hands to the scanner's thread, where that cannot reach the file itself:
 * records, one for each write to the stream. All numbers are big-endian.
 */
export type FilePiece =
  | {
      readonly kind: 'begin';
      /** Bytes of the file before those that come next. What was not finished before is dropped. */
      readonly offset: number;
      /** The up to 256 bytes before the offset. */
      readonly before: Uint8Array;
      /** Bytes that were there when nothing of this file was known yet; see `FileCursor`. */
      readonly old: number;
      /** Whether lines were lost: the text that was judged last is gone, and what came behind it. */
      readonly lost: boolean;
    }
  | {
      readonly kind: 'bytes';
      /** The time, in seconds, of lines that have no date and follow none. */
      readonly undated: number;
      /** Whether they had been there for an unknown time when they were read. */
      readonly backlog: boolean;
      readonly bytes: Uint8Array;
    }
  /** Nothing more comes into this file: a last line without its newline is judged as it is. */
  | { readonly kind: 'end' };

const kinds = ['begin', 'bytes', 'end'] as const;
/** The kind and a flag, then one number or two. */
const headLengths = { begin: 2 + 8 + 8, bytes: 2 + 8, end: 2 } as const;

export function packFilePiece(piece: FilePiece): Uint8Array {
  const { kind } = piece;
  const content = kind === 'begin' ? piece.before : kind === 'bytes' ? piece.bytes : new Uint8Array();
  const record = new Uint8Array(headLengths[kind] + content.length);
  const view = new DataView(record.buffer);
  view.setUint8(0, kinds.indexOf(kind));
  if (kind === 'begin') {
    view.setUint8(1, Number(piece.lost));
    view.setFloat64(2, piece.offset);
    view.setFloat64(10, piece.old);
  } else if (kind === 'bytes') {
    view.setUint8(1, Number(piece.backlog));
    view.setFloat64(2, piece.undated);
  }
  record.set(content, headLengths[kind]);
  return record;
}

/** Bytes in the piece are parts of `record`. @throws Error where it is no record */
export function readFilePiece(record: Uint8Array): FilePiece {
  const kind = kinds[record[0] ?? kinds.length];
  const flag = record[1] ?? 0;
  if (kind === undefined || flag > 1 || record.length < headLengths[kind]) throw noRecord();
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const content = record.subarray(headLengths[kind]);
  if (kind === 'begin') {
    const [offset, old] = [view.getFloat64(2), view.getFloat64(10)];
    const sound = isOffset(offset) && isOffset(old) && content.length === Math.min(fingerprintLength, offset);
    if (!sound) throw noRecord();
    return { kind, offset, before: content, old, lost: flag === 1 };
  }
  if (kind === 'bytes') {
    const undated = view.getFloat64(2);
    if (!(undated >= 0 && undated < Number.POSITIVE_INFINITY)) throw noRecord();
    return { kind, undated, backlog: flag === 1, bytes: content };
  }
  if (content.length > 0) throw noRecord();
  return { kind };
}

function noRecord(): Error {
  return new Error('the stream holds no valid piece of a file');
}

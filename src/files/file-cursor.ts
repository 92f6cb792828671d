import { hash } from 'node:crypto';

/** A place in a file. */
export interface FilePosition {
  /** `device:inode`; '' where nobody tells it. */
  readonly file: string;
  /** Bytes before the first line that was not judged. */
  readonly offset: number;
  /** Of the up to 256 bytes before the offset, in hexadecimal: an inode number may be given to another file. */
  readonly hash: string;
}

/** How far a log was judged. */
export interface FileCursor extends FilePosition {
  /** Bytes that were there when nothing of this file was known yet: their age is not known. 0: they were judged. */
  readonly old: number;
  /** The file that had the name before, while writers may still have it open; or null. */
  readonly late: FilePosition | null;
  /** When it was made, after its last line was read, in seconds since the epoch; null: not known. */
  readonly at: number | null;
  /** The last date in the lines judged, in seconds since the epoch: lines without one may follow. Null or absent: none. */
  readonly date?: number | null;
}

/** Bytes before the offset that tell one file from another. */
export const fingerprintLength = 256;

export function fingerprint(bytes: Uint8Array): string {
  return hash('sha1', bytes, 'hex');
}

export function formatFileCursor(cursor: FileCursor): string {
  const { file, offset, hash: print, old, late, at, date = null } = cursor;
  return JSON.stringify({
    file,
    offset,
    hash: print,
    ...(old === 0 ? {} : { old }),
    ...(late === null ? {} : { late }),
    ...(at === null ? {} : { at }),
    ...(date === null ? {} : { date }),
  });
}

/** Reads a stored cursor; what cannot be read is null: begin again. */
export function parseFileCursor(text: string | null): FileCursor | null {
  if (text === null) return null;
  try {
    const stored = JSON.parse(text) as Record<string, unknown> | null;
    const position = positionOf(stored);
    if (stored === null || position === null) return null;
    return {
      ...position,
      old: isOffset(stored['old']) ? stored['old'] : 0,
      late: positionOf(stored['late']),
      at: typeof stored['at'] === 'number' ? stored['at'] : null,
      ...(typeof stored['date'] === 'number' ? { date: stored['date'] } : {}),
    };
  } catch {
    return null;
  }
}

function positionOf(stored: unknown): FilePosition | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { file, offset, hash: print } = stored as Record<string, unknown>;
  return typeof file === 'string' && typeof print === 'string' && isOffset(offset)
    ? { file, offset, hash: print }
    : null;
}

/** Whether it can be a number of bytes in a file. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

import { hash } from 'node:crypto';

/** How far a file was judged. */
export interface FileCursor {
  /** `device:inode`. */
  readonly file: string;
  /** Bytes before the first line that was not judged. */
  readonly offset: number;
  /** Of the up to 256 bytes before the offset, in hexadecimal: an inode number may be given to another file. */
  readonly hash: string;
}

/** Bytes before the offset that tell one file from another. */
export const fingerprintLength = 256;

export function fingerprint(bytes: Uint8Array): string {
  return hash('sha1', bytes, 'hex');
}

export function formatFileCursor({ file, offset, hash: print }: FileCursor): string {
  return JSON.stringify({ file, offset, hash: print });
}

/** Reads a stored cursor; what cannot be read is null: begin again. */
export function parseFileCursor(text: string | null): FileCursor | null {
  if (text === null) return null;
  try {
    const { file, offset, hash: print } = JSON.parse(text) as Partial<FileCursor>;
    const valid =
      typeof file === 'string' &&
      typeof print === 'string' &&
      Number.isSafeInteger(offset) &&
      (offset ?? -1) >= 0;
    return valid ? { file, offset: offset ?? 0, hash: print } : null;
  } catch {
    return null;
  }
}

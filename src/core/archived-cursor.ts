/** How far a log file was judged that is read through pieces (core/file-piece.ts). */
export interface ArchivedCursor {
  /** Bytes before the first line that was not judged. */
  readonly offset: number;
  /** SHA-1 of the up to 256 bytes before the offset, in hexadecimal: the path may come to mean another file. */
  readonly hash: string;
  /** Bytes that were there when nothing of this file was known yet: their age is not known. 0: they were judged. */
  readonly old: number;
}

export function formatArchivedCursor({ offset, hash, old }: ArchivedCursor): string {
  return JSON.stringify({ offset, hash, ...(old === 0 ? {} : { old }) });
}

/** Reads a stored cursor; anything else is null: begin again. */
export function parseArchivedCursor(text: string | null): ArchivedCursor | null {
  if (text === null) return null;
  try {
    const { offset, hash, old = 0 } = JSON.parse(text) as Record<string, unknown>;
    const sound = isOffset(offset) && isOffset(old) && typeof hash === 'string' && /^[\da-f]{40}$/.test(hash);
    return sound ? { offset, hash, old } : null;
  } catch {
    return null;
  }
}

/** Whether it can be a number of bytes in a file. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

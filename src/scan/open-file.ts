import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { type FilePosition, fingerprint, fingerprintLength } from './file-cursor.ts';

/** Most bytes read and judged at once. */
export const chunkSize = 1024 * 1024;

/** Entries of a directory that are looked at to find a renamed file. */
const mostSiblings = 2_000;

/** One open log file. Reading is synchronous: it happens in the worker, and is the fastest way there. */
export class OpenFile {
  readonly identity: string;
  readonly #descriptor: number;

  /** @throws Error with a `code`: ENOENT, EACCES, …, or EISDIR for what is not a regular file */
  constructor(file: string) {
    // Without O_NONBLOCK a named pipe would hold the worker for ever.
    this.#descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(this.#descriptor, { bigint: true });
    this.identity = `${stats.dev}:${stats.ino}`;
    if (stats.isFile()) return;
    this.close();
    throw Object.assign(new Error('is not a regular file'), { code: 'EISDIR' });
  }

  /** Size in bytes; times of the making and of the last change, in seconds. */
  stat(): { size: number; born: number; changed: number } {
    const stats = fstatSync(this.#descriptor);
    return { size: stats.size, born: stats.birthtimeMs / 1_000, changed: stats.mtimeMs / 1_000 };
  }

  /** Fills as much of the buffer as the file has from `position` on; returns the number of bytes. */
  read(buffer: Buffer, position: number): number {
    return readSync(this.#descriptor, buffer, 0, buffer.length, position);
  }

  /** Whether the bytes before the cursor are those it was made with. */
  holds(cursor: FilePosition): boolean {
    const length = Math.min(fingerprintLength, cursor.offset);
    const bytes = Buffer.alloc(length);
    return this.read(bytes, cursor.offset - length) === length && fingerprint(bytes) === cursor.hash;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The identity of what the path names now, and its size; null where it names nothing. */
export function identify(file: string): { identity: string; size: number } | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : { identity: `${stats.dev}:${stats.ino}`, size: Number(stats.size) };
}

/** The file that was read until the cursor, under the name that a rotation gave it, or null. */
export function findRenamed(file: string, cursor: FilePosition): OpenFile | null {
  for (const sibling of siblingsOf(file)) {
    if (identify(sibling)?.identity !== cursor.file) continue;
    const opened = new OpenFile(sibling);
    if (opened.holds(cursor)) return opened;
    opened.close();
  }
  return null;
}

/** What logrotate and its like put behind a name: `.1`, `-20261122`, `.2026-11-22`. Compressed files end otherwise. */
const rotatedSuffix = /^[.-][\d.-]*\d$/;

/**
 * The next file of a log that was rotated more than once unseen: of the rotated ones the oldest that changed
 * after `previous`; null where the live one is next.
 */
export function findNext(file: string, previous: OpenFile): OpenFile | null {
  const after = previous.stat().changed;
  const [next] = siblingsOf(file)
    .filter((sibling) => rotatedSuffix.test(sibling.slice(file.length)))
    .map((sibling) => ({
      sibling,
      changed: (statSync(sibling, { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1_000,
    }))
    .filter(({ changed }) => changed > after)
    .sort((a, b) => a.changed - b.changed);
  return next === undefined ? null : new OpenFile(next.sibling);
}

/** Paths of the files beside the log whose names begin with its own; the log's own is among them. */
function siblingsOf(file: string): string[] {
  const folder = path.dirname(file);
  const name = path.basename(file);
  const names = readdirSync(folder).filter((sibling) => sibling.startsWith(name));
  return names.slice(0, mostSiblings).map((sibling) => path.join(folder, sibling));
}

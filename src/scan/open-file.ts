import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { type FileCursor, fingerprint, fingerprintLength } from './file-cursor.ts';

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

  /** Size in bytes and time of the last change, in seconds. */
  stat(): { size: number; changed: number } {
    const stats = fstatSync(this.#descriptor);
    return { size: stats.size, changed: stats.mtimeMs / 1_000 };
  }

  /** Fills as much of the buffer as the file has from `position` on; returns the number of bytes. */
  read(buffer: Buffer, position: number): number {
    return readSync(this.#descriptor, buffer, 0, buffer.length, position);
  }

  /** Whether the bytes before the cursor are those it was made with. */
  holds(cursor: FileCursor): boolean {
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
export function findRenamed(file: string, cursor: FileCursor): OpenFile | null {
  const folder = path.dirname(file);
  const names = readdirSync(folder).filter((name) => name.startsWith(path.basename(file)));
  for (const name of names.slice(0, mostSiblings)) {
    const sibling = path.join(folder, name);
    if (identify(sibling)?.identity !== cursor.file) continue;
    const opened = new OpenFile(sibling);
    if (opened.holds(cursor)) return opened;
    opened.close();
  }
  return null;
}

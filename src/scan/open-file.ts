import { closeSync, createReadStream, fstatSync, type ReadStream, readSync } from 'node:fs';
import { type FilePosition, fingerprint, fingerprintLength } from '../files/file-cursor.ts';
import { identityOf } from '../files/traits.ts';
import type { LogName } from '../files/tree.ts';

/** Most bytes read and judged at once. */
export const chunkSize = 1024 * 1024;

/** One open log file. Reading is synchronous: it happens in the worker, and is the fastest way there. */
export class OpenFile {
  readonly identity: string;
  readonly #descriptor: number;

  /** @throws Error with a `code`: ENOENT, EACCES, …, or EISDIR for what is not a regular file */
  constructor({ tree, path }: LogName) {
    this.#descriptor = tree.open(path);
    const stats = fstatSync(this.#descriptor, { bigint: true });
    this.identity = identityOf(stats);
    if (stats.isFile()) return;
    this.close();
    throw Object.assign(new Error('is not a regular file'), { code: 'EISDIR' });
  }

  /** Size in bytes; times of the making and of the last change, in seconds. */
  stat(): { size: number; born: number; changed: number } {
    const { size, birthtimeNs, mtimeNs } = fstatSync(this.#descriptor, { bigint: true });
    return { size: Number(size), born: Number(birthtimeNs) / 1e9, changed: Number(mtimeNs) / 1e9 };
  }

  /** Fills as much of the buffer as the file has from `position` on; returns the number of bytes. */
  read(buffer: Buffer, position: number): number {
    return readSync(this.#descriptor, buffer, 0, buffer.length, position);
  }

  /** Whether the bytes before the place are those it was made with. */
  holds(place: FilePosition): boolean {
    const length = Math.min(fingerprintLength, place.offset);
    const bytes = Buffer.alloc(length);
    return this.read(bytes, place.offset - length) === length && fingerprint(bytes) === place.hash;
  }

  /** All of it as a stream, which closes the file when it ends or is destroyed: this must not be used any more. */
  stream(): ReadStream {
    return createReadStream('', { fd: this.#descriptor, start: 0 });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What a name stands for now. */
export interface Named {
  readonly identity: string;
  readonly size: number;
  /** Names that the file has; 0 where it was removed, and only a mount still shows it. */
  readonly links: number;
}

/** Null where it stands for nothing. */
export function identify({ tree, path }: LogName): Named | null {
  const stats = tree.stat(path);
  if (stats === undefined) return null;
  return { identity: identityOf(stats), size: Number(stats.size), links: Number(stats.nlink) };
}

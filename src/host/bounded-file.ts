import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** Never waits: what lies at a path may be a pipe. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;
const firstBytes = 65_536;

/**
 * Up to `most` bytes of a file that somebody else writes, or null where it cannot be read, is no regular
 * file or is larger. The kernel's own files say a size of 0; of those the beginning is returned.
 */
export function readBounded(path: string, most: number): Buffer | null {
  let file: number | undefined;
  try {
    file = openSync(path, flags);
    if (!isReadable(fstatSync(file), most)) return null;
    let bytes = Buffer.allocUnsafe(Math.min(firstBytes, most));
    let filled = 0;
    for (let count = -1; count !== 0; filled += count) {
      if (filled === bytes.length) bytes = enlarged(bytes, most);
      count = readSync(file, bytes, filled, bytes.length - filled, null);
    }
    return bytes.subarray(0, filled);
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** As `readBounded`, on another thread: for files of the kernel's that take milliseconds to read. */
export async function readBoundedApart(path: string, most: number): Promise<Buffer | null> {
  try {
    await using file = await open(path, flags);
    if (!isReadable(await file.stat(), most)) return null;
    let bytes = Buffer.allocUnsafe(Math.min(firstBytes, most));
    let filled = 0;
    for (let count = -1; count !== 0; filled += count) {
      if (filled === bytes.length) bytes = enlarged(bytes, most);
      count = (await file.read(bytes, filled, bytes.length - filled, null)).bytesRead;
    }
    return bytes.subarray(0, filled);
  } catch {
    return null;
  }
}

const isReadable = (status: Stats, most: number): boolean => status.isFile() && status.size <= most;

/** With room for more, unless `most` are there; then nothing more is read. */
function enlarged(bytes: Buffer<ArrayBuffer>, most: number): Buffer<ArrayBuffer> {
  return bytes.length === most ? bytes : Buffer.concat([bytes], Math.min(bytes.length * 2, most));
}

/** The names in a directory, at most `most` of those that match; none where it cannot be read. */
export function namesIn(path: string, pattern: RegExp, most: number): string[] {
  try {
    return readdirSync(path)
      .filter((name) => pattern.test(name))
      .slice(0, most);
  } catch {
    return [];
  }
}

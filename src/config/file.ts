import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BailiffError } from '../core/errors.ts';

/** A configuration is written by hand; what is larger is another file, named by mistake. */
const largestFile = 1024 * 1024;

/**
 * The text of a configuration file, or null where there is none.
 * @throws BailiffError config-unreadable: no rights, not a regular file, over 1 MiB, not UTF-8 text
 */
export function readTextFile(file: string): string | null {
  const bytes = readBytes(file);
  if (bytes === null) return null;
  if (bytes.length > largestFile) {
    throw unreadable(file, 'is larger than 1 MiB, which no configuration is');
  }
  try {
    if (!bytes.includes(0)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Said below, as for NUL bytes.
  }
  throw unreadable(file, 'is not UTF-8 text');
}

function readBytes(file: string): Uint8Array | null {
  let descriptor: number | null = null;
  try {
    // Without O_NONBLOCK a named pipe would hold the start for ever.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) throw unreadable(file, 'is not a regular file');
    const bytes = new Uint8Array(largestFile + 1);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    if (cause instanceof BailiffError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unreadable(file, `cannot be read (${String(code ?? cause)})`, cause);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function unreadable(file: string, message: string, cause?: unknown): BailiffError {
  return new BailiffError('config-unreadable', message, {
    where: file,
    remedy: 'Name the configuration with --config FILE or BAILIFF_CONFIG.',
    ...(cause === undefined ? {} : { cause }),
  });
}

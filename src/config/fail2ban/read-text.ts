import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { BailiffError, type ErrorDetails } from '../../core/errors.ts';

/** The largest file of fail2ban's own has 25 kB. */
const mostBytes = 1_048_576;

/**
 * The text of a file; null where there is none. What is no file (a directory, a pipe, a device) is not read: opening
 * a pipe would wait for ever.
 * @throws BailiffError fail2ban-unreadable
 */
export function readText(file: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    if (isMissing(cause) && isLink(file))
      throw unreadable(file, 'is a link that leads nowhere', { remedy: 'Correct it, or remove it.', cause });
    if (isMissing(cause)) return null;
    throw unreadable(file, 'cannot be opened', { remedy: 'See to its permissions.', cause });
  }
  try {
    return decode(file, readWhole(file, descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(file: string, descriptor: number): Uint8Array {
  if (!fstatSync(descriptor).isFile()) throw unreadable(file, 'is not a file', { remedy: 'Remove it.' });
  // Not by its size: files of /proc have none, and some of them no end.
  const bytes = Buffer.allocUnsafe(mostBytes + 1);
  let length = 0;
  try {
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
  } catch (cause) {
    throw unreadable(file, 'cannot be read', { cause });
  }
  if (length <= mostBytes) return bytes.subarray(0, length);
  throw unreadable(file, 'is larger than 1 MiB', { remedy: 'This is no configuration; remove it.' });
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (cause) {
    const line = firstBroken(bytes);
    throw unreadable(`${file}:${line}`, 'is not UTF-8', { remedy: 'Save the file as UTF-8.', cause });
  }
  const line = lineOf(bytes, bytes.indexOf(0));
  throw unreadable(`${file}:${line}`, 'holds a NUL byte', { remedy: 'This is no text; remove it.' });
}

/** The line of the first byte that is not UTF-8: the replacement that stands for it counts, not one that was written. */
function firstBroken(bytes: Uint8Array): number {
  let line = 1;
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to));
    } catch {
      return line;
    }
    line += 1;
    from = to + 1;
  }
  return line;
}

function lineOf(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < offset; at = bytes.indexOf(0x0a, at + 1)) line += 1;
  return line;
}

function unreadable(where: string, message: string, details: ErrorDetails): BailiffError {
  return new BailiffError('fail2ban-unreadable', message, { where, ...details });
}

/** Whether a file was not read because it is not there. */
export function isMissing(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')
  );
}

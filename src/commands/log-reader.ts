import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { BailiffError } from '../core/errors.ts';

/** As in the daemon; with four times as many bytes judging takes a tenth longer. */
const chunkSize = 1024 * 1024;

/** The chunks of a log, each of them valid until the next. @throws BailiffError usage */
export function* readLog(file: string): Generator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(chunkSize);
  const handle = orUnreadable(file, () => openSync(file, 'r'));
  try {
    for (;;) {
      const length = orUnreadable(file, () => readSync(handle, buffer));
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}

/** The log's own time of change, in seconds: no line in it is younger. @throws BailiffError usage */
export function changedAt(file: string): number {
  return orUnreadable(file, () => statSync(file).mtimeMs / 1_000);
}

function orUnreadable<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new BailiffError('usage', `the log cannot be read (${code})`, { where: file, cause });
  }
}

import path from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BailiffError, messageOf } from '../core/errors.ts';

/** What the archive API says of a path inside a container, symbolic links not followed. */
export interface InsideFile {
  readonly kind: 'file' | 'link' | 'other';
  /** In bytes. */
  readonly size: number;
  /** When it was last changed, in seconds since the epoch. */
  readonly changed: number;
  /** Where a link leads; '' for anything else. Docker resolves it to its end. */
  readonly target: string;
}

/** A regular file inside a container, under the path that leads to it without a link at its end. */
export interface FoundInside {
  readonly path: string;
  readonly size: number;
  readonly changed: number;
}

/** Go's os.FileMode: the bits that say what a file is. Without any of them it is a regular one. */
const typeBits = 0x8f28_0000;
const linkBit = 0x0800_0000;

/**
 * Reads the header `X-Docker-Container-Path-Stat`: base64 of a JSON object with name, size, mode, mtime and
 * linkTarget (Docker API, "Get information about files in a container").
 * @throws Error where it is not that
 */
export function statedFile(header: unknown): InsideFile {
  const { size, mode, mtime, linkTarget } = decodedStat(header);
  const changed = typeof mtime === 'string' ? Date.parse(mtime) / 1_000 : Number.NaN;
  const sound = Number.isSafeInteger(size) && Number(size) >= 0 && Number.isSafeInteger(mode);
  if (!sound || Number.isNaN(changed))
    throw new Error('the engine says nothing of the file that makes sense');
  const kind = kindOf(Number(mode));
  const target = kind === 'link' && typeof linkTarget === 'string' ? linkTarget : '';
  return { kind, size: Number(size), changed, target };
}

/** An engine that fails at it: a link that leads to itself, a file where a folder should be (measured, 20.10). */
export function notStated(log: string, cause: unknown): BailiffError {
  const remedy = 'Check the path: a part of it may be no folder, or a link in it lead to itself.';
  return unreadable(log, 'the engine cannot look at it', remedy, cause);
}

function decodedStat(header: unknown): Record<string, unknown> {
  try {
    const stat: unknown = JSON.parse(Buffer.from(String(header), 'base64').toString());
    return typeof stat === 'object' && stat !== null ? { ...stat } : {};
  } catch {
    return {};
  }
}

function kindOf(mode: number): InsideFile['kind'] {
  if ((mode & linkBit) !== 0) return 'link';
  return (mode & typeBits) === 0 ? 'file' : 'other';
}

/** As many as Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** Where images lead their logs to whose output is the log. */
const output = /^\/(?:dev\/(?:stdout|stderr|fd\/[12])|proc\/(?:self|1)\/fd\/\d+)$/;

/**
 * Finds the regular file that a path leads to. Each step is asked of the engine, which stays inside the container.
 * Null: there is none, or a link leads nowhere (yet).
 * @throws BailiffError container-log-unreadable where it leads to something else; and what `stat` throws
 */
export async function findInside(
  stat: (path: string) => Promise<InsideFile | null>,
  log: string,
): Promise<FoundInside | null> {
  let at = path.posix.resolve('/', log);
  for (let links = 0; links <= mostLinks; links++) {
    if (output.test(at)) throw unreadable(log, 'it leads to the output of the container', readOutput);
    const file = await stat(at);
    if (file === null) return null;
    if (file.kind === 'other') throw unreadable(log, 'it is not a regular file', 'Name the log file itself.');
    if (file.kind === 'file') return { path: at, size: file.size, changed: file.changed };
    at = path.posix.resolve(path.posix.dirname(at), file.target);
  }
  throw unreadable(
    log,
    `it leads through more than ${mostLinks} symbolic links`,
    'Name the log file itself.',
  );
}

const readOutput = 'That is read without logpath: take it away.';

/** Bytes of a tar archive among which its first file must begin: a header, perhaps with extended ones before it. */
const longestHead = 1024 * 1024;

/**
 * The content of the one regular file that a tar archive holds, as it comes. What is wrong with the archive is the
 * error that the stream ends with: a cut one, one of something else, one with more in it.
 */
export async function contentOf(archive: Readable, log: string): Promise<Readable> {
  // A build has nothing but the default of a package in CommonJS that is loaded late.
  const { default: tar } = await import('tar-stream');
  const content = new PassThrough();
  const reader = tar.extract();
  let begun = false;
  reader.on('entry', ({ type, size = 0 }, entry, next) => {
    if (begun || type !== 'file' || !(size >= 0)) {
      reader.destroy(new Error(begun ? 'it holds more than one file' : `it holds no regular file (${type})`));
      return;
    }
    begun = true;
    entry.once('end', next);
    entry.pipe(content, { end: false });
  });
  const bounded = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let taken = 0;
    for await (const chunk of chunks) {
      taken += chunk.length;
      if (!begun && taken > longestHead) throw new Error('it does not begin with a file');
      yield chunk;
    }
    if (!begun) throw new Error('it holds no file');
  };
  const fail = (error: unknown): void => {
    content.destroy(unreadable(log, `the engine's archive: ${messageOf(error)}`, tryAgain, error));
  };
  // Errors that come after the first one belong to nobody.
  reader.on('error', () => undefined);
  content.once('close', () => archive.destroy());
  pipeline(archive, bounded, reader).then(() => content.end(), fail);
  return content;
}

const tryAgain = 'It is tried again; see the log of the engine where it stays so.';

function unreadable(where: string, message: string, remedy: string, cause?: unknown): BailiffError {
  return new BailiffError('container-log-unreadable', message, { where, remedy, cause });
}

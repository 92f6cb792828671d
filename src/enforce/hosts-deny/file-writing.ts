import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock-file.ts';
import { hasCode } from './thrown.ts';

/** A file as it was read. */
export interface Snapshot {
  /** Its real path, without symbolic links. */
  readonly path: string;
  readonly stat: Stats;
  readonly bytes: Buffer;
}

/** What the name of a new version begins with, before the process id of its writer. */
export function temporaryPrefix(name: string): string {
  return `.${name}.bailiff-`;
}

/** What a rename over a mounted file, in a directory we may not write, or of another's file fails with. */
const notHere = ['EBUSY', 'EXDEV', 'EROFS', 'EACCES', 'EPERM'];

/**
 * Writes a new version beside the file and renames it over it: whoever reads sees the old one or the new
 * one, and so does the disk after a loss of power.
 * @returns false where the file is not as it was seen, with nothing changed; null where that cannot be done here
 */
export async function replaceFile(seen: Snapshot, wanted: Buffer): Promise<boolean | null> {
  const directory = dirname(seen.path);
  const temporary = join(directory, `${temporaryPrefix(basename(seen.path))}${process.pid}`);
  try {
    await rm(temporary, { force: true });
    await writeLike(seen.stat, temporary, wanted);
    if (!(await isUnchanged(seen))) return false;
    await rename(temporary, seen.path);
    await syncDirectory(directory);
    return true;
  } catch (error) {
    if (hasCode(error, ...notHere)) return null;
    throw error;
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function writeLike(model: Stats, path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    const { uid, gid } = await handle.stat();
    if (uid !== model.uid || gid !== model.gid) await handle.chown(model.uid, model.gid);
    await handle.chmod(model.mode & 0o7777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isUnchanged({ path, stat: before, bytes }: Snapshot): Promise<boolean> {
  const now = await stat(path);
  return now.ino === before.ino && now.dev === before.dev && (await readFile(path)).equals(bytes);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes over the file, under a lock: for one that a container has mounted, which no rename can replace.
 * Only what differs is written, in one call, and a shorter version is filled up with line ends before it is
 * cut: a kill in between leaves empty lines. Whoever reads during that call may see a line cut in two.
 * @returns false where the file is not as it was seen, with nothing changed
 */
export async function overwriteFile(
  seen: Snapshot,
  wanted: Buffer,
  lockDirectories: readonly string[],
): Promise<boolean> {
  const mark = createHash('sha256').update(seen.path).digest('hex').slice(0, 16);
  return withLock(`bailiff-${mark}.lock`, lockDirectories, async () => {
    const handle = await open(seen.path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const { bytes } = seen;
      if (!(await handle.readFile()).equals(bytes)) return false;
      const from = firstDifference(bytes, wanted);
      const padding = Buffer.alloc(Math.max(0, bytes.length - wanted.length), '\n');
      await put(handle, Buffer.concat([wanted.subarray(from), padding]), from, wanted.length).catch(
        async (error: unknown) => {
          await put(handle, bytes.subarray(from), from, bytes.length).catch(() => undefined);
          throw error;
        },
      );
      return true;
    } finally {
      await handle.close();
    }
  });
}

async function put(handle: FileHandle, bytes: Buffer, from: number, length: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, from + done)).bytesWritten;
  }
  await handle.truncate(length);
  await handle.sync();
}

function firstDifference(a: Buffer, b: Buffer): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    if (a[index] !== b[index]) return index;
  }
  return shared;
}

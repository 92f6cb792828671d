import { lstat, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BailiffError } from '../../core/errors.ts';
import { hasCode } from './thrown.ts';

/** Between looks at a lock that somebody holds, in ms, and how many: work under a lock takes milliseconds. */
const pauseMs = 20;
const attempts = 100;

/**
 * Runs `work` while holding a lock that every Bailiff on this machine asks for. Node has no flock(2), so it
 * is a symbolic link that names its holder and leads nowhere: made in one go, it is never seen without its
 * holder. It lies in the first of `directories` that takes it; that of a process which is gone is taken over.
 * @throws BailiffError enforcement-failed, where it is held for long or cannot be made
 */
export async function withLock<T>(
  name: string,
  directories: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const path = await acquire(name, directories);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(name: string, directories: readonly string[]): Promise<string> {
  const self = await identify(process.pid);
  let refusal: unknown;
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      if (await queue(path, self)) return path;
    } catch (error) {
      refusal = error;
      continue;
    }
    throw new BailiffError('enforcement-failed', `another Bailiff holds the lock ${path}`, {
      remedy: 'Run one Bailiff at a time. Delete that file if none other is running.',
    });
  }
  throw new BailiffError('enforcement-failed', `no lock can be made in ${directories.join(' or ')}`, {
    cause: refusal,
  });
}

/** @returns false where somebody holds it all the time */
async function queue(path: string, self: string): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      await symlink(self, path);
      return true;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const holder = await holderOf(path);
    if (holder !== null && (await isGone(holder))) await takeAway(path, holder);
    else await delay(pauseMs);
  }
  return false;
}

/** null where it was let go of a moment ago; '' where it is no lock, or of another user who wants us to wait. */
async function holderOf(path: string): Promise<string | null> {
  try {
    const { uid } = await lstat(path);
    return uid === process.getuid?.() ? await readlink(path) : '';
  } catch (error) {
    return hasCode(error, 'ENOENT') ? null : '';
  }
}

/** Away with a lock whose holder is gone; not with one that a third process took in the meantime. */
async function takeAway(path: string, holder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
    const taken = await holderOf(aside);
    if (taken !== null && taken !== holder) await symlink(taken, path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function isGone(holder: string): Promise<boolean> {
  const pid = Number(holder.split(' ', 1)[0]);
  // The number alone may be another process by now: in a container it is the same one after each start.
  return !Number.isSafeInteger(pid) || pid <= 0 || (await identify(pid)) !== holder;
}

/** A process for as long as it lives: its id and when it started, in ticks since boot (proc(5), field 22 of stat). */
async function identify(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name, in parentheses, may hold spaces and parentheses.
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'gone'}`;
}

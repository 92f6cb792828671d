import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Status } from '../../control/protocol.ts';
import { messageOf } from '../../core/errors.ts';
import { namesIn, readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';
import { statusOf } from '../machine.ts';
import { storageProblem } from '../status-texts.ts';

const mebibyte = 1024 * 1024;
/** Below this the database may fail to be written at any moment, in bytes. */
const least = 64 * mebibyte;
/** And below this it is time to look. */
const comfortable = 512 * mebibyte;
/** Reading a larger one through takes seconds, in bytes. */
const largestRead = 256 * mebibyte;

/** Whether there is room for the database, and whether it is whole. */
export const storage: Check = {
  name: 'storage',
  title: 'Disk and database',
  async examine(machine) {
    const folder = machine.settings?.stateDir;
    if (folder === undefined) return { notMade: 'the configuration is not valid' };
    const path = join(folder, 'bailiff.db');
    const status = statusOf(machine);
    const running = status !== null;
    const found = [
      ...(status === null ? [] : unwritten(status, folder)),
      ...folderProblems(folder, running),
      ...spaceProblems(folder),
      ...damages(folder),
    ];
    const size = sizeOf(path);
    if (size !== null && !running) found.push(...unsound(path, size));
    if (found.length > 0) return found;
    return [ok(`${folder}: ${size === null ? 'no database yet' : `database of ${formatSize(size)}`}`)];
  },
};

function unwritten(status: Status, folder: string): Diagnosis[] {
  const said = storageProblem(status);
  return said === null ? [] : [problem(said, `ls -ld ${folder}; df -h ${folder}; mount | grep ' ro[,)]'`)];
}

function folderProblems(folder: string, running: boolean): Diagnosis[] {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // It is made at the first start.
    if (missing && !running) return [];
    return [
      problem(
        `${folder} cannot be written: bans would not survive a restart (${messageOf(error)})`,
        `mkdir -p ${folder} && chown root: ${folder} && chmod 700 ${folder}; in a container: -v bailiff:${folder}`,
      ),
    ];
  }
}

function spaceProblems(folder: string): Diagnosis[] {
  const space = spaceAt(folder);
  if (space === null) return [];
  const { bytes, files } = space;
  const remedy = `df -h ${folder}; df -i ${folder}; then make room`;
  if (files === 0)
    return [problem(`no file can be made in ${folder}: its file system has no inode left`, remedy)];
  if (bytes < least) return [problem(`only ${formatSize(bytes)} are left for ${folder}`, remedy)];
  return bytes < comfortable ? [warning(`only ${formatSize(bytes)} are left for ${folder}`, remedy)] : [];
}

/** Null where that cannot be told; `files` too, on file systems that do not count them. */
function spaceAt(folder: string): { bytes: number; files: number | null } | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return { bytes: bavail * bsize, files: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}

/** Databases that did not make sense any more, and were set aside. */
function damages(folder: string): Diagnosis[] {
  const aside = namesIn(folder, /^bailiff\.db\.corrupt-.*Z$/, 10).sort();
  const last = aside.at(-1);
  if (last === undefined) return [];
  return [
    warning(
      `a damaged database was set aside (${join(folder, last)}): bans of before may be gone, and the disk may be failing`,
      `See dmesg and smartctl -a for errors of the disk; then rm ${join(folder, 'bailiff.db.corrupt-*')}`,
    ),
  ];
}

/** Of a database that no daemon has open. With a log beside it (a daemon was killed) only the next start can tell. */
function unsound(path: string, size: number): Diagnosis[] {
  if (size === 0 || size > largestRead || (sizeOf(`${path}-wal`) ?? 0) > 0) return [];
  const complaint = complaintAbout(path);
  if (complaint === null) return [];
  return [
    problem(
      `${path} is damaged: ${complaint}`,
      'Start Bailiff: it sets the file aside and takes the bans in the kernel over',
    ),
  ];
}

function complaintAbout(path: string): string | null {
  if (readBounded(path, largestRead)?.subarray(0, 15).toString('latin1') !== 'SQLite format 3') {
    return 'it is no database';
  }
  const url = pathToFileURL(path);
  // Read as it is, without a lock and without a file made beside it.
  url.searchParams.set('immutable', '1');
  try {
    using database = new DatabaseSync(url, { readOnly: true });
    const row = database.prepare('PRAGMA quick_check(1)').get();
    const answer = String(Object.values(row ?? {})[0]);
    return answer === 'ok' ? null : answer.slice(0, 300);
  } catch (error) {
    return messageOf(error);
  }
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function formatSize(bytes: number): string {
  return bytes < mebibyte ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.floor(bytes / mebibyte)} MiB`;
}

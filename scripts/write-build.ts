/**
 * Writes a build to dist/NAME/, where the name is the hash of what it holds, and its name into dist/current. Builds that go
 * on beside each other do not meet: each is written apart and put in place whole, and `current` is replaced in one step.
 * A daemon that runs from an older build finds all of it until it ends.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { bundle } from './bundle.ts';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
const current = path.join(dist, 'current');

/** What is this old (ms) is not being written any more. */
const longestBuildMs = 3_600_000;

await writeBuild();

async function writeBuild(): Promise<void> {
  const work = path.join(dist, `.${randomUUID()}`);
  mkdirSync(work, { recursive: true });
  // scripts/build compares: what is written to src/ from now on is newer than this build.
  const { atime, mtime } = statSync(work);
  const files = await bundle(root);
  const name = nameOf(files);
  const before = existsSync(current) ? readFileSync(current, 'utf8').trim() : name;
  for (const [file, text] of files) writeFileSync(path.join(work, file), text);
  place(work, name);
  const next = `${work}.current`;
  writeFileSync(next, `${name}\n`);
  utimesSync(next, atime, mtime);
  renameSync(next, current);
  sweep([path.basename(current), name, before]);
}

/** The same for the same files, wherever they were made. */
function nameOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\0${text}\0`);
  return hash.digest('hex').slice(0, 16);
}

/** A build of this name that is there already is the same. */
function place(work: string, name: string): void {
  try {
    renameSync(work, path.join(dist, name));
  } catch (error) {
    if (!existsSync(path.join(dist, name))) throw error;
    rmSync(work, { recursive: true });
  }
}

/** Takes old builds away. The one before stays, since a command may have read its name and not have started. */
function sweep(kept: readonly string[]): void {
  for (const name of readdirSync(dist)) {
    if (kept.includes(name) || isRunning(name)) continue;
    const place = path.join(dist, name);
    try {
      if (statSync(place).mtimeMs < Date.now() - longestBuildMs) rmSync(place, { recursive: true });
    } catch {
      // Another build has swept it, or another user has made it.
    }
  }
}

function isRunning(name: string): boolean {
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`/dist/${name}/`));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

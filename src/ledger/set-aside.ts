import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Damaged databases that are kept for whoever wants to look: a failing disk must not be filled with them. */
const mostKept = 3;

/** A database is these files; the last two may be missing. */
const parts = ['', '-wal', '-shm'];

/**
 * Moves a damaged database out of the way, to `PATH.corrupt-TIME`. It must not be open. @returns its new path.
 * @throws what the file system throws
 */
export function setAside(path: string, now: number): string {
  const time = new Date(now * 1000).toISOString().slice(0, 19).replaceAll(':', '-');
  const aside = `${path}.corrupt-${time}Z`;
  forgetOldest(`${path}.corrupt-`);
  for (const part of parts) {
    rmSync(`${aside}${part}`, { force: true });
    try {
      renameSync(`${path}${part}`, `${aside}${part}`);
    } catch (error) {
      if (part === '') throw error;
    }
  }
  return aside;
}

function forgetOldest(prefix: string): void {
  const folder = dirname(prefix);
  const earlier = readdirSync(folder)
    .filter((name) => name.startsWith(basename(prefix)) && name.endsWith('Z'))
    .sort();
  for (const name of earlier.slice(0, Math.max(0, earlier.length - mostKept + 1))) {
    for (const part of parts) rmSync(join(folder, `${name}${part}`), { force: true });
  }
}

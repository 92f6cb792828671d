import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bailiff-test');

/** A folder of the cache that `bring` fills once; whoever comes later finds it whole. */
export async function brought(name: string, bring: (folder: string) => Promise<void>): Promise<string> {
  const place = join(cache, name);
  if (existsSync(place)) return place;
  const work = `${place}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    await bring(work);
    renameSync(work, place);
  } catch (error) {
    rmSync(work, { recursive: true });
    // Another test may have brought it meanwhile.
    if (!existsSync(place)) throw error;
  }
  return place;
}

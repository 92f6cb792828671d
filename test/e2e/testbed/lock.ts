import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { eventually } from './command.ts';
import { identityOf, isAlive } from './leftovers.ts';

/**
 * Waits for, takes and returns a lock between processes: a file that names its holder, whose death
 * frees it. Call what is returned to give it back.
 */
export async function takeLock(path: string): Promise<() => void> {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${identityOf(process.pid)}`);
  try {
    await eventually(`the lock ${path}`, () => tryLock(path, mine), 900);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(path, { force: true });
}

function tryLock(path: string, mine: string): boolean {
  try {
    // A link appears whole, with its holder inside, or not at all.
    linkSync(mine, path);
    return true;
  } catch {
    if (!isAlive(readFileSync(path, 'utf8'))) rmSync(path, { force: true });
    return false;
  }
}

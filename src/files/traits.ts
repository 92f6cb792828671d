import type { BigIntStats, Stats } from 'node:fs';

/** Tells a file from all others that are there now: `device:inode`. */
export function identityOf({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

/** What of a file differs once it has changed. */
export function traitsOf({ dev, ino, size, mtimeMs, ctimeMs, nlink }: Stats): readonly number[] {
  return [dev, ino, size, mtimeMs, ctimeMs, nlink];
}

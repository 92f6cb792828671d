import type { Stats } from 'node:fs';

/** What of a file differs once it has changed. */
export function traitsOf({ dev, ino, size, mtimeMs, ctimeMs, nlink }: Stats): readonly number[] {
  return [dev, ino, size, mtimeMs, ctimeMs, nlink];
}

import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of this package, which holds its package.json: src/ lies in it, and a build two folders deep (scripts/build). */
export const packageRoot = rootAbove(import.meta.dirname);

function rootAbove(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  if (folder === path.dirname(folder)) throw new Error(`no package.json lies above ${import.meta.dirname}`);
  return rootAbove(path.dirname(folder));
}

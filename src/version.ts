import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from './package-root.ts';

/** The version of this Bailiff, from its package.json. */
export function version(): string {
  const text = readFileSync(path.join(packageRoot, 'package.json'), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

/** The name of the build that runs, which the same source has wherever it is built (scripts/write-build.ts); null: src/ itself. */
export function build(): string | null {
  const folder = path.basename(import.meta.dirname);
  return folder === 'src' ? null : folder;
}

/** The commit that this was built from, as it was told to the build of an image (scripts/image); null elsewhere. */
export function revision(): string | null {
  const file = path.join(packageRoot, 'revision');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

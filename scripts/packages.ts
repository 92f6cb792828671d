import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What a package says of itself, as npm has installed it; Bailiff's own, too. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** As SPDX has it: one, or an expression. */
  readonly license: string;
  readonly author?: string | { readonly name: string };
}

/** The folder of the package that a file belongs to, both relative to the checkout; '' is Bailiff itself. */
export function packageFolder(file: string): string {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '';
}

export function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const licenceFile = /^(licen[cs]e|copying|notice)/i;

/** The licences, in their own words, of the packages whose files (relative to `root`) are among these. */
export function licences(root: string, files: readonly string[]): string {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const parts = [...folders].sort().map((folder) => licenceOf(path.join(root, folder)));
  return ['Bailiff holds these packages, under these licences.\n', ...parts].join(`\n${'-'.repeat(72)}\n\n`);
}

function licenceOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((name) => licenceFile.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim());
  // One has no more to say of it than its manifest.
  const author = manifest.author?.name ?? manifest.author;
  const said = texts.length > 0 ? texts : [`Licence: ${manifest.license}. Author: ${author}.`];
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${said.join('\n\n')}\n`;
}

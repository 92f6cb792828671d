import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { manifestIn, packageFolder } from './packages.ts';

const licenceFile = /^(licen[cs]e|copying|notice)/i;

/** The licences, in their own words, of the packages whose files (relative to `root`) are among these. */
export function licences(root: string, files: readonly string[]): string {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== ''));
  const parts = [...folders].sort().map((folder) => licenceOf(path.join(root, folder)));
  return ['Bailiff holds these packages, under these licences.\n', ...parts].join(`\n${'-'.repeat(72)}\n\n`);
}

function licenceOf(folder: string): string {
  const { name, version, license, author } = manifestIn(folder);
  const texts = readdirSync(folder)
    .filter((name) => licenceFile.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim());
  // One has no more to say of it than its manifest.
  const who = typeof author === 'object' ? author.name : author;
  const said = texts.length > 0 ? texts : [`Licence: ${license}. Author: ${who}.`];
  return `${name} ${version} (${license})\n\n${said.join('\n\n')}\n`;
}

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folderOf } from '../setup/folder.ts';

/** Where Debian's package keeps its configuration. */
export const stock = '/etc/fail2ban';

/** Debian's configuration as it comes, with these files instead of what its owner has added. */
export function stockWith(files: Readonly<Record<string, string>>): string {
  if (!existsSync(path.join(stock, 'jail.conf'))) {
    throw new Error(`${stock}/jail.conf is missing: install Debian's package fail2ban`);
  }
  const folder = folderOf({});
  const own = /\.local$|^(?:jail|fail2ban)\.d$/;
  cpSync(stock, folder, { recursive: true, filter: (file) => !own.test(path.basename(file)) });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

/** The names of all filters, or of all actions. */
export function stockNames(kind: 'filter.d' | 'action.d'): string[] {
  const names = readdirSync(path.join(stock, kind)).filter((name) => /\.(?:conf|py)$/.test(name));
  return names.map((name) => name.replace(/\.conf$/, '')).sort();
}

/** The modes that a filter may have: those that any has, and those that its own file speaks of. */
export function modesOf(filter: string): string[] {
  const text = readFileSync(path.join(stock, 'filter.d', `${filter}.conf`), 'utf8');
  const own = [...text.matchAll(/^mdre-(\w+)/gm)].flatMap(([, mode]) => mode ?? []);
  return [...new Set(['normal', 'ddos', 'extra', 'aggressive', ...own])];
}

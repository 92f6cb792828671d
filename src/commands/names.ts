import { findFilters } from '../config/filters.ts';
import { daemon } from './daemon.ts';
import { filterFolders } from './filter-folders.ts';
import { printLine } from './output.ts';

/** Shells expand the words that they complete with: anything else than these characters stays out. */
const harmless = /^[\w.@:/+-]+$/;

/** `bailiff __names KIND`, for shell completion: names, each in a line. None where nobody can be asked. */
export async function namesCommand(kind: string): Promise<void> {
  const names = await namesOf(kind).catch(() => []);
  for (const name of names) if (harmless.test(name)) printLine(name);
}

async function namesOf(kind: string): Promise<readonly string[]> {
  switch (kind) {
    case 'jails':
      return (await daemon().status()).jails.map(({ name }) => name);
    case 'banned':
      return [...new Set((await daemon().bans()).map(({ address }) => address))];
    case 'filters':
      return [...(await findFilters(filterFolders(process.env))).keys()];
    default:
      return [];
  }
}

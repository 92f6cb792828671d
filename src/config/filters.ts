import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { BailiffError } from '../core/errors.ts';
import { type FilterDefinition, splitMode } from '../core/filter.ts';
import { packageRoot } from '../package-root.ts';
import { readTextFile } from './file.ts';
import { definitionOf, invalidFilter, readFilter } from './filter-file.ts';
import type { FilterFile } from './filter-schema.ts';
import { nearest } from './suggest.ts';

/** The filters that come with Bailiff. */
export const shippedFilters = path.join(packageRoot, 'filters');

const extension = '.yaml';

/** @throws BailiffError filter-not-found, filter-invalid, config-unreadable */
export function loadFilterFile(file: string, read: (text: string) => string = (text) => text): FilterFile {
  const text = readTextFile(file);
  if (text === null) throw new BailiffError('filter-not-found', 'there is no such file', { where: file });
  const filter = readFilter(read(text), file);
  const expected = path.basename(file, extension);
  if (filter.name !== expected) throw invalidFilter(`the name must be "${expected}", as the file's`, file);
  return filter;
}

/**
 * As `loadFilterFile`, for who runs the filter: of a shipped one, whose samples are tested, the first sample alone. They are most of
 * the text, and of the time that reading it takes.
 */
export function loadToRun(file: string): FilterFile {
  return loadFilterFile(file, path.dirname(file) === shippedFilters ? upToFirstSample : undefined);
}

/** All of the text where anything stands behind the samples. */
function upToFirstSample(text: string): string {
  const item = '\n  - ';
  const start = text.indexOf('\nsamples:\n');
  const end = text.indexOf(item, text.indexOf(item, start) + 1);
  const isWhole = start < 0 || end < 0 || /^[^\s#]/m.test(text.slice(end));
  return isWhole ? text : text.slice(0, end);
}

/** The filter of a file; without `mode` in its first one. @throws BailiffError as `loadFilterFile`; filter-mode */
export function loadFilter(file: string, mode: string | null = null): FilterDefinition {
  return { ...definitionOf(loadFilterFile(file), mode), file };
}

/** The filter of a file once for each of its modes, the first one first. @throws BailiffError as `loadFilterFile` */
export function loadModes(file: string): readonly FilterDefinition[] {
  const filter = loadFilterFile(file);
  return (filter.modes ?? [null]).map((mode) => ({ ...definitionOf(filter, mode), file }));
}

/** Every filter of these folders by name, sorted; one of a later folder replaces its namesake. Missing folders are empty. */
export async function findFilters(folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      if (entry.endsWith(extension)) files.set(path.basename(entry, extension), path.join(folder, entry));
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All filters of these folders, each in its first mode. @throws BailiffError as `loadFilterFile` */
export async function loadFilters(folders: readonly string[]): Promise<readonly FilterDefinition[]> {
  return [...(await findFilters(folders)).values()].map((file) => loadFilter(file));
}

/** All filters of these folders, in all of their modes. @throws BailiffError as `loadFilterFile` */
export async function loadAllModes(folders: readonly string[]): Promise<readonly FilterDefinition[]> {
  return [...(await findFilters(folders)).values()].flatMap(loadModes);
}

/**
 * The filter of this name, or in this file where it is a path; `sshd[mode=aggressive]` names it in a mode.
 * @throws BailiffError as `loadFilterFile`; filter-mode
 */
export async function loadNamedFilter(name: string, folders: readonly string[]): Promise<FilterDefinition> {
  const { filter, mode } = splitMode(name);
  return loadFilter(await filterFile(filter, folders), mode);
}

/** The file of the filter of this name; a path stands for itself. @throws BailiffError filter-not-found */
export async function filterFile(name: string, folders: readonly string[]): Promise<string> {
  if (name.includes('/') || name.endsWith(extension)) return name;
  const files = await findFilters(folders);
  const file = files.get(name);
  if (file !== undefined) return file;
  const meant = nearest(name, files.keys());
  throw new BailiffError('filter-not-found', `there is no filter "${name.slice(0, 80)}"`, {
    remedy: meant === null ? 'See `bailiff filter list`.' : `Did you mean "${meant}"?`,
  });
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new BailiffError('config-unreadable', 'the folder of filters cannot be read', {
      where: folder,
      cause,
    });
  }
}

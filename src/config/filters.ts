import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type * as z from 'zod';
import { BailiffError } from '../core/errors.ts';
import type { FieldTest, FilterAbout, FilterDefinition, JsonRule, Scalar } from '../core/filter.ts';
import { packageRoot } from '../package-root.ts';
import { readTextFile } from './file.ts';
import { type FilterFile, filterSchema } from './filter-schema.ts';
import { nearest } from './suggest.ts';
import { type KeyPath, readYaml, type YamlDocument } from './yaml-document.ts';

/** The filters that come with Bailiff. */
export const shippedFilters = path.join(packageRoot, 'filters');

const extension = '.yaml';

/**
 * Reads one filter file.
 * @throws BailiffError filter-invalid, with file:line:column of the first thing that is wrong
 */
export function parseFilter(text: string, file: string): FilterDefinition {
  const document = readYaml(text, file);
  const [syntax] = document.errors;
  if (syntax !== undefined) throw invalid(syntax.message, syntax.where ?? file);
  const parsed = filterSchema.safeParse(document.values);
  if (parsed.success) return definitionOf(parsed.data);
  const issue = deepest(parsed.error.issues);
  throw invalid(messageFor(issue), whereIs(issue, document));
}

/** @throws BailiffError filter-not-found, filter-invalid, config-unreadable */
export async function loadFilter(file: string): Promise<FilterDefinition> {
  const text = await readTextFile(file);
  if (text === null) throw new BailiffError('filter-not-found', 'there is no such file', { where: file });
  const definition = parseFilter(text, file);
  const expected = path.basename(file, extension);
  if (definition.name !== expected) throw invalid(`the name must be "${expected}", as the file's`, file);
  return { ...definition, file };
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

/** All filters of these folders. @throws BailiffError as `loadFilter` */
export async function loadFilters(folders: readonly string[]): Promise<readonly FilterDefinition[]> {
  const files = await findFilters(folders);
  return await Promise.all([...files.values()].map(loadFilter));
}

/** The filter of this name, or in this file where it is a path. @throws BailiffError as `loadFilter` */
export async function loadNamedFilter(name: string, folders: readonly string[]): Promise<FilterDefinition> {
  if (name.includes('/') || name.endsWith(extension)) return await loadFilter(name);
  const files = await findFilters(folders);
  const file = files.get(name);
  if (file !== undefined) return await loadFilter(file);
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

function definitionOf(file: FilterFile): FilterDefinition {
  const { name, description, samples } = file;
  const common = { name, description, samples, about: aboutOf(file) };
  if (file.kind === 'json') {
    const rules = file.rules.map(({ kind, value }): JsonRule => {
      const { where, host = null, user = null, session = null, time = null } = value;
      return { kind, where: Object.entries(where).map(testOf), host, user, session, time };
    });
    return { kind: 'json', ...common, rules };
  }
  return {
    kind: 'regex',
    ...common,
    ignoreCase: file.ignorecase,
    prefix: file.prefix ?? null,
    expressions: file.expressions.map(({ kind, value }) => ({ kind, pattern: value })),
    ignore: file.ignore,
  };
}

function aboutOf({ counts, logs, images, setup, jail, modes, overlaps }: FilterFile): FilterAbout {
  const { files = [], journal = [], container = [], inside = [] } = logs ?? {};
  return {
    counts: counts ?? null,
    logs: { files, journal, container, inside },
    images: images ?? [],
    setup: setup ?? null,
    jail: jail ?? {},
    modes: modes ?? [],
    overlaps: overlaps ?? [],
  };
}

function testOf([name, test]: [string, Scalar | Scalar[] | { regex: string }]): FieldTest {
  if (Array.isArray(test)) return { path: name, values: test };
  if (typeof test === 'object' && test !== null) return { path: name, pattern: test.regex };
  return { path: name, values: [test] };
}

/** Of a union's issues the one that went furthest into the file is the one that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const flat = issues.flatMap((issue): z.core.$ZodIssue[] => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const inner = deepest(issue.errors.flat());
    const says = inner.path.length > 0 || inner.code === 'unrecognized_keys';
    return says ? [{ ...inner, path: [...issue.path, ...inner.path] }] : [issue];
  });
  // A key that does not exist explains the one that is missing beside it.
  const depth = (issue: z.core.$ZodIssue): number =>
    issue.path.length + (issue.code === 'unrecognized_keys' ? 1.5 : 0);
  return flat.reduce((best, issue) => (depth(issue) > depth(best) ? issue : best));
}

function messageFor(issue: z.core.$ZodIssue): string {
  const key = issue.path.join('.') || 'the filter';
  if (issue.code === 'unrecognized_keys') return `there is no key "${issue.keys[0] ?? ''}" in ${key}`;
  return `${key}: ${issue.message}`;
}

function whereIs(issue: z.core.$ZodIssue, document: YamlDocument): string {
  const place: KeyPath = issue.path;
  if (issue.code !== 'unrecognized_keys') return document.where(place);
  return document.where([...place, issue.keys[0] ?? ''], 'key');
}

function invalid(message: string, where: string): BailiffError {
  return new BailiffError('filter-invalid', message, { where });
}

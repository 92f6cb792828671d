import type * as z from 'zod';
import { BailiffError } from '../core/errors.ts';
import {
  type FieldTest,
  type FilterAbout,
  type FilterDefinition,
  type JsonRule,
  nameInMode,
  type Scalar,
} from '../core/filter.ts';
import { type FilterFile, filterSchema } from './filter-schema.ts';
import { type KeyPath, readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * Reads the text of one filter file, whatever its modes.
 * @throws BailiffError filter-invalid, with file:line:column of the first thing that is wrong
 */
export function readFilter(text: string, file: string): FilterFile {
  const document = readYaml(text, file);
  const [syntax] = document.errors;
  if (syntax !== undefined) throw invalidFilter(syntax.message, syntax.where ?? file);
  const parsed = filterSchema.safeParse(document.values);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues);
  throw invalidFilter(messageFor(issue), whereIs(issue, document));
}

/** The filter of such a text in a mode. @throws BailiffError filter-invalid, filter-mode */
export function parseFilter(text: string, file: string, mode: string | null = null): FilterDefinition {
  return definitionOf(readFilter(text, file), mode);
}

/**
 * What a filter looks for in one of its modes, with the samples of that mode. Without `mode` it is the first.
 * @throws BailiffError filter-mode
 */
export function definitionOf(file: FilterFile, mode: string | null = null): FilterDefinition {
  const { description } = file;
  const about = aboutOf(file);
  const [usual = null] = about.modes;
  checkMode(file.name, about, mode);
  const wanted = mode ?? usual;
  const samples = file.samples.filter((sample) => (sample.mode ?? usual) === wanted);
  const common = { name: modeName(file.name, about, mode), description, samples, about };
  if (file.kind === 'json') {
    const rules = partsOf(file.rules, wanted).map(({ kind, value }): JsonRule => {
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
    expressions: partsOf(file.expressions, wanted).map(({ kind, value }) => ({ kind, pattern: value })),
    ignore: file.ignore,
  };
}

/** What is told of a filter; the same in all of its modes. */
export function aboutOf({ counts, logs, images, setup, jail, modes, overlaps }: FilterFile): FilterAbout {
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

/** The name of a filter in a mode: it has no other where that is the first one, or none is asked for. */
export function modeName(filter: string, about: FilterAbout | null, mode: string | null): string {
  return mode === null || mode === about?.modes[0] ? filter : nameInMode(filter, mode);
}

/** @throws BailiffError filter-mode, where the filter has no such mode */
export function checkMode(filter: string, about: FilterAbout | null, mode: string | null): void {
  const modes = about?.modes ?? [];
  if (mode === null || modes.includes(mode)) return;
  throw new BailiffError('filter-mode', `the filter ${filter} has no mode "${mode.slice(0, 80)}"`, {
    remedy: modes.length === 0 ? 'It has no modes.' : `Its modes: ${modes.join(', ')}.`,
  });
}

export function invalidFilter(message: string, where: string): BailiffError {
  return new BailiffError('filter-invalid', message, { where });
}

function partsOf<Part extends { readonly modes?: readonly string[] | undefined }>(
  parts: readonly Part[],
  mode: string | null,
): readonly Part[] {
  return parts.filter(({ modes }) => modes === undefined || (mode !== null && modes.includes(mode)));
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

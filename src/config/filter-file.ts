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
  const about = aboutOf(file);
  checkMode(file.name, about, mode);
  const [usual = null] = about.modes;
  const wanted = mode ?? usual;
  const name = modeName(file.name, about, mode);
  return made(file, {
    name,
    part: ({ modes }) => isIn(wanted, modes),
    sample: (sample) => (sample.mode ?? usual) === wanted,
  });
}

/** What a filter looks for in any of its modes, in the order of its file, with all samples: to be looked at, not to be run. */
export function wholeOf(file: FilterFile): FilterDefinition {
  return made(file, { name: file.name, part: () => true, sample: () => true });
}

/** The places in the file of the expressions or rules of a mode. */
export function placesIn(file: FilterFile, mode: string | null): readonly number[] {
  const parts: readonly Moded[] = file.kind === 'json' ? file.rules : file.expressions;
  return parts.flatMap(({ modes }, place) => (isIn(mode ?? file.modes?.[0] ?? null, modes) ? [place] : []));
}

interface Moded {
  readonly modes?: readonly string[] | undefined;
}

interface Choice {
  readonly name: string;
  readonly part: (part: Moded) => boolean;
  readonly sample: (sample: { readonly mode?: string | undefined }) => boolean;
}

function made(file: FilterFile, { name, part, sample }: Choice): FilterDefinition {
  const samples = file.samples.map((each, place) => ({ ...each, number: place + 1 })).filter(sample);
  const common = { name, description: file.description, samples, about: aboutOf(file) };
  if (file.kind === 'json') {
    const rules = file.rules.filter(part).map(({ kind, value }): JsonRule => {
      const { where, host = null, user = null, session = null, time = null } = value;
      return { kind, where: Object.entries(where).map(testOf), host, user, session, time };
    });
    return { kind: 'json', ...common, rules };
  }
  return {
    kind: 'regex',
    ...common,
    ignoreCase: file.ignorecase,
    ...(file['long-lines'] ? { longLines: true } : {}),
    prefix: file.prefix ?? null,
    expressions: file.expressions.filter(part).map(({ kind, value }) => ({ kind, pattern: value })),
    ignore: file.ignore,
  };
}

function isIn(mode: string | null, modes: readonly string[] | undefined): boolean {
  return modes === undefined || (mode !== null && modes.includes(mode));
}

/** What is told of a filter; the same in all of its modes. */
export function aboutOf(file: FilterFile): FilterAbout {
  const { counts, logs, images, setup, forgeable, jail, modes, overlaps } = file;
  const { files = [], journal = [], container = [], inside = [], 'inside-of': insideOf = [] } = logs ?? {};
  return {
    counts: counts ?? null,
    logs: { files, journal, container, inside, insideOf },
    images: images ?? [],
    setup: setup ?? null,
    forgeable: forgeable ?? null,
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

import type * as z from 'zod';
import { BailiffError } from '../core/errors.ts';
import {
  defaultsShape,
  fail2banShape,
  globalShape,
  type JailOptions,
  jailShape,
  type LayerValues,
  layerSchema,
  notifyShape,
  optionEntries,
} from './schema.ts';
import { plain, quote, show } from './show.ts';
import { nearest } from './suggest.ts';
import type { KeyPath } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** Where the thing at a path was written: a place in a file, a variable, a label. */
export type Where = (path: KeyPath, part?: 'key' | 'value') => string;

/** One layer of the configuration: the options it sets, and where each was written. */
export interface Layer {
  readonly values: LayerValues;
  readonly jails: ReadonlyMap<string, JailOptions>;
  readonly where: Where;
  /** Jails of which something was refused: what is missing in them is no second error. */
  readonly broken: ReadonlySet<string>;
}

/**
 * Checks raw values against the schema. What is refused is reported and left out, so that the rest
 * can still be checked and every error is told at once. `raw` is changed.
 */
export function readLayer(raw: unknown, where: Where): { layer: Layer; errors: BailiffError[] } {
  const issues = layerSchema.safeParse(raw).error?.issues ?? [];
  const errors = issues.flatMap((issue) => describeIssue(issue, raw, where));
  const broken = new Set(issues.flatMap(({ path }) => (path[0] === 'jails' ? [String(path[1])] : [])));
  for (const issue of issues) leaveOut(issue, raw);
  const values = layerSchema.safeParse(raw).data ?? {};
  return { layer: { values, jails: new Map(Object.entries(values.jails ?? {})), where, broken }, errors };
}

function describeIssue(issue: Issue, raw: unknown, where: Where): BailiffError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...issue.path, key], where));
  }
  if (issue.code === 'invalid_key') return [badName(issue.path, where)];
  const expected = issue.code === 'custom' ? issue.message : 'a map of keys and values';
  const params = issue.code === 'custom' ? issue.params : undefined;
  const found = params !== undefined && 'found' in params ? params['found'] : valueAt(raw, issue.path);
  const shown = isSecret(issue.path) ? 'something else, which is not shown' : show(found);
  const message = `${keyText(issue.path)}: expected ${expected}; found ${shown}`;
  return [new BailiffError('config-invalid', message, { where: where(issue.path) })];
}

function isSecret([first, , own]: KeyPath): boolean {
  const shape = first === 'notify' ? notifyShape : globalShape;
  const key = first === 'notify' ? own : first;
  const [, option] = Object.entries(shape).find(([name]) => name === key) ?? [];
  return option !== undefined && optionEntries.get(option.def.innerType)?.secret === true;
}

function badName(path: KeyPath, where: Where): BailiffError {
  return new BailiffError(
    'config-invalid',
    `${quote(String(path.at(-1)))} cannot name a ${path[0] === 'notify' ? 'notifier' : 'jail'}: expected at most 64 letters, digits, dots, dashes and underscores`,
    { where: where(path, 'key') },
  );
}

function unknownKey(path: KeyPath, where: Where): BailiffError {
  const keys = keysAt(path.slice(0, -1));
  const near = nearest(String(path.at(-1)), keys);
  return new BailiffError('config-unknown-key', `unknown key ${quote(keyText(path))}`, {
    where: where(path, 'key'),
    remedy: near === null ? `Known here: ${keys.join(', ')}.` : `Did you mean "${near}"?`,
  });
}

/** The keys that exist in the map at a path. */
function keysAt(path: KeyPath): readonly string[] {
  if (path[0] === 'defaults') return Object.keys(defaultsShape);
  if (path[0] === 'jails') return Object.keys(jailShape);
  if (path[0] === 'fail2ban') return Object.keys(fail2banShape);
  if (path[0] === 'notify') return Object.keys(notifyShape);
  return ['defaults', 'fail2ban', 'jails', 'notify', ...Object.keys(globalShape)];
}

/** `jails.sshd.ignoreip[1]`; the whole document is `configuration`. */
export function keyText(path: KeyPath): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${plain(String(key))}`)).join('');
  return text === '' ? 'configuration' : text.replace(/^\./, '');
}

function leaveOut(issue: Issue, raw: unknown): void {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  if (keys.length > 0) {
    for (const key of keys) remove(raw, [...issue.path, key]);
  } else {
    // An option goes as a whole: half a list is not what was meant.
    remove(raw, typeof issue.path.at(-1) === 'number' ? issue.path.slice(0, -1) : issue.path);
  }
}

function remove(raw: unknown, path: KeyPath): void {
  const parent = valueAt(raw, path.slice(0, -1));
  const key = path.at(-1);
  if (isMap(parent) && key !== undefined) delete parent[String(key)];
}

function valueAt(raw: unknown, path: KeyPath): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

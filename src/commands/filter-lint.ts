import path from 'node:path';
import { filterFile, findFilters, loadFilterFile, shippedFilters } from '../config/filters.ts';
import { BailiffError } from '../core/errors.ts';
import { type Finding, findingsIn, shippedFindings } from './lint-findings.ts';
import { jsonText } from './printable.ts';

export interface LintOptions {
  /** Filters' names and files; none: all there are. */
  readonly names: readonly string[];
  /** Folders of filter files; one in a later folder replaces its namesake. */
  readonly folders: readonly string[];
  readonly json: boolean;
  /** Takes one line without its newline. */
  readonly print: (line: string) => void;
}

interface Linted {
  readonly file: string;
  readonly findings: readonly Finding[];
}

/**
 * `bailiff filter lint [NAME|FILE…]`. Returns the exit code: 1 where something should be otherwise.
 * @throws BailiffError filter-not-found, config-unreadable
 */
export async function lintFilters({ names, folders, json, print }: LintOptions): Promise<0 | 1> {
  const shipped = new Set((await findFilters([shippedFilters])).keys());
  const linted = (await filesOf(names, folders)).map((file): Linted => lint(file, shipped));
  const ok = linted.every(({ findings }) => findings.length === 0);
  if (json) print(jsonText({ ok, filters: linted }));
  else for (const line of report(linted)) print(line);
  return ok ? 0 : 1;
}

async function filesOf(names: readonly string[], folders: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [...(await findFilters(folders)).values()];
  return await Promise.all(names.map((name) => filterFile(name, folders)));
}

function lint(file: string, shipped: ReadonlySet<string>): Linted {
  try {
    const filter = loadFilterFile(file);
    const isShipped = path.dirname(path.resolve(file)) === shippedFilters;
    return {
      file,
      findings: [...findingsIn(filter), ...(isShipped ? shippedFindings(filter, shipped) : [])],
    };
  } catch (error) {
    if (!(error instanceof BailiffError) || error.code !== 'filter-invalid') throw error;
    return {
      file,
      findings: [{ where: error.where?.replace(`${file}:`, '') ?? '', message: error.message }],
    };
  }
}

function* report(linted: readonly Linted[]): Generator<string> {
  for (const { file, findings } of linted)
    for (const { where, message } of findings) yield `${file}: ${where}: ${message}`;
  const found = linted.reduce((sum, { findings }) => sum + findings.length, 0);
  const filters = linted.length === 1 ? '1 filter' : `${linted.length} filters`;
  yield found === 0 ? `${filters}, nothing to find fault with` : `${filters}, findings: ${found}`;
}

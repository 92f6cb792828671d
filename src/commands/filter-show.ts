import { describeAbout } from '../config/filter-about.ts';
import { loadNamedFilter } from '../config/filters.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { compileFilter } from '../scan/filters/compile.ts';
import { checkSamples } from '../scan/samples.ts';
import type { FilterOptions } from './filter.ts';
import { jsonText } from './printable.ts';

export interface FilterShowOptions extends FilterOptions {
  /** A filter's name, perhaps with a mode (`sshd[mode=aggressive]`), or the path of a filter file. */
  readonly name: string;
}

/** `bailiff filter show NAME`. @throws BailiffError filter-not-found, filter-invalid, filter-mode */
export async function showFilter({ name, folders, json, print }: FilterShowOptions): Promise<void> {
  const filter = await loadNamedFilter(name, folders);
  if (json) print(jsonText(filter));
  else for (const line of describe(filter)) print(line);
}

function* describe(filter: FilterDefinition): Generator<string> {
  yield `${filter.name}: ${filter.description}`;
  const about = filter.about === undefined ? [] : describeAbout(filter.about);
  for (const [title, text] of about) yield `  ${title.padEnd(widest(about))}  ${text}`;
  const { literals } = compileFilter(filter);
  yield `searched for: ${literals === null ? 'nothing, every line is judged' : literals.map((text) => JSON.stringify(text)).join(' ')}`;
  yield* parts(filter);
  const wrong = checkSamples(filter);
  yield `${filter.samples.length} samples${wrong.length === 0 ? ', all as they say' : ''}`;
  for (const error of wrong) yield* error.describe().split('\n');
}

function* parts(filter: FilterDefinition): Generator<string> {
  if (filter.kind === 'fail2ban') {
    for (const { where, source } of filter.expressions) yield `${where} ${source}`;
  } else if (filter.kind === 'regex') {
    if (filter.prefix !== null) yield `prefix  ${filter.prefix}`;
    for (const { kind, pattern } of filter.expressions) yield `${kind.padEnd(7)} ${pattern}`;
    for (const pattern of filter.ignore) yield `ignore  ${pattern}`;
  } else {
    for (const { kind, where } of filter.rules) yield `${kind.padEnd(7)} ${JSON.stringify(where)}`;
  }
}

function widest(rows: readonly (readonly [string, string])[]): number {
  return Math.max(...rows.map(([title]) => title.length));
}

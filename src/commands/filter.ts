import { createReadStream, statSync } from 'node:fs';
import { ConfigurationErrors } from '../config/errors.ts';
import { loadNamedFilter } from '../config/filters.ts';
import { BailiffError } from '../core/errors.ts';
import { type FilterDefinition, nameInMode } from '../core/filter.ts';
import {
  dateReport,
  type ExpressionLabels,
  expressionReport,
  fail2banLabels,
  labelsOf,
} from './filter-report.ts';
import { FilterTally } from './filter-tally.ts';
import { FilterTrial, type TrialLine } from './filter-trial.ts';
import { jsonText } from './printable.ts';
import { asJson } from './trial-json.ts';
import { LinePrinter, type WantedLines } from './trial-lines.ts';

/** Where a command writes: one line at a time, without its newline. */
export type Print = (line: string) => void;

/** What commands about filters have in common. */
export interface FilterOptions {
  /** Folders of filter files; one in a later folder replaces its namesake. */
  readonly folders: readonly string[];
  readonly json: boolean;
  readonly print: Print;
}

export interface FilterTestOptions extends FilterOptions {
  /** A filter's name, or the path of a filter file. */
  readonly name: string;
  /** A log file, or `-` for standard input. */
  readonly file: string;
  /** `key=value`, the filter's parameters; ours have `mode`. */
  readonly set?: readonly string[];
  /** A configuration directory of fail2ban's, whose filter it is; as there, `NAME[option=value]` gives it options. */
  readonly fail2ban?: string | undefined;
  /** Lines come without a time, as from the journal. */
  readonly journal?: boolean | undefined;
  /** ISO 8601: what is taken for the present. */
  readonly now?: string | undefined;
  /** Zone of dates that name none. */
  readonly timeZone?: string | undefined;
  /** Lines that are printed before the summary; none where absent. */
  readonly lines?: WantedLines | undefined;
  readonly input?: AsyncIterable<Buffer>;
  /** Where is written what people should know beside the result. */
  readonly warn: Print;
}

interface Tried {
  readonly definition: FilterDefinition;
  readonly labels: ExpressionLabels;
}

/** `bailiff filter test NAME FILE|-`. @throws BailiffError usage, filter-not-found, filter-invalid */
export async function testFilter(options: FilterTestOptions): Promise<void> {
  const { json, timeZone, journal = false, file, warn } = options;
  if (json && options.lines !== undefined)
    throw new BailiffError('usage', 'with --json every line is printed: leave out the other', {
      where: '--print-…',
    });
  const tried = await filterFor(options);
  const now = options.now === undefined ? null : readNow(options.now);
  checkZone(timeZone);
  const undated = file === '-' ? null : changedAt(file);
  const wanted = { dates: !json, evidence: json };
  const trial = new FilterTrial(tried.definition, { timeZone, journal, now, undated, ...wanted, warn });
  if (json) await printJsonLines(trial, options);
  else await printSummary(trial, tried, options);
}

async function filterFor(options: FilterTestOptions): Promise<Tried> {
  const { name, folders, set = [] } = options;
  if (options.fail2ban !== undefined) return fail2banFilterFor(options.fail2ban, options);
  const mode = modeOf(set);
  const named = mode === null ? name : nameInMode(name, mode);
  const definition = await loadNamedFilter(named, folders);
  return { definition, labels: labelsOf(definition) };
}

async function fail2banFilterFor(
  folder: string,
  { name, set = [], journal, warn }: FilterTestOptions,
): Promise<Tried> {
  const { compileFail2banFilter } = await import('../config/fail2ban/compile.ts');
  const { readFail2banFilter } = await import('../config/fail2ban/read.ts');
  const given = set.map((each) => `[${each}]`).join('');
  const read = readFail2banFilter(folder, name + given, journal ? 'systemd' : 'auto');
  if (read.filter === null) throw new ConfigurationErrors(read.problems);
  for (const problem of read.problems) warn(problem.describe());
  for (const { at, text } of read.remarks) warn(`${at.file}:${at.line}: ${text}`);
  const definition = compileFail2banFilter(read.filter);
  const { failRegex, ignoreRegex } = read.filter;
  return { definition, labels: fail2banLabels(definition, failRegex, ignoreRegex) };
}

async function printJsonLines(trial: FilterTrial, options: FilterTestOptions): Promise<void> {
  const print = (line: TrialLine): void => options.print(jsonText(asJson(line)));
  for await (const chunk of chunksOf(options)) trial.eachLine(chunk, print);
  trial.finish(print);
}

async function printSummary(
  trial: FilterTrial,
  { definition, labels }: Tried,
  options: FilterTestOptions,
): Promise<void> {
  const { print, lines: wanted } = options;
  const startedAt = performance.now();
  const tally = new FilterTally(definition);
  const printer = wanted === undefined ? null : new LinePrinter(wanted, print);
  const line = (each: TrialLine): void => {
    if (each.match !== null) tally.add(each.match);
    printer?.take(each);
  };
  for await (const chunk of chunksOf(options)) {
    if (printer === null) trial.chunk(chunk, (match) => tally.add(match));
    else trial.eachLine(chunk, line);
  }
  trial.finish(line);
  const seconds = Math.max((performance.now() - startedAt) / 1_000, 1e-6);
  printer?.finish();
  for (const each of summary(trial, tally, seconds)) print(each);
  for (const each of expressionReport(tally, labels)) print(each);
  if (options.journal !== true) for (const each of dateReport(trial.dates)) print(each);
}

function* summary({ lines, bytes }: FilterTrial, tally: FilterTally, seconds: number): Generator<string> {
  const { hit, nofail, ignored } = tally.results;
  yield `${lines} lines, ${bytes} bytes`;
  yield `  hit      ${hit}${hit === 0 ? '' : ` (${tally.addresses} addresses)`}`;
  yield `  nofail   ${nofail}`;
  yield `  ignored  ${ignored}`;
  yield `  miss     ${lines - hit - nofail - ignored}`;
  yield `${Math.round(lines / seconds)} lines/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
}

async function* chunksOf({ file, input }: FilterTestOptions): AsyncGenerator<Buffer> {
  const source =
    file === '-' ? (input ?? process.stdin) : createReadStream(file, { highWaterMark: 1024 * 1024 });
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** The log's own time of change, in seconds: no line in it is younger. @throws BailiffError usage */
function changedAt(file: string): number {
  try {
    return statSync(file).mtimeMs / 1_000;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): BailiffError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new BailiffError('usage', `the log cannot be read (${code})`, { where: file, cause });
}

/** The mode that `--set mode=…` chooses: our filters have no other parameter. @throws BailiffError usage */
function modeOf(set: readonly string[]): string | null {
  const given = set.map((each) => /^([^=]*)=?(.*)$/s.exec(each) ?? []);
  const other = given.find(([, key]) => key !== 'mode');
  if (other === undefined) return given.at(-1)?.[2] ?? null;
  throw new BailiffError('usage', `a filter has no parameter "${other[1]?.slice(0, 40)}", only mode`, {
    where: '--set',
  });
}

function readNow(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms / 1_000;
  throw new BailiffError('usage', `"${text.slice(0, 40)}" is not a time`, {
    remedy: 'Write ISO 8601, such as 2026-11-22T16:02:01Z.',
  });
}

function checkZone(timeZone: string | undefined): void {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
  } catch (cause) {
    throw new BailiffError('usage', `"${String(timeZone).slice(0, 40)}" is not a time zone`, {
      remedy: 'Write an IANA name, such as Europe/Berlin.',
      cause,
    });
  }
}

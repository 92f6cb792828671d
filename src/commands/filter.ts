import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConfigurationErrors } from '../config/errors.ts';
import { loadNamedFilter } from '../config/filters.ts';
import { BailiffError } from '../core/errors.ts';
import { type FilterDefinition, nameInMode } from '../core/filter.ts';
import { Decisions } from './decisions.ts';
import { FilterJudge, type JudgeOptions } from './filter-judge.ts';
import {
  dateReport,
  type ExpressionLabels,
  expressionReport,
  fail2banLabels,
  labelsOf,
} from './filter-report.ts';
import { FilterTally } from './filter-tally.ts';
import { FilterTrial, type TrialLine } from './filter-trial.ts';
import { changedAt, readLog } from './log-reader.ts';
import { jsonText } from './printable.ts';
import { Summarizer, type Summary, SummaryThread } from './summary.ts';
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
  const { json, timeZone, journal = false, file } = options;
  if (json && options.lines !== undefined)
    throw new BailiffError('usage', 'with --json every line is printed: leave out the other', {
      where: '--print-…',
    });
  const thread = json || options.lines !== undefined || file === '-' ? null : new SummaryThread();
  const tried = await filterFor(options);
  const now = options.now === undefined ? null : readNow(options.now);
  checkZone(timeZone);
  const undated = file === '-' ? null : changedAt(file);
  const wanted = { dates: !json, evidence: json };
  const judging = { timeZone, journal, now, undated, ...wanted };
  if (json) await printJsonLines(tried, judging, options);
  else if (options.lines !== undefined) await printLines(tried, judging, options.lines, options);
  else await printSummary(tried, judging, thread, options);
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

async function printJsonLines(
  { definition }: Tried,
  judging: JudgeOptions,
  options: FilterTestOptions,
): Promise<void> {
  const trial = new FilterTrial(new FilterJudge(definition, judging, options.warn), definition);
  const print = (line: TrialLine): void => options.print(jsonText(asJson(line)));
  for await (const chunk of chunksOf(options)) trial.chunk(chunk, print);
  trial.finish(print);
}

/** The lines that are wanted, and a summary. */
async function printLines(
  tried: Tried,
  judging: JudgeOptions,
  wanted: WantedLines,
  options: FilterTestOptions,
): Promise<void> {
  const startedAt = performance.now();
  const { definition } = tried;
  const judge = new FilterJudge(definition, judging, options.warn);
  const trial = new FilterTrial(judge, definition);
  const tally = new FilterTally(definition);
  const decisions = new Decisions();
  const printer = new LinePrinter(wanted, options.print);
  const take = (line: TrialLine): void => {
    printer.take(line);
    if (line.match === null) return;
    decisions.add(line.match.judgement);
    if (line.match.result !== 'ignored') tally.add(line.match.attempt);
  };
  for await (const chunk of chunksOf(options)) trial.chunk(chunk, take);
  trial.finish(take);
  printer.finish();
  const { lines, bytes, dates } = judge;
  report({ judging: { lines, bytes, dates, decisions }, tally }, secondsSince(startedAt), tried, options);
}

async function printSummary(
  tried: Tried,
  judging: JudgeOptions,
  thread: SummaryThread | null,
  options: FilterTestOptions,
): Promise<void> {
  const startedAt = performance.now();
  const summarizer = new Summarizer(tried.definition, judging, options.warn);
  const summary =
    thread === null ? summarizer.chunks(chunksOf(options)) : summarizer.file(options.file, thread);
  report(await summary, secondsSince(startedAt), tried, options);
}

const secondsSince = (startedAt: number): number => Math.max((performance.now() - startedAt) / 1_000, 1e-6);

function report(
  summary: Summary,
  seconds: number,
  { labels }: Tried,
  { print, journal }: FilterTestOptions,
): void {
  const { decisions, dates } = summary.judging;
  for (const each of counts(summary, seconds)) print(each);
  for (const each of expressionReport(decisions, labels)) print(each);
  if (journal !== true) for (const each of dateReport(dates)) print(each);
}

function* counts({ judging, tally }: Summary, seconds: number): Generator<string> {
  const { lines, bytes, decisions } = judging;
  const { hits, others, addresses } = tally;
  const ignored = decisions.ignored.reduce((sum, count) => sum + count, 0);
  yield `${lines} lines, ${bytes} bytes`;
  yield `  hit      ${hits}${hits === 0 ? '' : ` (${addresses} addresses)`}`;
  yield `  nofail   ${others}`;
  yield `  ignored  ${ignored}`;
  yield `  miss     ${lines - hits - others - ignored}`;
  yield `${Math.round(lines / seconds)} lines/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
}

async function* chunksOf({ file, input }: FilterTestOptions): AsyncGenerator<Buffer> {
  if (file === '-') yield* input ?? process.stdin;
  else
    for (const chunk of readLog(file)) {
      yield chunk;
      // Such as the news that nobody reads what is printed.
      await nextTurn();
    }
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

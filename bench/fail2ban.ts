/**
 * How many times as fast Bailiff is as fail2ban-regex with the filters that fail2ban comes with, on the same files in the
 * same run, in turns. Once without the start of the process: what a worker of the daemon does with the file (judging.ts),
 * and what fail2ban-regex says that it took; once as whole processes. Both must find the same number of failures.
 * `node bench/fail2ban.ts FILTER…` compares these alone, and writes no results.
 */
import { execa } from 'execa';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { fail2banLogs, type LogLines, writeLog } from './logs.ts';
import { report } from './report.ts';

const runs = 3;
const shares = [0.3, 0.01];
const lines = 400_000;
const chosen = process.argv.slice(2);

const bailiff = new URL('../bin/bailiff', import.meta.url).pathname;
const judging = new URL('judging.ts', import.meta.url).pathname;
const configuration = '/etc/fail2ban';

/** Of one run, in seconds. */
interface Run {
  readonly whole: number;
  readonly judging: number;
  readonly hits: number;
}

async function timed(program: string, args: readonly string[]): Promise<{ seconds: number; output: string }> {
  const started = performance.now();
  const { stdout } = await execa(program, args, { stdin: 'ignore' });
  return { seconds: (performance.now() - started) / 1_000, output: stdout };
}

async function ours(file: string, filter: string): Promise<Run> {
  const command = ['filter', 'test', filter, file, '--fail2ban', configuration, '--tz', 'UTC'];
  const { seconds, output } = await timed(bailiff, command);
  const alone = await timed(process.execPath, [judging, configuration, filter, file]);
  return {
    whole: seconds,
    judging: numberIn(alone.output, /^(.+) s$/m),
    hits: numberIn(output, /^ *hit +(\d+)/m),
  };
}

async function theirs(file: string, filter: string): Promise<Run> {
  const { seconds, output } = await timed('fail2ban-regex', [file, filter]);
  return {
    whole: seconds,
    judging: numberIn(output, /\[processed in ([\d.]+) sec\]/),
    hits: numberIn(output, / (\d+) matched/),
  };
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`nothing like ${pattern.source} was printed`);
  return Number(found);
}

async function compare(kind: LogLines, share: number, file: string): Promise<string[]> {
  const filter = kind.fail2ban ?? '';
  await writeLog(file, kind, { lines, share, until: new Date() });
  const both: { ours: Run; theirs: Run }[] = [];
  for (let count = 0; count < runs; count++)
    both.push({ ours: await ours(file, filter), theirs: await theirs(file, filter) });
  for (const each of both)
    if (each.ours.hits !== each.theirs.hits)
      throw new Error(`${filter}: ${each.ours.hits} failures, and ${each.theirs.hits} of fail2ban's`);
  const cells = (measure: 'whole' | 'judging'): string[] => {
    const own = lines / median(both.map((each) => each.ours[measure]));
    const other = lines / median(both.map((each) => each.theirs[measure]));
    return [thousands(own), thousands(other), `${(own / other).toFixed(1)}x`];
  };
  return [filter, `${share * 100} %`, ...cells('judging'), ...cells('whole')];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const thousands = (rate: number): string => `${(rate / 1_000).toFixed(0)} k`;

const workplace = await Workplace.open();
try {
  const rows: string[][] = [];
  const kinds = fail2banLogs.filter(({ fail2ban }) => chosen.length === 0 || chosen.includes(fail2ban ?? ''));
  for (const kind of kinds) {
    for (const share of shares) {
      rows.push(await compare(kind, share, workplace.path('log')));
      process.stdout.write(`${rows.at(-1)?.join(' | ')}\n`);
    }
  }
  if (chosen.length === 0)
    await report(
      'fail2ban',
      `Lines a second with fail2ban's own filters, medians of ${runs}, on the same files of ${lines.toLocaleString('en-US')} lines; judging is what a worker of the daemon does, and what fail2ban-regex says that it took`,
      [
        'filter',
        'failures',
        'bailiff, judging',
        'fail2ban-regex',
        'ratio',
        'bailiff, process',
        'fail2ban-regex',
        'ratio',
      ],
      rows,
    );
} finally {
  await workplace.close();
}

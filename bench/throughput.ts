/**
 * How many lines a second Bailiff judges, beside others in the same run: `bailiff filter test`, which reads, searches,
 * dates and judges as the daemon does, fail2ban-regex, sshguard's parser, and `grep -c` as the limit. Whole processes on
 * one file; each is given as many lines as it needs some seconds for, and the median of five runs counts.
 */
import { statSync } from 'node:fs';
import { execa } from 'execa';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { type LogKind, logKinds, writeLog } from './logs.ts';
import { report } from './report.ts';

const runs = 5;
const shares = [0.3, 0.01];
const many = 2_000_000;
const few = 50_000;

const bailiff = new URL('../bin/bailiff', import.meta.url).pathname;

/** A shipped filter by its name, one of ours by its path. */
const filterFile = (name: string): string =>
  name.startsWith('bench-') ? new URL(`filters/${name}.yaml`, import.meta.url).pathname : name;

interface Contender {
  readonly name: string;
  readonly lines: number;
  readonly command: (file: string, kind: LogKind) => readonly [string, ...string[]] | null;
}

const contenders: readonly Contender[] = [
  {
    name: 'bailiff',
    lines: many,
    command: (file, { filter }) => [bailiff, 'filter', 'test', filterFile(filter), file, '--tz', 'UTC'],
  },
  {
    name: 'fail2ban-regex',
    lines: few,
    command: (file, { fail2ban }) => (fail2ban === null ? null : ['fail2ban-regex', file, fail2ban]),
  },
  {
    name: 'sshg-parser',
    lines: many,
    command: (file, { name }) =>
      name === 'sshd' ? ['sh', '-c', '/usr/libexec/sshguard/sshg-parser <"$0" >/dev/null', file] : null,
  },
  { name: 'grep -c', lines: many, command: (file) => ['grep', '-c', 'Failed password', file] },
];

/** Lines a second; the median. */
async function measure({ command, lines }: Contender, file: string, kind: LogKind): Promise<number | null> {
  const [program, ...args] = command(file, kind) ?? [];
  if (program === undefined) return null;
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    // Piped: with nobody to read it grep stops at the first line. It finds nothing in some of them.
    await execa(program, args, { stdin: 'ignore', stdout: 'pipe', reject: program !== 'grep' });
    seconds.push((performance.now() - started) / 1_000);
  }
  seconds.sort((a, b) => a - b);
  return lines / (seconds[Math.floor(runs / 2)] ?? 1);
}

const workplace = await Workplace.open();
try {
  const rows: string[][] = [];
  for (const kind of logKinds) {
    for (const share of shares) {
      const file = (lines: number) => workplace.path(`log-${lines}`);
      for (const lines of [many, few]) await writeLog(file(lines), kind, { lines, share, until: new Date() });
      const rates = new Map<string, number | null>();
      for (const contender of contenders)
        rates.set(contender.name, await measure(contender, file(contender.lines), kind));
      const own = rates.get('bailiff') ?? 0;
      const ratio = (name: string): string => {
        const rate = rates.get(name) ?? null;
        return rate === null
          ? ''
          : `${(rate / 1_000).toFixed(0)} k (${(own / rate).toFixed(own < rate ? 2 : 1)}x)`;
      };
      rows.push([
        kind.name,
        `${share * 100} %`,
        `${(own / 1_000).toFixed(0)} k`,
        `${((own * statSync(file(many)).size) / many / 1e6).toFixed(0)} MB/s`,
        ...contenders.slice(1).map(({ name }) => ratio(name)),
      ]);
      process.stdout.write(`${rows.at(-1)?.join(' | ')}\n`);
    }
  }
  const head = [
    'log',
    'failures',
    'bailiff, lines/s',
    'bytes',
    ...contenders.slice(1).map(({ name }) => name),
  ];
  await report(
    'throughput',
    `Lines a second of whole processes, medians of ${runs}; in brackets how many times as fast Bailiff is`,
    head,
    rows,
  );
} finally {
  await workplace.close();
}

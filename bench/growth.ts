/**
 * How cost grows with lines, with filters on one log, and with addresses that are tracked: CPU time of the daemon's
 * own scan and windows, in this process. Each is measured several times in turn, and the least counts: what else
 * a machine does only adds to it.
 */
import { readFileSync } from 'node:fs';
import { loadFilters, shippedFilters } from '../src/config/filters.ts';
import type { FilterDefinition } from '../src/core/filter.ts';
import { Windows } from '../src/core/window.ts';
import { compileFilter } from '../src/scan/filters/compile.ts';
import { chunkSize } from '../src/scan/open-file.ts';
import { Scan } from '../src/scan/scan.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { logKinds, writeLog } from './logs.ts';
import { report } from './report.ts';

const rounds = 5;
const lines = 500_000;

/** Seconds of this process. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The least of each, measured in turn. */
function leastOf(works: ReadonlyMap<string, () => void>): Map<string, number> {
  const least = new Map<string, number>();
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of works)
      least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, cpuOf(work)));
  return least;
}

/** A filter like those of other services, of which nothing stands in the log. */
const idleFilter = (index: number): FilterDefinition => ({
  kind: 'regex',
  name: `service-${index}`,
  description: 'a service that is quiet',
  ignoreCase: false,
  prefix: null,
  expressions: [
    { kind: 'hit', pattern: `^ \\S+ service${index}\\[\\d+\\]: login of \\S+ failed: <HOST>$` },
    { kind: 'hit', pattern: `^ \\S+ service${index}\\[\\d+\\]: unknown user from <HOST>$` },
  ],
  ignore: [],
  samples: [],
});

function judge(log: Buffer, filters: readonly FilterDefinition[]): void {
  const scan = new Scan(filters.map(compileFilter), { timeZone: 'UTC' });
  const now = Date.now() / 1_000;
  for (let start = 0; start < log.length; ) {
    const end = log.lastIndexOf(0x0a, Math.min(log.length, start + chunkSize) - 1) + 1;
    scan.block(log.subarray(start, end), { now, transport: null, undated: now }, () => undefined);
    start = end;
  }
}

function track(addresses: number): void {
  const windows = new Windows({ maxretry: 5, findtime: 600, maxTracked: 2_000_000 });
  const now = Date.now() / 1_000;
  // As many hits, whatever the number of addresses.
  for (let hit = 0; hit < 1_000_000; hit++) {
    const of = (hit * 7_919) % addresses;
    windows.add(`10.${of >> 16}.${(of >> 8) & 255}.${of & 255}`, now + hit / 10_000, 1);
  }
}

const rate = (seconds: number, count: number): string => `${Math.round(count / seconds / 1_000)} k/s`;
const times = (seconds: number, first: number): string => `${(seconds / first).toFixed(2)}x`;

const workplace = await Workplace.open();
try {
  const shipped = await loadFilters([shippedFilters]);
  const sshd = shipped.filter(({ name }) => name === 'sshd');
  const [kind] = logKinds;
  if (kind === undefined) throw new Error('there is no log to measure with');
  const logs = new Map<number, Buffer>();
  for (const share of [0.3, 0.01]) {
    await writeLog(workplace.path('log'), kind, { lines, share, until: new Date() });
    logs.set(share, readFileSync(workplace.path('log')));
  }
  const rows: string[][] = [];

  for (const [share, log] of logs) {
    const counts = [1, 10, 30, 50, 100];
    const filters = (count: number) => [
      ...sshd,
      ...Array.from({ length: count - 1 }, (_, index) => idleFilter(index)),
    ];
    const cost = leastOf(new Map(counts.map((count) => [`${count}`, () => judge(log, filters(count))])));
    for (const count of counts) {
      const [seconds = 0, ten = 0] = [cost.get(`${count}`), cost.get('10')];
      rows.push([
        `${share * 100} % failures`,
        `${count} filters on one log`,
        `${rate(seconds, lines)}`,
        `${times(seconds, ten)} of 10`,
      ]);
    }
  }

  const log = logs.get(0.3) ?? Buffer.alloc(0);
  const part = (share: number) => log.subarray(0, log.indexOf(0x0a, Math.floor(log.length * share) - 2) + 1);
  const byLines = leastOf(
    new Map([0.01, 0.1, 1].map((share) => [`${share}`, () => judge(part(share), sshd)])),
  );
  for (const [share, seconds] of byLines)
    rows.push([
      'lines',
      `${(lines * Number(share)).toLocaleString('en')}`,
      rate(seconds, lines * Number(share)),
      '',
    ]);

  const byAddresses = leastOf(
    new Map([1_000, 100_000, 1_000_000].map((count) => [`${count}`, () => track(count)])),
  );
  for (const [count, seconds] of byAddresses)
    rows.push([
      'tracked addresses',
      Number(count).toLocaleString('en'),
      rate(seconds, 1e6),
      times(seconds, byAddresses.get('1000') ?? 0),
    ]);

  for (const row of rows) process.stdout.write(`${row.join(' | ')}\n`);
  await report(
    'growth',
    `What a core does in a second; CPU time, the least of ${rounds}`,
    ['', 'of', 'lines or hits', 'cost'],
    rows,
  );
} finally {
  await workplace.close();
}

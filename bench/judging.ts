/**
 * `node bench/judging.ts DIRECTORY FILTER FILE`: judges a log with a filter of fail2ban's as a worker of the daemon does, up
 * to the batches that it posts, and prints how many seconds that took. It is done again and again, and the median of the last
 * three times counts: a daemon runs for months, and V8 compiles what it runs in its first seconds.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { compileFail2banFilter } from '../src/config/fail2ban/compile.ts';
import { readFail2banFilter } from '../src/config/fail2ban/read.ts';
import { compileFilter } from '../src/scan/filters/compile.ts';
import type { Filter } from '../src/scan/filters/filter.ts';
import { LineCarry } from '../src/scan/line-carry.ts';
import { BatchMaker } from '../src/scan/output.ts';
import { Scan } from '../src/scan/scan.ts';

const [directory = '', name = '', path = ''] = process.argv.slice(2);
/** Used again and again, as there (src/scan/place.ts). */
const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

/** Returns seconds. */
function judge(filter: Filter): number {
  const scan = new Scan([filter], { timeZone: 'UTC', evidence: 0 });
  const batches = new BatchMaker('file:log', 0, scan);
  const carry = new LineCarry();
  const file = openSync(path, 'r');
  const started = performance.now();
  for (;;) {
    const length = readSync(file, buffer);
    if (length === 0) break;
    const block = carry.push(buffer.subarray(0, length));
    const now = Date.now() / 1_000;
    if (block !== null)
      scan.block(block, { now, transport: null, undated: now, backlog: true }, batches.found);
    batches.take('', length, now * 1_000, 0);
  }
  closeSync(file);
  return (performance.now() - started) / 1_000;
}

const { filter } = readFail2banFilter(directory, name);
if (filter === null) throw new Error(`${directory} has no filter ${name}`);
const compiled = compileFilter(compileFail2banFilter(filter));
for (let warming = 0; warming < 4; warming++) judge(compiled);
const [, median] = [judge(compiled), judge(compiled), judge(compiled)].sort((a, b) => a - b);
process.stdout.write(`${median} s\n`);

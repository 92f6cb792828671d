/**
 * Adds up what `tally.ts` wrote and prints the last lines of `npm test`: every test that did not run
 * or failed, by name, then one line with the counts. Exits 1 where a test failed, and under CI=true
 * also where one did not run.
 */
import { readFileSync } from 'node:fs';
import type { Outcome } from './tally.ts';

const path = process.env['BAILIFF_TALLY'] ?? '';
const outcomes = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Outcome);

const of = (kind: Outcome['outcome']) => outcomes.filter(({ outcome }) => outcome === kind);
const passed = of('passed').length;
const failed = of('failed');
const skipped = of('skipped');
const forbidden = process.env['CI'] === 'true' ? skipped : [];

for (const { name, file, reason } of skipped) {
  print(`did not run: ${file ?? ''} ${name}${reason === undefined ? '' : `: ${reason}`}`);
}
for (const { name, file } of failed) print(`failed: ${file ?? ''} ${name}`);
if (forbidden.length > 0) print('CI=true: a test that did not run counts as failed');
print(`${passed} passed, ${failed.length + forbidden.length} failed`);
process.exitCode = failed.length + forbidden.length > 0 || passed === 0 ? 1 : 0;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

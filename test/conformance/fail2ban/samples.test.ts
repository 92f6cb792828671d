import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import { testFilter } from '../../../src/commands/filter.ts';
import { canonicalAddress } from '../../../src/core/address.ts';
import { Zone } from '../../../src/scan/filters/zone.ts';
import { stock } from '../folders.ts';
import { type SampleLine, type SampleRun, sampleLogs, sampleRuns, testFolder } from './samples.ts';

const now = '2005-08-14T10:00:00Z';
const zoneName = 'Europe/Zurich';
const bailiff = path.resolve(import.meta.dirname, '../../../bin/bailiff');
const zone = new Zone(zoneName);

/** Filters of its tests' own refer to the others as they lie in its sources. */
const sources = mkdtempSync(path.join(tmpdir(), 'bailiff-fail2ban-'));
const ownFilters = path.join(sources, 'usr/lib/python3/fail2ban/tests/config');
cpSync(path.join(testFolder, 'config'), ownFilters, { recursive: true });
cpSync(stock, path.join(sources, 'config'), { recursive: true });
after(() => rmSync(sources, { recursive: true }));

interface Result {
  readonly result: string;
  readonly host: string | null;
  readonly time: number | null;
  readonly attempts: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const settings = ({ options }: SampleRun) =>
  Object.entries(options).map(([name, value]) => `${name}="${value}"`);
const isJournal = ({ options }: SampleRun) => options['logtype'] === 'journal';
const inputOf = ({ lines }: SampleRun) => lines.map(({ text }) => `${text}\n`).join('');

/** As the command has it, without a process. */
async function resultsOf(run: SampleRun): Promise<Result[]> {
  const results: Result[] = [];
  await testFilter({
    name: run.filter,
    file: '-',
    input: Readable.from([Buffer.from(inputOf(run))]),
    fail2ban: run.folder,
    folders: [],
    set: settings(run),
    journal: isJournal(run),
    json: true,
    now,
    timeZone: zoneName,
    warn: () => undefined,
    print: (line) => results.push(JSON.parse(line)),
  });
  return results;
}

async function resultsOfCommand(run: SampleRun): Promise<Result[]> {
  const given = settings(run).flatMap((each) => ['--set', each]);
  const journal = isJournal(run) ? ['--journal'] : [];
  const args = ['filter', 'test', run.filter, '-', '--fail2ban', run.folder, ...given, ...journal];
  const input = inputOf(run);
  const { stdout } = await execa(bailiff, [...args, '--now', now, '--tz', zoneName, '--json'], { input });
  return stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line));
}

/** What is not as annotated, or null. */
function difference(
  { expected }: SampleLine,
  { result, host, time, attempts, fields }: Result,
): string | null {
  const hit = result === 'hit';
  if (hit !== (expected.match === true)) return `${result}${host === null ? '' : ` of ${host}`}`;
  if (!hit) return null;
  const { time: local, match, desc, constraint, ...values } = expected;
  // Null: fail2ban's test does not look at the clock, and so has no time for it.
  const due = local == null ? time : epochOf(String(local));
  if (time !== due) return `time ${time}, not ${due}`;
  for (const [name, value] of Object.entries(values)) {
    const actual = ['host', 'ip4', 'ip6'].includes(name)
      ? host
      : name === 'attempts'
        ? attempts
        : (fields[name] ?? null);
    if (!isSame(actual, value)) return `${name} ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`;
  }
  return null;
}

function isSame(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(actual) && Array.isArray(expected))
    return isDeepStrictEqual([...actual].sort(), [...expected].sort());
  if (typeof actual === 'string' && typeof expected === 'string')
    return (canonicalAddress(actual) ?? actual) === (canonicalAddress(expected) ?? expected);
  return isDeepStrictEqual(actual, expected);
}

function epochOf(local: string): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = local.split(/[-T:]/).map(Number);
  const wallMs = Date.UTC(year, month - 1, day, hour, minute) + Math.round(second * 1_000);
  const epochMs = zone.toEpoch(wallMs, wallMs);
  return epochMs === null ? null : epochMs / 1_000;
}

describe("the sample logs of fail2ban's filters", () => {
  const runs = [
    ...sampleRuns({ configuration: stock, logs: sampleLogs }, () => true),
    ...sampleRuns({ configuration: ownFilters, logs: sampleLogs }, (name) => name.startsWith('zzz-')),
  ];
  let cases = 0;
  let failed = 0;

  for (const run of runs) {
    it(`${run.filter} ${JSON.stringify(run.options)}`, async () => {
      const results = await resultsOf(run);
      assert.equal(results.length, run.lines.length);
      const wrong = run.lines.flatMap((line, index) => {
        const found = results[index];
        const text = found === undefined ? 'no result' : difference(line, found);
        return text === null ? [] : [`${line.where}: ${text}\n    ${line.text}`];
      });
      cases += run.lines.length;
      failed += wrong.length;
      assert.deepEqual(wrong, []);
    });
  }

  it('the command itself says the same, with any number of options, and of a journal', async () => {
    const most = runs.toSorted((a, b) => settings(b).length - settings(a).length)[0];
    const chosen = [runs.find((run) => settings(run).length === 0), most, runs.find(isJournal)];
    for (const run of chosen) {
      assert.ok(run !== undefined);
      assert.deepEqual(await resultsOfCommand(run), await resultsOf(run), JSON.stringify(run.options));
    }
  });

  it('all in all', (t) => {
    t.diagnostic(`${cases} cases, ${cases - failed} passed, ${failed} failed`);
    assert.ok(cases > 1_000);
    assert.equal(failed, 0);
  });
});

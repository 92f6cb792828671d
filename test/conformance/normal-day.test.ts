import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadAllModes, shippedFilters } from '../../src/config/filters.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { type Reading, Scan } from '../../src/scan/scan.ts';

/** What test/normal-day/record.ts recorded, a file a log. */
const folder = resolve(import.meta.dirname, '../normal-day/lines');
const logs = readdirSync(folder).map((name) => ({
  name,
  lines: readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean),
}));
const definitions = await loadAllModes([shippedFilters]);
const filters = definitions.map(compileFilter);

/**
 * Filters that count what happens on any day, too, and shut out only whoever makes too much of it; with all of this day
 * that they may count. It stays below what their jails allow.
 */
const everyday: Readonly<Record<string, RegExp>> = {
  // Browsers ask for icons, and robots for rules, that are not there; links grow old.
  'http-4xx-flood':
    /"(?:GET|HEAD) \/(?:favicon\.ico|robots\.txt|apple-touch-icon\.png|search\?\S*) HTTP\/1\.1" 404 /,
  // Before it knows a password is needed, a browser asks without one.
  'http-login[mode=aggressive]': / - - \[[^\]]+\] "(?:GET|HEAD) \/members\/ HTTP\/1\.1" 401 /,
  // Served all the same, but later: more at a time than the site's owner likes.
  'nginx-limit-req[mode=aggressive]': /: \*\d+ delaying request, /,
};

/** What syslog daemons write in front of a message. */
const syslogHead = /^(?<date>\d{4}-\d\d-\d\dT\S+) host (?<program>[^\s:[]+)(?:\[\d+\])?: /;

/** The same lines as other systems pass them on. */
const forms: Readonly<Record<string, (line: string) => string>> = {
  'as it was written': (line) => line,
  "with syslog's older dates": (line) =>
    line.replace(syslogHead, (head, date) => head.replace(date, older(date))),
  'without their heads, as from the journal or a container': (line) => line.replace(syslogHead, ''),
};

const now = Date.parse('2027-01-01T00:00:00Z') / 1_000;

for (const { name, lines } of logs) {
  for (const [form, change] of Object.entries(forms)) {
    const changed = lines.map(change);
    if (change !== forms['as it was written'] && changed.every((line, index) => line === lines[index]))
      continue;
    test(`${name}, ${form}: no filter counts anything in any mode`, () => {
      assert.deepEqual(wronglyCounted(changed, { now, transport: null, undated: now }), []);
    });
  }
}

test('what some filters count on any day is there', () => {
  const all = logs.flatMap(({ lines }) => lines);
  for (const [name, pattern] of Object.entries(everyday)) {
    assert.ok(
      definitions.some((definition) => definition.name === name),
      name,
    );
    assert.ok(
      all.some((line) => pattern.test(line)),
      name,
    );
  }
});

test('there are 5,000 lines of ten programs and more, and they are not all the same', (t) => {
  const counts = new Map<string, number>();
  const shapes = new Set<string>();
  for (const { name, lines } of logs) {
    for (const line of lines) {
      const program = programOf(line, name);
      counts.set(program, (counts.get(program) ?? 0) + 1);
      shapes.add(line.replace(/[0-9a-fA-F]*\d[0-9a-fA-F]*/g, '0'));
    }
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  t.diagnostic(`${total} lines, ${shapes.size} but for their numbers`);
  t.diagnostic(sorted.map(([program, count]) => `${program} ${count}`).join(', '));
  assert.ok(total >= 5_000, `${total} lines`);
  assert.ok(shapes.size >= 1_500, `${shapes.size} different ones`);
  assert.ok(sorted.filter(([, count]) => count >= 50).length >= 10, `${sorted.length} programs`);
});

/** The hits of all filters in one scan, as a worker of the daemon finds them, without those of any day. */
function wronglyCounted(lines: readonly string[], reading: Reading): string[] {
  const wrong: string[] = [];
  const allowed = new Map<string, number>();
  new Scan(filters, { timeZone: 'UTC' }).block(
    Buffer.from(`${lines.join('\n')}\n`),
    reading,
    (filter, { kind, host }, _time, line) => {
      if (kind !== 'hit') return;
      const { name = '', about } = definitions[filter] ?? {};
      if (everyday[name]?.test(line) !== true) wrong.push(`${name}: ${line}`);
      const count = (allowed.get(`${name} ${host}`) ?? 0) + 1;
      allowed.set(`${name} ${host}`, count);
      if (count >= (about?.jail.maxretry ?? 5)) wrong.push(`${name} would ban ${host}`);
    },
  );
  return wrong;
}

/** A date as RFC 3164 has it: `Nov  7 21:39:01`. */
function older(date: string): string {
  const at = new Date(date);
  const month = at.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  return `${month} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)}`;
}

/** Of syslog's lines the program they name, else what the log is called after. Services of one program are one. */
function programOf(line: string, log: string): string {
  const program = syslogHead.exec(line)?.groups?.['program'] ?? log.replace(/(?:-\w+)?\.log$/, '');
  return program.replace(/\/.*/, '').toLowerCase();
}

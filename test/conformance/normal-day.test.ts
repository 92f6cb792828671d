import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadAllModes, shippedFilters } from '../../src/config/filters.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { type Reading, Scan } from '../../src/scan/scan.ts';

/** What test/normal-day/record.ts recorded, a file a log. */
const folder = resolve(import.meta.dirname, '../normal-day/lines');
const logs = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
const filters = (await loadAllModes([shippedFilters])).map(compileFilter);

/**
 * Filters that count what happens on any day, too, and only shut out whoever makes too much of it: browsers ask for icons
 * that are not there. All that they may count of it.
 */
const everyday: Readonly<Record<string, RegExp>> = {
  'http-4xx-flood':
    /"(?:GET|HEAD) \/(?:favicon\.ico|robots\.txt|apple-touch-icon\.png|search\?\S*) HTTP\/1\.1" 404 /,
};

/** A date and a host in front of a program's name, as syslog daemons write them. */
const syslogHead = /^\d{4}-\d\d-\d\dT\S+ host (?<program>[^\s:[]+)(?:\[\d+\])?: (?<message>.*)$/;

/** The hits of all filters, in all their modes, as one worker of the daemon finds them. */
function hitsIn(text: string, reading: Reading): string[] {
  const hits: string[] = [];
  const scan = new Scan(filters, { timeZone: 'UTC' });
  scan.block(Buffer.from(text), reading, (filter, { kind }, _time, line) => {
    const name = filters[filter]?.name ?? '';
    if (kind === 'hit' && everyday[name]?.test(line) !== true) hits.push(`${name}: ${line}`);
  });
  return hits;
}

const now = Date.parse('2027-01-01T00:00:00Z') / 1_000;

for (const { name, text } of logs) {
  test(`${name}: no filter counts anything in it`, () => {
    assert.deepEqual(hitsIn(text, { now, transport: null, undated: now }), []);
  });

  // As they come from the journal and from containers.
  const messages = text.split('\n').map((line) => syslogHead.exec(line)?.groups?.['message'] ?? line);
  test(`${name}: nor without the head that syslog gave it`, () => {
    assert.deepEqual(hitsIn(messages.join('\n'), { now, transport: now, dateless: true, undated: now }), []);
  });
}

test('there are 5,000 lines of ten programs and more, and they are not all the same', (t) => {
  const lines = logs.flatMap(({ name, text }) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ line, program: programOf(line, name) })),
  );
  const counts = new Map<string, number>();
  for (const { program } of lines) counts.set(program, (counts.get(program) ?? 0) + 1);
  const shapes = new Set(lines.map(({ line }) => line.replace(/[0-9a-fA-F]*\d[0-9a-fA-F]*/g, '0')));
  t.diagnostic(`${lines.length} lines, ${shapes.size} without their numbers`);
  t.diagnostic(
    [...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([program, count]) => `${program} ${count}`)
      .join(', '),
  );
  assert.ok(lines.length >= 5_000, `${lines.length} lines`);
  assert.ok(shapes.size >= 1_500, `${shapes.size} different ones`);
  assert.ok([...counts.values()].filter((count) => count >= 50).length >= 10, `${counts.size} programs`);
});

/** Of syslog's lines the program they name; else what the log is called after, and services of one program are one. */
function programOf(line: string, log: string): string {
  const program = syslogHead.exec(line)?.groups?.['program'] ?? log.replace(/(?:-\w+)?\.log$/, '');
  return program.replace(/\/.*/, '').toLowerCase();
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFilters, loadAllModes, shippedFilters } from '../config/filters.ts';
import { splitMode } from '../core/filter.ts';
import { compileFilter } from '../scan/filters/compile.ts';
import type { Filter } from '../scan/filters/filter.ts';
import { type Reading, Scan } from '../scan/scan.ts';
import { lintFilters } from './filter-lint.ts';

// What the filters that come with Bailiff keep to, alone and beside each other.

const files = await findFilters([shippedFilters]);
const definitions = await loadAllModes([shippedFilters]);
const filters = definitions.map(compileFilter);
/** Dates without a year are read by it, in seconds. */
const now = Date.parse('2026-11-23T00:00:00Z') / 1_000;

test('there are filters', () => {
  assert.ok(files.has('sshd'));
  assert.ok(files.has('nginx-http-auth'));
});

for (const [name, file] of files) {
  test(`${name}: the linter finds nothing`, async () => {
    const found: string[] = [];
    await lintFilters({ names: [file], folders: [], json: false, print: (line) => found.push(line) });
    assert.deepEqual(found, ['1 filter, nothing to find fault with']);
  });
}

for (const definition of definitions) {
  const { filter: own, mode } = splitMode(definition.name);
  const compiled = filters[definitions.indexOf(definition)];
  assert.ok(compiled !== undefined);
  const others = definitions.filter(
    (other) => splitMode(other.name).filter !== own && !mayOverlap(own, other.name),
  );

  test(`${definition.name}: a line is judged beside all other filters as alone, and no other one counts it`, () => {
    const all = new Scan(filters, { timeZone: 'UTC' });
    const alone = new Scan([compiled], { timeZone: 'UTC' });
    for (const { line } of definition.samples) {
      const together = judged(all, filters, line);
      assert.deepEqual(
        together.get(definition.name),
        judged(alone, [compiled], line).get(definition.name),
        line,
      );
      const counted = others.filter(({ name }) => together.get(name)?.kind === 'hit');
      assert.deepEqual(
        counted.map(({ name }) => name),
        [],
        `mode ${mode}: ${line}`,
      );
    }
  });
}

/** What syslog puts before the text; the journal and the syslog receiver give it without the date. */
const syslogDate = /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?=[\w.-]+ [^\s:]+: )/;

for (const [index, definition] of definitions.entries()) {
  const [[unit = ''] = []] = definition.about?.logs.journal ?? [];
  const filter = filters[index];
  const program = /=([\w-]+)/.exec(unit)?.[1] ?? '';
  test(`${definition.name}: lines of the journal and of the syslog receiver are those of syslog without their date`, () => {
    assert.ok(filter !== undefined);
    const scan = new Scan([filter], { timeZone: 'UTC' });
    const journal = { now, transport: now, undated: now, dateless: true };
    const inSyslog = definition.samples.filter(({ line }) => syslogDate.test(line));
    for (const { line } of inSyslog) {
      const inFile = judged(scan, [filter], line).get(definition.name);
      const found = judged(scan, [filter], line.replace(syslogDate, ''), journal).get(definition.name);
      assert.deepEqual(found && { ...found, time: 0 }, inFile && { ...inFile, time: 0 }, line);
    }
    if (unit === '' || inSyslog.some(({ yields }) => yields === 'hit')) return;
    // No sample has the form: the program's own lines must do with it before them.
    const hits = definition.samples.filter(({ line, yields }) => {
      const entry = `host ${program}[7]: ${line}`;
      return yields === 'hit' && judged(scan, [filter], entry, journal).has(definition.name);
    });
    assert.ok(hits.length > 0, `no hit is one behind "host ${program}[7]: "`);
  });
}

/** Whether one of two filters says that the other may count its lines. */
function mayOverlap(name: string, other: string): boolean {
  const overlapsOf = (wanted: string) =>
    definitions.find((each) => each.name === wanted)?.about?.overlaps ?? [];
  const base = splitMode(other).filter;
  return overlapsOf(name).includes(base) || overlapsOf(base).includes(name);
}

/** What the filters of a scan say of a line, by their names; those that say nothing are not there. */
function judged(
  scan: Scan,
  scanned: readonly Filter[],
  line: string,
  reading: Reading = { now, transport: null, undated: now },
) {
  const found = new Map<
    string,
    { kind: string; host: string; user: string; session: string; time: number }
  >();
  scan.block(Buffer.from(`${line}\n`), reading, (filter, { kind, host, user, session }, time) => {
    found.set(scanned[filter]?.name ?? '', { kind, host, user, session, time });
  });
  return found;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFilters, loadAllModes, shippedFilters } from '../config/filters.ts';
import { splitMode } from '../core/filter.ts';
import { compileFilter } from '../scan/filters/compile.ts';
import type { Filter } from '../scan/filters/filter.ts';
import { Scan } from '../scan/scan.ts';
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

/** Whether one of two filters says that the other may count its lines. */
function mayOverlap(name: string, other: string): boolean {
  const overlapsOf = (wanted: string) =>
    definitions.find((each) => each.name === wanted)?.about?.overlaps ?? [];
  const base = splitMode(other).filter;
  return overlapsOf(name).includes(base) || overlapsOf(base).includes(name);
}

/** What the filters of a scan say of a line, by their names; those that say nothing are not there. */
function judged(scan: Scan, scanned: readonly Filter[], line: string) {
  const found = new Map<
    string,
    { kind: string; host: string; user: string; session: string; time: number }
  >();
  const reading = { now, transport: null, undated: now };
  scan.block(Buffer.from(`${line}\n`), reading, (filter, { kind, host, user, session }, time) => {
    found.set(scanned[filter]?.name ?? '', { kind, host, user, session, time });
  });
  return found;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFilters } from '../../src/config/filters.ts';

const made = join(import.meta.dirname, '../../src/config/testdata/filters');

/** The files of these filters, by name: of the shipped ones, or of those made for tests, which say of no log that it is theirs. */
export function filterFiles(...names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.map((name) => {
      const own = join(made, `${name}.yaml`);
      return [name, existsSync(own) ? own : join(shippedFilters, `${name}.yaml`)];
    }),
  );
}

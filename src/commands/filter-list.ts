import { loadFilters } from '../config/filters.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { FilterOptions } from './filter.ts';
import { lineText, terminalColumns } from './pieces.ts';
import { jsonText } from './printable.ts';
import { tableLines } from './table.ts';

/** `bailiff filter list`. @throws BailiffError filter-invalid, config-unreadable */
export async function listFilters({ folders, json, print }: FilterOptions): Promise<void> {
  const filters = await loadFilters(folders);
  if (json) print(jsonText(filters.map(asJson)));
  else {
    const table = tableLines(['FILTER', 'SERVICE', 'MODES', 'LOG'], filters.map(row), terminalColumns());
    for (const line of table) print(lineText(line, false));
  }
}

function row({ name, description, about }: FilterDefinition): readonly string[] {
  const forgeable = (about?.forgeable ?? null) !== null;
  return [name, description, about?.modes.join(', ') ?? '', forgeable ? 'forgeable' : ''];
}

function asJson({ name, description, kind, about }: FilterDefinition) {
  const { counts = null, modes = [], forgeable = null } = about ?? {};
  return { name, description, kind, counts, modes, forgeable };
}

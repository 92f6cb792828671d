import type { FilterDefinition } from '../../core/filter.ts';
import type { Filter } from './filter.ts';
import { JsonFilter } from './json.ts';
import { RegexFilter } from './regex.ts';

/** @throws SyntaxError where an expression is not valid; config/filters.ts has checked them before. */
export function compileFilter(definition: FilterDefinition): Filter {
  return definition.kind === 'json' ? new JsonFilter(definition) : new RegexFilter(definition);
}

import type { FilterDefinition } from '../../core/filter.ts';
import type { Filter } from './filter.ts';
import { JsonFilter } from './json.ts';
import { RegexFilter } from './regex.ts';
import { Watch } from './watch.ts';

/** @throws SyntaxError where an expression is not valid; config/filters.ts has checked them before. */
export function compileFilter(definition: FilterDefinition): Filter {
  return compileWatched(definition, new Watch());
}

/** With somebody who minds how long its expressions take. @throws as `compileFilter` */
export function compileWatched(definition: FilterDefinition, watch: Watch): Filter {
  return definition.kind === 'json' ? new JsonFilter(definition, watch) : new RegexFilter(definition, watch);
}

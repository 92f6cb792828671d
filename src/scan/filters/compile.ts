import type { FilterDefinition } from '../../core/filter.ts';
import { compileFail2ban } from './fail2ban.ts';
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
  switch (definition.kind) {
    case 'json':
      return new JsonFilter(definition, watch);
    case 'regex':
      return new RegexFilter(definition, watch);
    case 'fail2ban':
      return compileFail2ban(definition, watch);
  }
}

import type { FilterDefinition } from '../core/filter.ts';
import { blowsUp } from './blow-up.ts';
import { compileExpression } from './filters/expression.ts';
import { patternsOf } from './filters/patterns.ts';
import { isAddressLoose } from './loose-address.ts';

/** What is valid in a filter and yet may be turned against its owner, in words. */
export function risksOf(definition: FilterDefinition): readonly string[] {
  const { name: filter, file = '' } = definition;
  const where = `filter ${filter}${file === '' ? '' : ` (${file})`}`;
  return patternsOf(definition).flatMap(({ name, pattern, ignoreCase }) => {
    const { source } = compileExpression(pattern, ignoreCase);
    return [
      ...(blowsUp(source, ignoreCase) ? [`${where}: ${name}: ${slow}`] : []),
      ...(definition.kind === 'regex' && isAddressLoose(pattern, ignoreCase)
        ? [`${where}: ${name}: ${loose}`]
        : []),
    ];
  });
}

const slow =
  'it can read some texts in very many ways, so that a client may write a line on which it does not come to an end; no repetition should hold another one, or alternatives, that match the same text';
const loose =
  "a client may put another address where it looks for <HOST>: what stands before it is free text; anchor the expression behind the address up to the line's end ($), or let the text before it exclude a character that stands between";

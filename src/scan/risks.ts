import type { FilterDefinition } from '../core/filter.ts';
import { blowsUp } from './blow-up.ts';
import { compileExpression } from './filters/expression.ts';
import { literalSetsOf } from './filters/fail2ban.ts';
import { ruleLiterals } from './filters/json.ts';
import { patternsOf } from './filters/patterns.ts';
import { literalsBehind } from './literals.ts';
import { isAddressLoose } from './loose-address.ts';

/** What is valid in a filter and yet may be turned against its owner, in words. */
export function risksOf(definition: FilterDefinition): readonly string[] {
  const { name: filter, file = '' } = definition;
  const where = `filter ${filter}${file === '' ? '' : ` (${file})`}`;
  const risks = [...dangersOf(definition), ...costsOf(definition)];
  return risks.map(({ part, problem }) => `${where}: ${part}: ${problem}`);
}

/** A part of a filter as `patternsOf` calls it, or several, and what is to be said of it. */
export interface Risk {
  readonly part: string;
  readonly problem: string;
}

/** What a client may make use of. */
export function dangersOf(definition: FilterDefinition): readonly Risk[] {
  return patternsOf(definition).flatMap(({ name: part, pattern, ignoreCase }) => {
    const { source } = compileExpression(pattern, ignoreCase);
    const isLoose = definition.kind === 'regex' && isAddressLoose(pattern, ignoreCase);
    return [
      ...(blowsUp(source, ignoreCase) ? [{ part, problem: slow }] : []),
      ...(isLoose ? [{ part, problem: loose }] : []),
    ];
  });
}

/** What costs time on every line. */
export function costsOf(definition: FilterDefinition): readonly Risk[] {
  const unsearched = unsearchable(definition);
  return unsearched.length === 0 ? [] : [{ part: listed(unsearched), problem: costly }];
}

/** `expression 1, expression 4 and 7 more`. */
function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The expressions and rules for which a log cannot be searched, as they are called. */
function unsearchable(definition: FilterDefinition): string[] {
  if (definition.kind === 'json')
    return definition.rules.flatMap((rule, index) =>
      ruleLiterals(rule) === null ? [`rule ${index + 1}`] : [],
    );
  if (definition.kind === 'fail2ban') {
    const sets = literalSetsOf(definition);
    return definition.expressions.flatMap(({ where }, index) => (sets[index] === null ? [where] : []));
  }
  const { prefix, expressions, ignoreCase } = definition;
  const sourceOf = (pattern: string) => compileExpression(pattern, ignoreCase).source;
  const sources = expressions.map(({ pattern }) => sourceOf(pattern));
  return literalsBehind(prefix === null ? null : sourceOf(prefix), sources, ignoreCase).flatMap(
    (literals, index) => (literals === null ? [`expression ${index + 1}`] : []),
  );
}

const mostNamed = 3;

const costly =
  'no text is known that stands in every line it matches, so that every line of its logs is judged, which is slow; give it a word or two as they stand there';

const slow =
  'it can read some texts in very many ways, so that a client may write a line on which it does not come to an end; no repetition should hold another one, or alternatives, that match the same text';
const loose =
  "a client may put another address where it looks for <HOST>: what stands before it is free text; anchor the expression behind the address up to the line's end ($), or let the text before it exclude a character that stands between";

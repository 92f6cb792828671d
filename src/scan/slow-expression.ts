import type { FilterDefinition } from '../core/filter.ts';
import type { Restraint } from './filters/guarded.ts';
import { patternsOf } from './filters/patterns.ts';
import type { ExpressionPlace } from './protocol.ts';

/** An expression, as people are told of it. */
export interface ExpressionName {
  readonly filter: string;
  /** Where the filter was read from; '' where that is not known. */
  readonly file: string;
  /** `expression 3`, `prefix`: see filters/patterns.ts. */
  readonly expression: string;
}

/** Of an expression that did not come to an end within its time. */
export type SlowExpression = ExpressionName &
  (
    | { readonly what: 'stuck'; readonly source: string | null }
    /** It was taken not to match this line. The text is the line's without its date and prefix, capped. */
    | { readonly what: 'skipped'; readonly source: string | null; readonly text: string }
    /** It happened repeatedly, and from now on it is run so. */
    | { readonly what: 'restrained'; readonly restraint: Restraint }
    /** It was quiet for a while, and is run as it is written again. */
    | { readonly what: 'let off' }
  );

export function expressionName(
  filters: readonly FilterDefinition[],
  { filter, expression }: ExpressionPlace,
): ExpressionName {
  const definition = filters[filter];
  if (definition === undefined) return { filter: String(filter), file: '', expression: String(expression) };
  const name = patternsOf(definition)[expression]?.name ?? String(expression);
  return { filter: definition.name, file: definition.file ?? '', expression: name };
}

/** What the owner has to know of an expression that is restrained. */
export function restraintProblem({ filter, file, expression }: ExpressionName, restraint: Restraint): string {
  const where = file === '' ? '' : ` (${file})`;
  const how =
    restraint === 'linear'
      ? 'it is run by a linear engine, which is slower and misses nothing'
      : 'lines on which it takes longer than 100 ms are skipped for it';
  return `filter ${filter}${where}: ${expression} does not come to an end on some lines: ${how}; see \`bailiff check\``;
}

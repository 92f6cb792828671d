import type { FilterDefinition } from '../../core/filter.ts';

/** One regular expression of a filter. */
export interface FilterPattern {
  /** How people are told of it: `prefix`, `expression 3`, `ignore 1`, `rule 2 request.uri`; they count from 1. */
  readonly name: string;
  readonly pattern: string;
  readonly ignoreCase: boolean;
}

/** All regular expressions of a filter. Their places in this list are their numbers in the worker. */
export function patternsOf(definition: FilterDefinition): readonly FilterPattern[] {
  if (definition.kind === 'json') {
    return definition.rules.flatMap(({ where }, rule) =>
      where.flatMap((test) =>
        'pattern' in test
          ? [{ name: `rule ${rule + 1} ${test.path}`, pattern: test.pattern, ignoreCase: false }]
          : [],
      ),
    );
  }
  const { prefix, expressions, ignore, ignoreCase } = definition;
  return [
    ...(prefix === null ? [] : [{ name: 'prefix', pattern: prefix, ignoreCase }]),
    ...expressions.map(({ pattern }, at) => ({ name: `expression ${at + 1}`, pattern, ignoreCase })),
    ...ignore.map((pattern, at) => ({ name: `ignore ${at + 1}`, pattern, ignoreCase })),
  ];
}

import type { Fail2banExpression, Fail2banFilterDefinition } from '../../core/fail2ban-filter.ts';
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
  if (definition.kind === 'fail2ban') return fail2banPatternsOf(definition);
  const { prefix, expressions, ignore, ignoreCase } = definition;
  return [
    ...(prefix === null ? [] : [{ name: 'prefix', pattern: prefix, ignoreCase }]),
    ...expressions.map(({ pattern }, at) => ({ name: `expression ${at + 1}`, pattern, ignoreCase })),
    ...ignore.map((pattern, at) => ({ name: `ignore ${at + 1}`, pattern, ignoreCase })),
  ];
}

function fail2banPatternsOf({
  prefix,
  expressions,
  ignore,
  dates,
  usualDates,
}: Fail2banFilterDefinition): readonly FilterPattern[] {
  const pattern = (name: string, { source, where }: Fail2banExpression): FilterPattern => ({
    name: `${name} (${where})`,
    pattern: source,
    ignoreCase: false,
  });
  return [
    ...(prefix === null ? [] : [pattern('prefregex', prefix)]),
    ...expressions.map((each, at) => pattern(`failregex ${at + 1}`, each)),
    ...ignore.map((each, at) => pattern(`ignoreregex ${at + 1}`, each)),
    // fail2ban's own ones come to an end on every text.
    ...(usualDates ? [] : dates).map(({ source }, at) => ({
      name: `datepattern ${at + 1}`,
      pattern: source,
      ignoreCase: false,
    })),
  ];
}

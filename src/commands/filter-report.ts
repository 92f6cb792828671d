import type { Fail2banExpression, Fail2banFilterDefinition } from '../core/fail2ban-filter.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { datedLines, type WrittenDates } from './date-tally.ts';
import type { DecisionCounts } from './decisions.ts';
import { printable } from './printable.ts';

/** What people are shown of each expression (or rule) of a filter. */
export interface ExpressionLabels {
  readonly expressions: readonly string[];
  readonly ignore: readonly string[];
}

const longestLabel = 160;
/** Groups that make of a match something else than a hit. */
const marks: ReadonlySet<string> = new Set(['nofail', 'gained', 'forget']);

/** Its expressions, and what a match of them is where it is no hit. */
export function labelsOf(definition: FilterDefinition): ExpressionLabels {
  if (definition.kind === 'fail2ban') return fail2banLabels(definition, [], []);
  const label = (kind: string, text: string): string => (kind === 'hit' ? text : `(${kind}) ${text}`);
  if (definition.kind === 'json') {
    const rules = definition.rules.map(({ kind, where }) => label(kind, JSON.stringify(where)));
    return { expressions: rules, ignore: [] };
  }
  const expressions = definition.expressions.map(({ kind, pattern }) => label(kind, pattern));
  return { expressions, ignore: definition.ignore };
}

/** Of a filter of fail2ban's: its expressions as its files say them, since what runs is another text; with their places. */
export function fail2banLabels(
  definition: Fail2banFilterDefinition,
  failRegex: readonly { readonly text: string }[],
  ignoreRegex: readonly { readonly text: string }[],
): ExpressionLabels {
  const label = ({ where, groups }: Fail2banExpression, text = ''): string => {
    const kinds = groups.flatMap(({ meaning }) => (marks.has(meaning) ? [`(${meaning})`] : []));
    return [where, ...kinds, text].join(' ');
  };
  return {
    expressions: definition.expressions.map((each, at) => label(each, failRegex[at]?.text)),
    ignore: definition.ignore.map((each, at) => label(each, ignoreRegex[at]?.text)),
  };
}

/** How often each expression decided, as fail2ban-regex prints it: its number, the lines, the expression. */
export function* expressionReport(
  { expressions, ignored }: DecisionCounts,
  labels: ExpressionLabels,
): Generator<string> {
  yield 'expressions';
  yield* counted(expressions, labels.expressions);
  if (labels.ignore.length === 0) return;
  yield 'ignored for';
  yield* counted(ignored, labels.ignore);
}

function* counted(counts: readonly number[], labels: readonly string[]): Generator<string> {
  const matched = labels.flatMap((label, place) => {
    const count = counts[place] ?? 0;
    return count === 0 ? [] : [`${`${place + 1})`.padStart(5)} [${count}] ${cut(label)}`];
  });
  yield* matched;
  const others = labels.length - matched.length;
  if (others > 0) yield `      ${others} decided no line`;
}

/** How dates are written; null: the search for them took too long. */
export function* dateReport(dates: WrittenDates | null): Generator<string> {
  if (dates === null) {
    yield 'dates: not counted, since that takes too long';
    return;
  }
  const { lines, undated, forms } = dates;
  yield `dates${lines < datedLines ? '' : ` of the first ${datedLines} lines`}`;
  for (const { form, example, lines } of forms)
    yield `      [${lines}] ${form === undefined ? '' : `${cut(form)} `}${example === '' ? 'in a JSON object' : `as ${printable(example)}`}`;
  if (undated > 0) yield `      [${undated}] none, or none that can be read in one way alone`;
}

function cut(text: string): string {
  const shown = printable(text.slice(0, longestLabel));
  return text.length > longestLabel ? `${shown}…` : shown;
}

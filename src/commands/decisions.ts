import type { Judgement } from '../scan/filters/filter.ts';

/** How many lines each expression (or rule) of a filter decided, by its place. */
export interface DecisionCounts {
  readonly expressions: readonly number[];
  /** Of lines that are ignored: by each of the expressions for that. */
  readonly ignored: readonly number[];
}

export class Decisions implements DecisionCounts {
  readonly expressions: number[] = [];
  readonly ignored: number[] = [];

  add({ kind, expression }: Pick<Judgement, 'kind' | 'expression'>): void {
    addTo(kind === 'ignored' ? this.ignored : this.expressions, expression, 1);
  }

  addAll({ expressions, ignored }: DecisionCounts): void {
    for (const [place, count = 0] of expressions.entries()) addTo(this.expressions, place, count);
    for (const [place, count = 0] of ignored.entries()) addTo(this.ignored, place, count);
  }
}

/** Without holes, which would cost more at each line. */
function addTo(counts: number[], place: number, count: number): void {
  while (counts.length <= place) counts.push(0);
  counts[place] = (counts[place] ?? 0) + count;
}

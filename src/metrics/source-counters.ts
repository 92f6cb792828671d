import { Counter } from 'prom-client';
import type { Series } from './exposition.ts';
import { LabelValues } from './label-values.ts';

/** Sources that have series of their own at a time. */
export const mostSources = 1_000;

/** What was judged of each source, and what was lost. */
export class SourceCounters {
  readonly #values: LabelValues;
  readonly #lines: Counter<'source'>;
  readonly #bytes: Counter<'source'>;
  readonly #oversize: Counter<'source'>;
  readonly #gaps: Counter<'source'>;
  readonly #dropped: Counter<'source'>;

  constructor(series: Series, most = mostSources) {
    this.#values = new LabelValues(most);
    const counter = (name: string, help: string): Counter<'source'> =>
      new Counter({ name: `bailiff_${name}`, help, labelNames: ['source'], registers: [series] });
    this.#lines = counter('lines_total', 'Log lines judged.');
    this.#bytes = counter('bytes_total', 'Log bytes judged.');
    this.#oversize = counter(
      'oversize_lines_total',
      'Lines so long that a filter judged only their beginning.',
    );
    this.#gaps = counter('gaps_total', 'Times that lines of a log were lost, or may have been.');
    this.#dropped = counter(
      'dropped_lines_total',
      'Lines that were received faster than they could be judged, and are lost.',
    );
  }

  judged(batch: {
    readonly source: string;
    readonly lines: number;
    readonly bytes: number;
    readonly oversize: number;
  }): void {
    const labels = this.#labels(batch.source);
    this.#lines.inc(labels, batch.lines);
    this.#bytes.inc(labels, batch.bytes);
    if (batch.oversize > 0) this.#oversize.inc(labels, batch.oversize);
  }

  gap(source: string): void {
    this.#gaps.inc(this.#labels(source));
  }

  dropped(source: string, lines: number): void {
    this.#dropped.inc(this.#labels(source), lines);
  }

  /** It is read from now on: what is counted for the first time would otherwise be no increase to Prometheus. */
  opened(source: string): void {
    const labels = this.#labels(source);
    for (const counter of this.#all()) counter.inc(labels, 0);
  }

  /** It is gone, and its series with it. */
  closed(source: string): void {
    this.#values.forget(source);
    for (const counter of this.#all()) counter.remove({ source });
  }

  #labels(source: string): { source: string } {
    return { source: this.#values.of(source) };
  }

  #all(): Counter<'source'>[] {
    return [this.#lines, this.#bytes, this.#oversize, this.#gaps, this.#dropped];
  }
}

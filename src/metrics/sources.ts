import type { Series } from './exposition.ts';
import { ReadSeries } from './gauges.ts';
import { mostSources } from './source-counters.ts';

/** A source as metrics see it; times in seconds since the epoch. */
export interface SourceState {
  readonly id: string;
  readonly state: string;
  readonly lag: number;
  readonly lagSeconds: number | null;
  readonly lastLine: number | null;
  readonly errors: number;
  readonly restarts: number;
  readonly silent: string | null;
  readonly jails: readonly string[];
}

export interface SourceReaders {
  readonly sources: () => readonly SourceState[];
  /** Sources whose times are constantly off the clock, and by how many seconds they are behind. */
  readonly skews: () => Iterable<readonly [source: string, seconds: number]>;
  /** Containers of which labels are not heeded, and how many of each. */
  readonly labelErrors: () => Iterable<readonly [container: string, count: number]>;
  /** Expressions that are not run as they are written. */
  readonly setAside: () => Iterable<{
    readonly filter: string;
    readonly expression: string;
    readonly restraint: string;
  }>;
}

/** What is read when metrics are: how well each source is. */
export function registerSources(
  series: Series,
  { sources, skews, labelErrors, setAside }: SourceReaders,
): void {
  const shown = () => sources().slice(0, mostSources);
  const perSource = new ReadSeries(series, 'bailiff_source_', ['source']);
  const values = (value: (source: SourceState) => number | null) => () =>
    shown().flatMap((source) => {
      const now = value(source);
      return now === null ? [] : [[{ source: source.id }, now] as const];
    });
  perSource.gauge(
    'reading',
    '1: it is being read. 0: it waits, failed or ended.',
    values(({ state }) => Number(state === 'reading')),
  );
  perSource.gauge(
    'failed',
    '1: it cannot be read, which is tried again. 0: it can, or is waited for.',
    values(({ state }) => Number(state === 'failed')),
  );
  perSource.gauge(
    'lag_bytes',
    'Bytes that are known to be there and are not judged yet.',
    values(({ lag }) => lag),
  );
  perSource.gauge(
    'lag_seconds',
    'How old its lines are when they are read, 0 once nothing more comes. Absent where what brings them does not say when they were written.',
    values(({ lagSeconds }) => lagSeconds),
  );
  perSource.gauge(
    'last_line_timestamp_seconds',
    'When the last line was read; absent where there was none since the start.',
    values(({ lastLine }) => lastLine),
  );
  perSource.gauge(
    'silent',
    '1: it has been silent for unusually long.',
    values(({ silent }) => Number(silent !== null)),
  );
  perSource.counter(
    'errors_total',
    'How often reading it failed.',
    values(({ errors }) => errors),
  );
  perSource.counter(
    'restarts_total',
    'How often its reading began again.',
    values(({ restarts }) => restarts),
  );
  perSource.gauge(
    'skew_seconds',
    'By how much the times in the lines of a source constantly are behind the clock. Absent: not at all.',
    () => [...skews()].slice(0, mostSources).map(([source, seconds]) => [{ source }, seconds] as const),
  );
  new ReadSeries(series, 'bailiff_', ['jail', 'source']).gauge(
    'jail_source_info',
    'Always 1: which jail reads which source. It leads from series of sources to jails.',
    () => shown().flatMap(({ id, jails }) => jails.map((jail) => [{ jail, source: id }, 1] as const)),
  );
  new ReadSeries(series, 'bailiff_', ['container']).gauge(
    'label_errors',
    'Labels of a container that are not heeded. Absent: all are.',
    () =>
      [...labelErrors()].slice(0, mostSources).map(([container, count]) => [{ container }, count] as const),
  );
  new ReadSeries(series, 'bailiff_', ['filter', 'expression', 'restraint']).gauge(
    'expression_set_aside',
    'Always 1: an expression that repeatedly did not come to an end and is run another way: linear, by a slower engine that misses nothing; timed, under a time limit that skips lines. Absent: none is.',
    () =>
      [...setAside()].map(
        ({ filter, expression, restraint }) => [{ filter, expression, restraint }, 1] as const,
      ),
  );
}

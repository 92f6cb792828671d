import { Counter, Gauge, type Registry } from 'prom-client';

/** A source as metrics see it; times in seconds since the epoch. */
export interface SourceState {
  readonly id: string;
  readonly state: string;
  readonly lag: number;
  readonly lastLine: number | null;
  readonly errors: number;
  readonly restarts: number;
  readonly silent: string | null;
}

/** What is read when metrics are: how well each source is, and whether the ledger can be written. */
export function registerSources(
  registry: Registry,
  sources: () => readonly SourceState[],
  stored: () => boolean,
): void {
  const registers = [registry];
  const perSource = (
    kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    value: (source: SourceState) => number | null,
  ): void => {
    new kind({
      name: `bailiff_source_${name}`,
      help,
      labelNames: ['source'],
      registers,
      collect() {
        this.reset();
        for (const source of sources()) {
          const now = value(source);
          if (now !== null) this.inc({ source: source.id }, now);
        }
      },
    });
  };
  perSource(Gauge, 'reading', '1: it is being read. 0: it waits, failed or ended.', ({ state }) =>
    Number(state === 'reading'),
  );
  perSource(Gauge, 'lag_bytes', 'Bytes that are there and not judged yet.', ({ lag }) => lag);
  perSource(
    Gauge,
    'last_line_timestamp_seconds',
    'When the last line was read; absent where there was none since the start.',
    ({ lastLine }) => lastLine,
  );
  perSource(Gauge, 'silent', '1: it has been silent for unusually long.', ({ silent }) =>
    Number(silent !== null),
  );
  perSource(Counter, 'errors_total', 'How often reading it failed.', ({ errors }) => errors);
  perSource(Counter, 'restarts_total', 'How often its reading began again.', ({ restarts }) => restarts);
  new Gauge({
    name: 'bailiff_ledger_stored',
    help: '1: bans and counts are stored. 0: they cannot be, and a restart would forget the newest.',
    registers,
    collect() {
      this.set(Number(stored()));
    },
  });
}

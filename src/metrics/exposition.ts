import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  collectDefaultMetrics,
  Gauge,
  type OpenMetricsContentType,
  Registry,
  type RegistryContentType,
} from 'prom-client';

/** Where the series are. Of the kind that bears exemplars; which format is written is chosen by `expose`. */
export type Series = Registry<OpenMetricsContentType>;

/** So long (ms) series are written at a time: beside a thousand containers all of them take a third of a second. */
const longestTurn = 5;
/** What is asked for within so many ms belongs to one scrape. */
const sameScrape = 100;

/** Sums that prom-client exports as gauges under names of counters, which Prometheus' own linter refuses. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * The lag of the event loop is sampled so often, in ms; a hundred times a second, as is usual, is most of what an idle
 * daemon costs.
 */
const lagSampling = 250;
const lags = ['min', 'max', 'mean', 'p50', 'p90', 'p99'];
/** Seconds. Before the first sample Node says 2^63 ns. */
const longestLag = 86_400;

/** With what the process and Node say of themselves: CPU, memory, open files, lag of the event loop. */
export function openSeries(): Series {
  const registry = emptySeries();
  collectDefaultMetrics({
    register: registry as unknown as Registry,
    eventLoopMonitoringPrecision: lagSampling,
  });
  for (const name of misnamed) registry.removeSingleMetric(name);
  for (const lag of lags) correctLag(registry.getSingleMetric(`nodejs_eventloop_lag_${lag}_seconds`));
  return registry;
}

/** What Node measures is the time between two samples (perf_hooks, monitorEventLoopDelay), of which the sampling's own is none. */
function correctLag(gauge: unknown): void {
  if (!(gauge instanceof Gauge)) return;
  const set = gauge.set.bind(gauge) as (labels: object, seconds: number) => void;
  const corrected = (labels: object, seconds: number): void => {
    const lag = seconds - lagSampling / 1_000;
    set(labels, lag > 0 && lag < longestLag ? lag : 0);
  };
  Object.assign(gauge, { set: corrected });
}

export function emptySeries(): Series {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** What a client is given. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** All series as they are now, in the format that an `Accept` header prefers: exemplars are in OpenMetrics alone. */
export async function expose(series: Series, accept?: string): Promise<Exposition> {
  const open = prefersOpenMetrics(accept ?? '');
  const view = new Registry<RegistryContentType>();
  view.setContentType(open ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
  const parts: string[] = [];
  let began = performance.now();
  for (const metric of series.getMetricsAsArray()) {
    // In OpenMetrics the counter `x` has the series `x_total`. The metric keeps its name; an heir is written.
    const bare = open && String(metric.type) === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
    const heir = Object.assign(Object.create(metric), { name: bare });
    view.registerMetric(heir);
    parts.push(await view.getSingleMetricAsString(bare));
    if (performance.now() - began < longestTurn) continue;
    await nextTurn();
    began = performance.now();
  }
  const text = open ? `${parts.join('\n')}\n# EOF\n` : `${parts.join('\n\n')}\n`;
  return { contentType: view.contentType, text };
}

/** RFC 9110, 12.5.1. Who does not name it, such as a browser, gets plain text. */
function prefersOpenMetrics(accept: string): boolean {
  const open = weightOf(accept, 'application/openmetrics-text');
  return open > 0 && open >= weightOf(accept, 'text/plain');
}

/** The highest weight that a header gives a type by its name. */
function weightOf(accept: string, type: string): number {
  const weights = accept
    .toLowerCase()
    .split(',')
    .flatMap((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
      if (name !== type) return [];
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return [weight === undefined ? 1 : Number(weight.slice(2))];
    });
  return Math.max(0, ...weights.filter((weight) => !Number.isNaN(weight)));
}

/** What many series have in common is read once a scrape, and holds for a moment. */
export function oncePerScrape<Value>(read: () => Value): () => Value {
  let known: { readonly value: Value; readonly at: number } | null = null;
  return () => {
    const now = performance.now();
    if (known === null || now - known.at > sameScrape) known = { value: read(), at: now };
    return known.value;
  };
}

/**
 * The dashboard's panels with what a Prometheus holds, as a page: for the README, and to look at panels without a Grafana.
 * `node observability/picture.ts http://127.0.0.1:9090 30 >page.html` shows the last thirty minutes.
 */
import { type Panel, type Query, rows } from './dashboard.ts';

/** What a query gave: its name as the legend has it, its labels, and values over time (seconds, number). */
interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: number])[];
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

/** Points of a line. */
const points = 120;
const colours = ['#3274d9', '#e0752d', '#299c46', '#a352cc', '#c4162a', '#0a9396', '#b5a61f', '#705da0'];

/** An expression as Grafana would send it: every host and jail, and a rate over four points. */
function asked(expr: string, rate: string): string {
  return expr.replaceAll('$instance', '.*').replaceAll('$jail', '.*').replaceAll('$__rate_interval', rate);
}

/** The answer of Prometheus to a GET of this path, as text. */
type Ask = (path: string) => Promise<string>;

/** What a query gives over a time. @throws Error where Prometheus does not take it */
export async function seriesOf(ask: Ask, query: Query, window: Window): Promise<Series[]> {
  const rate = `${Math.max(60, window.step * 4)}s`;
  const asking = new URLSearchParams({
    query: asked(query.expr, rate),
    start: String(window.from),
    end: String(window.to),
    step: String(window.step),
  });
  const answer = JSON.parse(await ask(`/api/v1/query_range?${asking}`)) as Answer;
  if (answer.status !== 'success') throw new Error(`${query.expr}: ${answer.error}`);
  return answer.data.result.map(({ metric, values }) => ({
    name: (query.legend ?? '').replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    labels: metric,
    values: values.map(([at, value]) => [at, Number(value)] as const),
  }));
}

/** The whole dashboard as a page of HTML. */
export async function picture(ask: Ask, minutes: number): Promise<string> {
  const to = Date.now() / 1_000;
  const window = { from: to - minutes * 60, to, step: Math.max(1, Math.round((minutes * 60) / points)) };
  const parts: string[] = [];
  for (const { title, panels } of rows) {
    parts.push(`<h2>${escaped(title)}</h2>`);
    for (const panel of panels) {
      const series: Series[][] = [];
      for (const query of panel.queries) series.push(await seriesOf(ask, query, window));
      parts.push(
        `<section style="grid-column: span ${panel.width}"><h3>${escaped(panel.title)}</h3>${drawn(panel, series, window)}</section>`,
      );
    }
  }
  return `<!doctype html><meta charset="utf-8"><title>Bailiff</title><style>${style}</style><main>${parts.join('\n')}</main>`;
}

function drawn(panel: Panel, series: readonly Series[][], window: Window): string {
  const all = series.flat();
  if (all.length === 0) return '<p class="none">nothing yet</p>';
  switch (panel.draw) {
    case 'stat':
      return stat(panel, last(all[0]));
    case 'bargauge':
      return bars(panel, all);
    case 'table':
      return table(panel, series);
    case 'state-timeline':
      return states(panel, all, window);
    case 'timeseries':
      return lines(panel, all, window);
  }
}

function stat({ unit, limits }: Panel, value: number): string {
  const good =
    limits === undefined || (limits.green > limits.red ? value >= limits.green : value < limits.red);
  return `<p class="stat ${limits === undefined ? '' : good ? 'good' : 'bad'}">${shown(value, unit)}</p>`;
}

function bars({ unit }: Panel, all: readonly Series[]): string {
  const most = Math.max(...all.map(last), 1);
  return all
    .map((each) => {
      const share = (last(each) / most) * 100;
      return `<div class="bar"><i style="width: ${share.toFixed(1)}%"></i><b>${escaped(each.name)}</b><span>${shown(last(each), unit)}</span></div>`;
    })
    .join('');
}

/** A line for each jail, a column for each query. */
function table({ queries, unit }: Panel, series: readonly Series[][]): string {
  const heads = ['jail', ...queries.map(({ legend }) => legend ?? '')].map(
    (head) => `<th>${escaped(head)}</th>`,
  );
  const jails = [...new Set(series.flat().map(({ labels }) => labels['jail'] ?? ''))].sort();
  const body = jails.map((jail) => {
    const values = series.map((each) =>
      shown(last(each.find(({ labels }) => labels['jail'] === jail)), unit),
    );
    return `<tr>${[escaped(jail), ...values].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<table><tr>${heads.join('')}</tr>${body.join('')}</table>`;
}

/** Where no is no fault, it is not red. */
function states({ limits }: Panel, all: readonly Series[], { from, to }: Window): string {
  const no = limits === undefined ? 'no' : 'bad';
  const place = (at: number): number => ((at - from) / (to - from)) * 100;
  return all
    .map(({ name, values }) => {
      const blocks = values.map(([at, value], index) => {
        const end = values[index + 1]?.[0] ?? to;
        return `<i style="left: ${place(at).toFixed(2)}%; width: ${(place(end) - place(at) + 0.05).toFixed(2)}%" class="${value >= 1 ? 'good' : no}"></i>`;
      });
      return `<div class="state"><b>${escaped(name)}</b><div>${blocks.join('')}</div></div>`;
    })
    .join('');
}

function lines({ unit, stacked }: Panel, all: readonly Series[], { from, to }: Window): string {
  const [width, height] = [600, 150];
  const layers = stacked ? stack(all) : all;
  const most = Math.max(
    ...layers.flatMap(({ values }) => values.map(([, value]) => value)).filter(Number.isFinite),
    1e-9,
  );
  const x = (at: number): string => (((at - from) / (to - from)) * width).toFixed(1);
  const y = (value: number): string => (height - (Math.max(0, value) / most) * (height - 10)).toFixed(1);
  const paths = layers.map(({ values }, index) => {
    const known = values.filter(([, value]) => Number.isFinite(value));
    const colour = colours[index % colours.length];
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${known.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}"/>`;
  });
  const legend = all.map(
    ({ name }, index) =>
      `<span><i style="background: ${colours[index % colours.length]}"></i>${escaped(name)}</span>`,
  );
  const times = [from, to].map((at) => `<span>${new Date(at * 1_000).toISOString().slice(11, 16)}</span>`);
  return (
    `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${paths.join('')}</svg>` +
    `<p class="most">${shown(most, unit)}</p><p class="times">${times.join('')}</p><p class="legend">${legend.join('')}</p>`
  );
}

/** Each upon those before. */
function stack(all: readonly Series[]): Series[] {
  const sums = new Map<number, number>();
  return all.map(({ values, ...rest }) => ({
    ...rest,
    values: values.map(([at, value]) => {
      const sum = (sums.get(at) ?? 0) + (Number.isFinite(value) ? value : 0);
      sums.set(at, sum);
      return [at, sum] as const;
    }),
  }));
}

function last(series: Series | undefined): number {
  return series?.values.at(-1)?.[1] ?? Number.NaN;
}

function shown(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '–';
  switch (unit) {
    case 'bool_yes_no':
      return value >= 1 ? 'Yes' : 'No';
    case 's':
      return value < 0.1
        ? `${(value * 1_000).toFixed(1)} ms`
        : value < 120
          ? `${value.toFixed(1)} s`
          : `${(value / 60).toFixed(0)} min`;
    case 'bytes':
      return value < 1_048_576
        ? `${(value / 1_024).toFixed(0)} KiB`
        : `${(value / 1_048_576).toFixed(0)} MiB`;
    case 'percentunit':
      return `${(value * 100).toFixed(1)} %`;
    case 'pps':
      return `${value.toFixed(1)}/s`;
    default:
      return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
  }
}

/** Names are of jails and sources, which labels of containers may have chosen. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

const style = `
body { margin: 0; background: #111217; color: #d8d9da; font: 13px/1.4 sans-serif; }
main { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; padding: 12px; }
h2 { grid-column: 1 / -1; margin: 8px 0 0; font-size: 15px; }
h3 { margin: 0 0 6px; font-size: 12px; font-weight: 500; }
section { position: relative; background: #181b1f; border: 1px solid #25282e; border-radius: 3px; padding: 8px; min-height: 60px; }
svg { width: 100%; height: 150px; display: block; border-bottom: 1px solid #25282e; }
.stat { margin: 0; padding: 10px 0; text-align: center; font-size: 26px; border-radius: 3px; }
.good { background: #1f7a3a; } .bad { background: #a3202e; } .no { background: #44484f; }
.most { position: absolute; top: 26px; left: 10px; margin: 0; color: #8e8e8e; font-size: 11px; }
.times { display: flex; justify-content: space-between; margin: 2px 0 0; color: #8e8e8e; font-size: 11px; }
.legend { margin: 4px 0 0; } .legend span { margin-right: 12px; white-space: nowrap; }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 5px; vertical-align: middle; }
.bar { position: relative; height: 24px; margin: 4px 0; background: #22252b; }
.bar i { position: absolute; inset: 0 auto 0 0; background: #3274d9; opacity: .55; }
.bar b, .bar span { position: absolute; top: 3px; font-weight: 400; } .bar b { left: 8px; } .bar span { right: 8px; }
.state { display: flex; align-items: center; margin: 4px 0; } .state b { width: 40%; font-weight: 400; }
.state div { position: relative; flex: 1; height: 16px; } .state i { position: absolute; top: 0; bottom: 0; }
table { width: 100%; border-collapse: collapse; } th, td { text-align: left; padding: 3px 6px; border-bottom: 1px solid #25282e; }
.none { color: #8e8e8e; }
`;

if (import.meta.main) {
  const [prometheus = 'http://127.0.0.1:9090', minutes = '30'] = process.argv.slice(2);
  const ask = async (path: string) => (await fetch(new URL(path, prometheus))).text();
  process.stdout.write(`${await picture(ask, Number(minutes))}\n`);
}

/**
 * The dashboard for Grafana, from what its panels are: `scripts/docs` writes it to grafana/bailiff.json. A panel says what
 * to ask, in what unit, and how it is drawn; Grafana's long form is made here.
 */
import { writeFileSync } from 'node:fs';

/** One line of a panel, or one number. */
export interface Query {
  readonly expr: string;
  /** `{{jail}}` stands for a label. */
  readonly legend?: string;
}

type Drawing = 'stat' | 'timeseries' | 'table' | 'state-timeline' | 'bargauge';

export interface Panel {
  readonly title: string;
  readonly says: string;
  readonly draw: Drawing;
  /** A unit of Grafana's: `short`, `s`, `bytes`, `ops` … */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** From which value on it is yellow, and red. `[1, null]`: red below 1. */
  readonly limits?: { readonly green: number; readonly red: number };
  readonly stacked?: true;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const here = '{instance=~"$instance"}';
const jails = '{instance=~"$instance", jail=~"$jail"}';

/** The daemon reads the kernel's counters twice a minute: over less than some minutes a rate of them would go up and down. */
const droppedRate = `rate(bailiff_dropped_packets_total${here}[5m])`;

const quantile = (share: number, histogram: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (le${by}) (rate(${histogram}_bucket${here}[$__rate_interval])))`;

const percentiles = (histogram: string): Query[] => [
  { expr: quantile(0.5, histogram), legend: 'half of them' },
  { expr: quantile(0.99, histogram), legend: '99 of 100' },
];

export const rows: readonly Row[] = [
  {
    title: 'At a glance',
    panels: [
      {
        title: 'Ready',
        says: 'Whether everything that should hold holds, on every host that is chosen; no also where one does not answer. `bailiff status` says what does not.',
        draw: 'stat',
        unit: 'bool_yes_no',
        width: 4,
        queries: [
          { expr: `min(bailiff_ready${here} or up{job=~".*bailiff.*", instance=~"$instance"} == 0)` },
        ],
        limits: { green: 1, red: 0 },
      },
      {
        title: 'Bans are dropped by the kernel',
        says: 'Read back from the kernel every few seconds.',
        draw: 'stat',
        unit: 'bool_yes_no',
        width: 4,
        queries: [{ expr: `min(bailiff_enforcing${here})` }],
        limits: { green: 1, red: 0 },
      },
      {
        title: 'Banned now',
        says: 'Bans that stand, of all jails that are chosen.',
        draw: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `sum(bailiff_active_bans${jails})` }],
      },
      {
        title: 'Bans in the last 24 hours',
        says: 'Bans by hand included.',
        draw: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `sum(increase(bailiff_bans_total${jails}[24h]))` }],
      },
      {
        title: 'Packets dropped',
        says: 'Of banned addresses, a second, over five minutes.',
        draw: 'stat',
        unit: 'pps',
        width: 4,
        queries: [{ expr: `sum(${droppedRate})` }],
      },
      {
        title: 'Needs attention',
        says: 'Lines of `bailiff status` that its owner should know, though everything that should hold holds.',
        draw: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `sum(bailiff_warnings${here})` }],
        limits: { green: 0, red: 1 },
      },
    ],
  },
  {
    title: 'Attackers',
    panels: [
      {
        title: 'Attempts',
        says: 'Failures that jails counted, a minute.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `sum by (jail) (rate(bailiff_hits_total${jails}[$__rate_interval])) * 60`,
            legend: '{{jail}}',
          },
        ],
        stacked: true,
      },
      {
        title: 'Bans',
        says: 'A minute.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `sum by (jail) (rate(bailiff_bans_total${jails}[$__rate_interval])) * 60`,
            legend: '{{jail}}',
          },
        ],
        stacked: true,
      },
      {
        title: 'Packets dropped, by hook',
        says: 'Where the packets of banned addresses meet the rules; a second, over five minutes.',
        draw: 'timeseries',
        unit: 'pps',
        width: 12,
        queries: [
          {
            expr: `sum by (hook, family) (${droppedRate})`,
            legend: '{{hook}} {{family}}',
          },
        ],
        stacked: true,
      },
      {
        title: 'Addresses that are watched',
        says: 'They failed at least once within the time of their jail.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [{ expr: `sum by (jail) (bailiff_tracked_addresses${jails})`, legend: '{{jail}}' }],
      },
    ],
  },
  {
    title: 'Jails',
    panels: [
      {
        title: 'Banned now, by jail',
        says: '`bailiff banned --jail NAME` lists them.',
        draw: 'bargauge',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum by (jail) (bailiff_active_bans${jails})`, legend: '{{jail}}' }],
      },
      {
        title: 'In the last 24 hours, by jail',
        says: 'Attempts, bans, and attempts of addresses that are never banned.',
        draw: 'table',
        unit: 'short',
        width: 16,
        queries: [
          { expr: `sum by (jail) (increase(bailiff_hits_total${jails}[24h]))`, legend: 'attempts' },
          { expr: `sum by (jail) (increase(bailiff_bans_total${jails}[24h]))`, legend: 'bans' },
          {
            expr: `sum by (jail) (increase(bailiff_protected_hits_total${jails}[24h]))`,
            legend: 'never banned',
          },
        ],
      },
      {
        title: 'Attempts whose time is off',
        says: 'Older than findtime, which never ban, or of the future, which count as of now: many of fresh lines mean that a clock or a time zone is wrong.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `sum by (jail) (rate(bailiff_stale_hits_total${jails}[$__rate_interval])) * 60`,
            legend: '{{jail}}, too old',
          },
          {
            expr: `sum by (jail) (rate(bailiff_future_hits_total${jails}[$__rate_interval])) * 60`,
            legend: '{{jail}}, of the future',
          },
        ],
      },
      {
        title: 'Sources that are read, by jail',
        says: 'A jail with none sees nothing.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [{ expr: `min by (jail) (bailiff_jail_sources_reading${jails})`, legend: '{{jail}}' }],
      },
    ],
  },
  {
    title: 'Sources',
    panels: [
      {
        title: 'Lines',
        says: 'Judged, a second.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `sum by (source) (rate(bailiff_lines_total${here}[$__rate_interval]))`,
            legend: '{{source}}',
          },
        ],
      },
      {
        title: 'Behind',
        says: 'Bytes that are there and not judged yet.',
        draw: 'timeseries',
        unit: 'bytes',
        width: 12,
        queries: [{ expr: `max by (source) (bailiff_source_lag_bytes${here})`, legend: '{{source}}' }],
      },
      {
        title: 'Since the last line',
        says: 'A source that is silent for unusually long is named by `bailiff status`.',
        draw: 'bargauge',
        unit: 's',
        width: 12,
        queries: [
          {
            expr: `min by (source) (time() - bailiff_source_last_line_timestamp_seconds${here})`,
            legend: '{{source}}',
          },
        ],
      },
      {
        title: 'Not being read',
        says: 'Sources that failed, are silent for unusually long, or wait for something to be there.',
        draw: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          { expr: `sum(bailiff_source_failed${here})`, legend: 'failed' },
          { expr: `sum(bailiff_source_silent${here})`, legend: 'silent' },
          {
            expr: `count(bailiff_source_reading${here}) - sum(bailiff_source_reading${here})`,
            legend: 'not read',
          },
        ],
      },
    ],
  },
  {
    title: 'Enforcement',
    panels: [
      {
        title: 'Rules in place',
        says: 'As they were read back from the kernel, by hook and family.',
        draw: 'state-timeline',
        unit: 'bool_yes_no',
        width: 12,
        queries: [
          {
            expr: `min by (hook, family) (bailiff_enforcement_in_place${here})`,
            legend: '{{hook}} {{family}}',
          },
        ],
        limits: { green: 1, red: 0 },
      },
      {
        title: 'Verified',
        says: 'Where a packet of a banned address was seen to be dropped. Not every hook has a way to try that.',
        draw: 'state-timeline',
        unit: 'bool_yes_no',
        width: 12,
        queries: [
          {
            expr: `min by (hook, family) (bailiff_enforcement_verified${here})`,
            legend: '{{hook}} {{family}}',
          },
        ],
      },
      {
        title: 'In the kernel',
        says: 'Addresses and ranges in its sets, beside the bans that stand. One address may be banned by several jails.',
        draw: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          { expr: `sum(bailiff_kernel_elements${here})`, legend: 'in the kernel' },
          { expr: `sum(bailiff_active_bans${here})`, legend: 'bans' },
        ],
      },
      {
        title: 'Repairs and refusals',
        says: 'In the last hour: what somebody else changed and was put right, and what the packet filter refused.',
        draw: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `sum by (kind) (increase(bailiff_repairs_total${here}[1h]))`,
            legend: 'repaired: {{kind}}',
          },
          {
            expr: `sum by (operation) (increase(bailiff_action_failures_total${here}[1h]))`,
            legend: 'refused: {{operation}}',
          },
        ],
      },
      {
        title: 'Bans without effect',
        says: 'Their addresses go on producing hits: mostly a proxy in between. `bailiff status` names them.',
        draw: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: `sum(bailiff_ineffective_bans${here})`, legend: 'bans' }],
      },
    ],
  },
  {
    title: 'Latency',
    panels: [
      {
        title: 'From the line to the kernel',
        says: 'From reading the line that brought a ban to the packet filter having it.',
        draw: 'timeseries',
        unit: 's',
        width: 8,
        queries: percentiles('bailiff_read_to_kernel_seconds'),
      },
      {
        title: 'From the time in the line to the decision',
        says: 'Many logs have whole seconds only, and some are written late.',
        draw: 'timeseries',
        unit: 's',
        width: 8,
        queries: percentiles('bailiff_detection_delay_seconds'),
      },
      {
        title: 'The packet filter, 99 of 100',
        says: 'What it takes to answer, by what it was asked.',
        draw: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: quantile(0.99, 'bailiff_action_latency_seconds', ', backend, operation'),
            legend: '{{backend}}, {{operation}}',
          },
        ],
      },
    ],
  },
  {
    title: 'The daemon',
    panels: [
      {
        title: 'Memory',
        says: 'Resident.',
        draw: 'timeseries',
        unit: 'bytes',
        width: 6,
        queries: [
          {
            expr: `process_resident_memory_bytes and on (job, instance) bailiff_build_info${here}`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Processor',
        says: 'Of one core.',
        draw: 'timeseries',
        unit: 'percentunit',
        width: 6,
        queries: [
          {
            expr: `rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) bailiff_build_info${here}`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'The database',
        says: 'Its size, and what storing takes.',
        draw: 'timeseries',
        unit: 'bytes',
        width: 6,
        queries: [{ expr: `sum by (instance) (bailiff_database_size_bytes${here})`, legend: '{{instance}}' }],
      },
      {
        title: 'Storing, and what waits for it',
        says: 'A transaction, and the event loop: 99 of 100.',
        draw: 'timeseries',
        unit: 's',
        width: 6,
        queries: [
          { expr: quantile(0.99, 'bailiff_checkpoint_duration_seconds'), legend: 'a transaction' },
          {
            expr: `max(nodejs_eventloop_lag_p99_seconds and on (job, instance) bailiff_build_info${here})`,
            legend: 'the event loop',
          },
        ],
      },
    ],
  },
];

const panelHeight: Readonly<Record<Drawing, number>> = {
  stat: 4,
  timeseries: 8,
  table: 8,
  'state-timeline': 8,
  bargauge: 8,
};

/** As Grafana 10 and later import it. */
export function dashboard(): object {
  const placed: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      id: placed.length + 1,
      gridPos: { x: 0, y, w: 24, h: 1 },
    });
    y += 1;
    let x = 0;
    let high = 0;
    for (const panel of panels) {
      if (x + panel.width > 24) {
        x = 0;
        y += high;
        high = 0;
      }
      const h = panelHeight[panel.draw];
      placed.push({ ...grafanaPanel(panel), id: placed.length + 1, gridPos: { x, y, w: panel.width, h } });
      x += panel.width;
      high = Math.max(high, h);
    }
    y += high;
  }
  return {
    uid: 'bailiff',
    title: 'Bailiff',
    description: 'Who attacks, who is shut out, and whether that holds.',
    tags: ['bailiff', 'security'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    timezone: '',
    templating: {
      list: [
        datasource,
        variable('instance', 'Host', 'bailiff_build_info'),
        variable('jail', 'Jail', 'bailiff_active_bans{instance=~"$instance"}'),
      ],
    },
    annotations: { list: [] },
    links: [],
    panels: placed,
  };
}

const source = { type: 'prometheus', uid: '$datasource' };

const datasource = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  current: {},
  hide: 0,
};

function variable(label: string, title: string, series: string): object {
  const query = `label_values(${series}, ${label})`;
  return {
    name: label,
    label: title,
    type: 'query',
    datasource: source,
    definition: query,
    query: { query, refId: label },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
    sort: 1,
    hide: 0,
  };
}

function grafanaPanel({ title, says, draw, unit, queries, limits, stacked }: Panel): object {
  const instant = draw === 'stat' || draw === 'table' || draw === 'bargauge';
  return {
    type: draw,
    title,
    description: says,
    datasource: source,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: source,
      expr,
      legendFormat: legend ?? '',
      instant,
      range: !instant,
      ...(draw === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(unit === 'short' && (draw === 'stat' || draw === 'table') ? { decimals: 0 } : {}),
        ...(draw === 'timeseries'
          ? {
              min: 0,
              custom: {
                fillOpacity: stacked ? 25 : 5,
                showPoints: 'never',
                stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
              },
            }
          : {}),
        color: { mode: limits === undefined ? 'palette-classic' : 'thresholds' },
        ...(limits === undefined ? {} : { thresholds: thresholdsOf(limits) }),
      },
      overrides: [],
    },
    options: optionsOf(draw),
    ...(draw === 'table'
      ? {
          transformations: [
            { id: 'merge', options: {} },
            { id: 'organize', options: tableOf(queries) },
          ],
        }
      : {}),
  };
}

/** The lower of the two is where a colour begins; below it is the other. */
function thresholdsOf({ green, red }: { readonly green: number; readonly red: number }): object {
  const steps =
    green > red
      ? [
          { color: 'red', value: null },
          { color: 'green', value: green },
        ]
      : [
          { color: 'green', value: null },
          { color: 'red', value: red },
        ];
  return { mode: 'absolute', steps };
}

function optionsOf(draw: Drawing): object {
  switch (draw) {
    case 'stat':
      return {
        reduceOptions: { calcs: ['lastNotNull'] },
        colorMode: 'background',
        graphMode: 'none',
        textMode: 'value',
      };
    case 'bargauge':
      return { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal', displayMode: 'basic' };
    case 'state-timeline':
      return { mergeValues: true, showValue: 'never', legend: { displayMode: 'list', placement: 'bottom' } };
    case 'table':
      return { showHeader: true };
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom' },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
  }
}

/** Grafana calls the values of several queries `Value #A`, `Value #B` … */
function tableOf(queries: readonly Query[]): object {
  const names = queries.map(({ legend }, index) => [
    `Value #${String.fromCharCode(65 + index)}`,
    legend ?? '',
  ]);
  return { excludeByName: { Time: true }, renameByName: { jail: 'jail', ...Object.fromEntries(names) } };
}

if (import.meta.main) {
  const path = new URL('grafana/bailiff.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(dashboard(), null, 2)}\n`);
}

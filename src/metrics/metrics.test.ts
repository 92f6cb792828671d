import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { rows } from '../../observability/dashboard.ts';
import { readExpression } from '../../test/setup/promql.ts';
import { registerEnforcement } from './enforcement.ts';
import { emptySeries, expose, type Series } from './exposition.ts';
import { registerFail2ban } from './fail2ban.ts';
import { registerJails } from './jails.ts';
import { others } from './label-values.ts';
import { Metrics } from './metrics.ts';
import { describedSeries, generatedMark, metricsReference } from './reference.ts';
import { SourceCounters } from './source-counters.ts';

const openMetrics =
  'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const fileOf = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** The lines of one series, as text. */
async function linesOf(series: Series, name: string): Promise<string[]> {
  const { text } = await expose(series);
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('a jail has its counters from its first moment to its last', async () => {
  const metrics = new Metrics();
  const ofJail = async () =>
    (await linesOf(metrics.series, 'bailiff_')).filter((line) => line.includes('jail="web"'));
  metrics.begunJail('web');
  assert.deepEqual(await ofJail(), [
    'bailiff_hits_total{jail="web"} 0',
    'bailiff_protected_hits_total{jail="web"} 0',
    'bailiff_stale_hits_total{jail="web"} 0',
    'bailiff_future_hits_total{jail="web"} 0',
    'bailiff_bans_total{jail="web"} 0',
    'bailiff_unbans_total{jail="web",reason="expired"} 0',
    'bailiff_unbans_total{jail="web",reason="manual"} 0',
    'bailiff_unbans_total{jail="web",reason="protected"} 0',
  ]);
  metrics.bans.inc({ jail: 'web' });
  metrics.unbans.inc({ jail: 'web', reason: 'expired' });
  metrics.begunJail('web');
  assert.ok(
    (await ofJail()).includes('bailiff_bans_total{jail="web"} 1'),
    'a jail that is made anew counts on',
  );
  metrics.forgetJail('web');
  assert.deepEqual(await ofJail(), []);
});

test('so many sources have series of their own; the rest share one, until there is room', async () => {
  const series = emptySeries();
  const counters = new SourceCounters(series, 2);
  for (const source of ['a', 'b', 'c', 'd']) counters.opened(source);
  for (const source of ['a', 'c', 'd']) counters.judged({ source, lines: 2, bytes: 9, oversize: 0 });
  assert.deepEqual(await linesOf(series, 'bailiff_lines_total'), [
    'bailiff_lines_total{source="a"} 2',
    'bailiff_lines_total{source="b"} 0',
    `bailiff_lines_total{source="${others}"} 4`,
  ]);
  counters.closed('b');
  counters.gap('c');
  assert.deepEqual(await linesOf(series, 'bailiff_gaps_total'), [
    'bailiff_gaps_total{source="a"} 0',
    `bailiff_gaps_total{source="${others}"} 0`,
    'bailiff_gaps_total{source="c"} 1',
  ]);
});

test('OpenMetrics for who prefers it, with a ban as an exemplar; text for all others, also after that', async () => {
  const metrics = new Metrics();
  metrics.inKernel({ jail: 'sshd', address: '203.0.113.7' }, 0.002);
  metrics.decided({ jail: 'sshd', address: '203.0.113.7' }, 100, 101.5);
  metrics.inKernel({ jail: 'j'.repeat(64), address: `2001:db8:${'1234:'.repeat(5)}5678` }, 3);
  metrics.inKernel({ jail: `${'j'.repeat(64)}@${'c'.repeat(64)}`, address: '203.0.113.8' }, 20);
  metrics.hits.inc({ jail: 'a"\\\n\u001b' });
  for (const accept of [
    undefined,
    '*/*',
    'text/html',
    'text/plain;q=1, application/openmetrics-text;q=0.2',
  ]) {
    const { contentType, text } = await expose(metrics.series, accept);
    assert.match(contentType, /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^# TYPE bailiff_hits_total counter$/m);
    assert.ok(text.includes('\nbailiff_hits_total{jail="a\\"\\\\\\n\u001b"} 1\n'));
    assert.doesNotMatch(text, / # \{/);
    const open = await expose(metrics.series, openMetrics);
    assert.match(open.contentType, /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(open.text, /^# TYPE bailiff_hits counter$/m);
    assert.match(open.text, /^bailiff_hits_total\{/m);
    assert.match(
      open.text,
      /^bailiff_read_to_kernel_seconds_bucket\{le="0.0025"\} 1 # \{jail="sshd",address="203\.0\.113\.7"\} 0\.002 \d/m,
    );
    assert.match(
      open.text,
      /_delay_seconds_bucket\{le="2"\} 1 # \{jail="sshd",address="203\.0\.113\.7"\} 1\.5 /,
    );
    assert.match(open.text, /\{le="\+Inf"\} 3 # \{address="203\.0\.113\.8"\} 20 /, 'a long jail is left out');
    assert.match(open.text, /# EOF\n$/);
  }
});

test('the lag of the event loop is what holds it up, without the time between two samples', async () => {
  const { series } = new Metrics();
  await setTimeout(600);
  const [least = ''] = await linesOf(series, 'nodejs_eventloop_lag_min_seconds');
  const lag = Number(least.split(' ')[1]);
  assert.ok(lag < 0.2, least);
});

test('enforcement has one state, and each hook its own; every jail says how many bans it has', async () => {
  const series = emptySeries();
  const state = {
    backend: 'iptables',
    state: 'degraded',
    hooks: [{ name: 'INPUT', family: 6, ok: false, verified: false }],
    dropped: [{ hook: 'INPUT', family: 4, packets: 3, bytes: 180 }],
    elements: 2,
    lastReconcile: null,
  } as const;
  registerEnforcement(series, { enforcement: () => state, expected: true, ineffective: () => 1 });
  const jail = { name: 'web', active: 0, tracked: 4, evicted: 0, reading: 0 };
  registerJails(
    series,
    () => [jail, { ...jail, name: 'recidive', reading: null }],
    () => [['gone', 2]],
    () => [['gone', 1]],
  );
  const lines = await linesOf(series, 'bailiff_');
  for (const line of [
    'bailiff_enforcing 0',
    'bailiff_enforcement_expected 1',
    'bailiff_enforcement_state{backend="iptables",state="degraded"} 1',
    'bailiff_enforcement_state{backend="iptables",state="enforcing"} 0',
    'bailiff_enforcement_in_place{hook="INPUT",family="ipv6"} 0',
    'bailiff_dropped_bytes_total{hook="INPUT",family="ipv4"} 180',
    'bailiff_ineffective_bans 1',
    'bailiff_active_bans{jail="web"} 0',
    'bailiff_active_bans{jail="gone"} 2',
    'bailiff_permanent_bans{jail="gone"} 1',
    'bailiff_tracked_addresses{jail="web"} 4',
  ])
    assert.ok(lines.includes(line), line);
  assert.ok(!lines.some((line) => line.startsWith('bailiff_last_reconcile')));
  assert.deepEqual(await linesOf(series, 'bailiff_jail_sources_reading'), [
    'bailiff_jail_sources_reading{jail="web"} 0',
  ]);
});

test('the names of the fail2ban exporter, for dashboards made for it', async () => {
  const series = emptySeries();
  const jail = {
    name: 'sshd',
    active: 2,
    bans: 9,
    tracked: 4,
    hits: 50,
    bantime: 600,
    findtime: 300,
    maxretry: 5,
  };
  registerFail2ban(series, '1.2.3', () => [jail, { ...jail, name: 'recidive', bantime: null }]);
  const lines = await linesOf(series, 'f2b_');
  assert.deepEqual(
    lines.filter((line) => !line.includes('recidive')),
    [
      'f2b_up 1',
      'f2b_jail_count 2',
      'f2b_errors{type="db"} 0',
      'f2b_errors{type="socket_conn"} 0',
      'f2b_errors{type="socket_req"} 0',
      'f2b_version{exporter="1.2.3",fail2ban="1.2.3"} 1',
      'f2b_jail_banned_current{jail="sshd"} 2',
      'f2b_jail_banned_total{jail="sshd"} 9',
      'f2b_jail_failed_current{jail="sshd"} 4',
      'f2b_jail_failed_total{jail="sshd"} 50',
      'f2b_config_jail_ban_time{jail="sshd"} 600',
      'f2b_config_jail_find_time{jail="sshd"} 300',
      'f2b_config_jail_max_retries{jail="sshd"} 5',
    ],
  );
  assert.ok(lines.includes('f2b_config_jail_ban_time{jail="recidive"} -1'));
});

test('docs/metrics.md is as scripts/docs writes it; no label holds what clients choose', () => {
  const page = fileOf('docs/metrics.md');
  assert.equal(page.slice(page.indexOf(generatedMark)), metricsReference());
  const labels = new Set(
    describedSeries()
      .filter(({ name }) => name.startsWith('bailiff_'))
      .flatMap(({ labelNames }) => labelNames),
  );
  const bounded = ['jail', 'source', 'container', 'notifier', 'filter', 'expression', 'restraint', 'reason'];
  const fixed = ['backend', 'operation', 'kind', 'direction', 'state', 'hook', 'family', 'version', 'node'];
  assert.deepEqual([...labels].sort(), [...bounded, ...fixed].sort());
});

test('expressions are read as far as names go', () => {
  const text =
    'sum by (jail) (rate(bailiff_x_total{jail!="a{}", source=~"b,c"}[5m:1m] offset 1h)) / on (instance) group_left (node) up > bool 0.5e3 unless y{z=""}';
  assert.deepEqual(readExpression(text), {
    selectors: [
      { metric: 'bailiff_x_total', labels: ['jail', 'source'] },
      { metric: 'up', labels: [] },
      { metric: 'y', labels: ['z'] },
    ],
    grouping: ['jail', 'instance', 'node'],
  });
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

const rules = (parse(fileOf('observability/alerts.yaml')).groups as { rules: Rule[] }[]).flatMap(
  (group) => group.rules,
);

/** What Prometheus itself adds to what it scrapes. */
const targets = ['job', 'instance'];
/** And its operator, in a cluster. */
const ofPods = ['namespace', 'pod'];

const exported = new Map(describedSeries().map(({ name, type, labelNames }) => [name, { type, labelNames }]));

/** The labels that an expression may speak of. It fails where a series or a label of it is none that is exported. */
function labelsIn(expression: string, where: string): ReadonlySet<string> {
  const { selectors, grouping } = readExpression(expression);
  const available = new Set(targets);
  assert.ok(selectors.length > 0, where);
  for (const { metric, labels } of selectors) {
    const series = exported.get(metric) ?? exported.get(metric.replace(/_(?:bucket|sum|count)$/, ''));
    assert.ok(metric === 'up' || series !== undefined, `${where}: ${metric} is not exported`);
    if (series?.type === 'histogram') {
      assert.match(metric, /_(?:bucket|sum|count)$/, where);
      available.add('le');
    }
    const own = [...targets, ...(series?.labelNames ?? [])];
    for (const label of own) available.add(label);
    for (const label of labels) assert.ok(own.includes(label), `${where}: ${metric} has no label ${label}`);
  }
  for (const label of grouping) assert.ok(available.has(label), `${where}: no label ${label}`);
  return available;
}

test('each alert reads series and labels that are exported, and leads to a command and a page', () => {
  const runbooks = fileOf('docs/runbooks.md');
  const commands = [...fileOf('docs/commands.md').matchAll(/^## (bailiff .+)$/gm)];
  assert.equal(rules.length, 24);
  for (const { alert, expr, labels, annotations } of rules) {
    const available = labelsIn(expr, alert);
    const { summary, description, runbook_url: page } = annotations;
    for (const [, label = ''] of `${summary}${description}`.matchAll(/\$labels\.(\w+)/g))
      assert.ok(available.has(label) || ofPods.includes(label), `${alert}: no label ${label}`);
    assert.match(labels.severity, /^(critical|warning|info)$/, alert);
    const next =
      description.split(' Run next: ')[1]?.replace(/^\{\{ if .*\{\{ else \}\}(.*)\{\{ end \}\}$/, '$1') ?? '';
    assert.match(next, /^[a-z]+ \S.*[^.]$/, alert);
    const known = commands.some(([, command = '']) => next.startsWith(command));
    assert.ok(known || !next.startsWith('bailiff'), next);
    assert.equal(page, `docs/runbooks.md#${alert.toLowerCase()}`);
    assert.ok(runbooks.includes(`\n## ${alert}\n`), `${alert} has no section in docs/runbooks.md`);
  }
});

test('each panel of the dashboard does so, too', () => {
  const panels = rows.flatMap((row) => row.panels);
  assert.ok(panels.length > 0);
  for (const { title, queries } of panels) for (const { expr } of queries) labelsIn(expr, title);
});

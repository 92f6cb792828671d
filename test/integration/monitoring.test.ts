import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parse } from 'yaml';
import { dashboard, rows } from '../../observability/dashboard.ts';
import { picture, seriesOf } from '../../observability/picture.ts';
import { folderOf } from '../setup/folder.ts';
import { readExpression } from '../setup/promql.ts';
import { Remote } from './enforce-remote.ts';
import { cable, Namespace } from './namespace.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const alertsFile = pathOf('observability/alerts.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  for?: string;
}
interface Rules {
  readonly groups: readonly { interval?: string; readonly rules: readonly Rule[] }[];
}
const rulesOf = (): Rules => parse(readFileSync(alertsFile, 'utf8')) as Rules;

/** As Alertmanager's webhook has it. */
interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const [daemonPort, prometheusPort, alertmanagerPort, webhookPort, servicePort] = [
  9798, 9090, 9093, 9099, 1022,
];
const alertmanager = `http://127.0.0.1:${alertmanagerPort}`;
const hostAddress = '192.0.2.1';
/** Of 198.18.0.0/16. */
const neighbour = '198.18.200.7';
const attackers = Array.from({ length: 600 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);

/** What a healthy daemon does not export. */
const absentWhenWell: ReadonlySet<string> = new Set([
  'bailiff_label_errors',
  'bailiff_expression_set_aside',
  'bailiff_expression_timeouts_total',
  'bailiff_source_skew_seconds',
]);

/** Everything listens in a namespace of its own, where the packet filter is real and nobody else's. */
describe('Prometheus and Alertmanager beside a daemon', { concurrency: false }, () => {
  const folder = folderOf({ 'auth.log': '' });
  const at = (name: string): string => join(folder, name);
  const running: { kill(signal: 'SIGKILL'): void; readonly ended: Promise<unknown> }[] = [];
  let host: Namespace;
  let outside: Namespace;
  let inside: Remote;
  let botnet: Remote;

  before(async () => {
    [host, outside] = await Promise.all([Namespace.create(), Namespace.create()]);
    const [own, others] = [hostAddress, '192.0.2.2'];
    await cable(host, outside, 'out', { near: [`${own}/24`], far: [`${others}/24`] });
    await outside.must('ip', 'route', 'add', 'local', '198.18.0.0/16', 'dev', 'lo');
    await host.must('ip', 'route', 'add', '198.18.0.0/16', 'via', others);
    inside = new Remote(host, [], './monitoring-driver.ts');
    botnet = new Remote(outside, [], './monitoring-driver.ts');
    await inside.call('listen', webhookPort);
    await inside.call('serve', servicePort, at('auth.log'));
    breakable('iptables-nft-restore', 'ip6tables-nft-restore');
    start(pathOf('bin/bailiff'), ['run'], {
      PATH: `${at('bin')}:${process.env['PATH']}:/usr/sbin:/sbin`,
      BAILIFF_STATE_DIR: at('state'),
      BAILIFF_SOCKET: at('bailiff.sock'),
      BAILIFF_CONFIG: '',
      BAILIFF_DOCKER: 'false',
      BAILIFF_ENFORCE: 'iptables',
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: at('auth.log'),
      BAILIFF_JAIL_SSHD_MAXRETRY: '1',
      BAILIFF_FAIL2BAN_METRICS: 'true',
      BAILIFF_LOG_LEVEL: 'error',
    });
    monitor();
    await until(
      'the daemon enforces, as Prometheus sees it',
      async () => (await value('bailiff_enforcing')) === 1,
    );
    await until('it reads', async () => (await value('bailiff_jail_sources_reading{jail="sshd"}')) === 1);
  });

  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    await Promise.all([inside.end(), botnet.end()]);
    await Promise.all([host.remove(), outside.remove()]);
  });

  /** Programs that refuse their work while there is a file called `broken`. */
  function breakable(...programs: string[]): void {
    mkdirSync(at('bin'));
    for (const program of programs) {
      const script = `#!/bin/sh\n[ ! -e ${at('broken')} ] || { echo broken by a test >&2; exit 4; }\nexec /usr/sbin/${program} "$@"\n`;
      writeFileSync(at(`bin/${program}`), script);
      chmodSync(at(`bin/${program}`), 0o755);
    }
  }

  function start(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const [program, ...rest] = host.entering(file, args);
    const child = execa(program, rest, {
      env,
      reject: false,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
    });
    running.push({ kill: (signal) => child.kill(signal), ended: child });
  }

  /** The shipped rules, but for how long something must be so. */
  function monitor(): void {
    const rules = rulesOf();
    for (const group of rules.groups) {
      group.interval = '500ms';
      for (const rule of group.rules) delete rule.for;
    }
    writeFileSync(at('rules.yaml'), JSON.stringify(rules));
    const targets = (port: number) => [{ targets: [`127.0.0.1:${port}`] }];
    const prometheus = {
      global: { scrape_interval: '500ms', evaluation_interval: '500ms' },
      rule_files: [at('rules.yaml')],
      alerting: { alertmanagers: [{ static_configs: targets(alertmanagerPort) }] },
      scrape_configs: [{ job_name: 'bailiff', static_configs: targets(daemonPort) }],
    };
    writeFileSync(at('prometheus.yaml'), JSON.stringify(prometheus));
    start('prometheus', [
      `--config.file=${at('prometheus.yaml')}`,
      `--storage.tsdb.path=${at('prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ]);
    const shipped = parse(readFileSync(pathOf('observability/alertmanager.yaml'), 'utf8'));
    const configuration = {
      ...shipped,
      route: { ...shipped.route, group_wait: '0s', group_interval: '500ms' },
      receivers: [{ name: 'owner', webhook_configs: [{ url: `http://127.0.0.1:${webhookPort}/` }] }],
    };
    writeFileSync(at('alertmanager.yaml'), JSON.stringify(configuration));
    start('prometheus-alertmanager', [
      `--config.file=${at('alertmanager.yaml')}`,
      `--storage.path=${at('alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ]);
  }

  const exported = (accept?: string): Promise<string> =>
    inside.call('get', `http://127.0.0.1:${daemonPort}/metrics`, accept);

  async function prometheus<Data>(path: string): Promise<Data> {
    const answer = JSON.parse(await inside.call('get', `http://127.0.0.1:${prometheusPort}/api/v1/${path}`));
    assert.equal(answer.status, 'success', answer.error);
    return answer.data as Data;
  }

  /** What an expression comes to; undefined: nothing, or more than one. */
  async function value(expression: string): Promise<number | undefined> {
    const query = `query?query=${encodeURIComponent(expression)}`;
    const data = await prometheus<{ result: { value: [number, string] }[] }>(query).catch(() => ({
      result: [],
    }));
    const [only] = data.result;
    return data.result.length === 1 ? Number(only?.value[1]) : undefined;
  }

  async function judgedRules(): Promise<{ health: string; lastEvaluation: string }[]> {
    const { groups } = await prometheus<{
      groups: { rules: { health: string; lastEvaluation: string }[] }[];
    }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async function received(alertname: string, status: Alert['status']): Promise<Alert | undefined> {
    const alerts = await inside.call<Alert[]>('received');
    return alerts.find((alert) => alert.labels['alertname'] === alertname && alert.status === status);
  }

  /** Polls: what happens in another process can only be asked for. */
  async function until(what: string, holds: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await holds()) return;
      await setTimeout(100);
    }
    throw new Error(`it never came so far: ${what}`);
  }

  it('the rules are sound, fire when they should, and do not on a host that is well', async () => {
    await execa('promtool', ['check', 'rules', '--lint-fatal', alertsFile]);
    const { stdout } = await execa('promtool', ['test', 'rules', pathOf('observability/alerts.test.yaml')]);
    assert.match(stdout, /SUCCESS/);
    const { tests } = parse(readFileSync(pathOf('observability/alerts.test.yaml'), 'utf8')) as {
      tests: { name: string; input_series: { series: string }[] }[];
    };
    const quiet = tests.filter(({ name }) => /^(?:a healthy host|an ordinary day)/.test(name));
    assert.equal(quiet.length, 2);
    for (const { alert, expr } of rulesOf().groups.flatMap(({ rules }) => rules)) {
      assert.ok(
        tests.some(({ name }) => name.startsWith(`${alert}: `)),
        `${alert} has no test`,
      );
      const read = readExpression(expr).selectors.filter(({ metric }) => !absentWhenWell.has(metric));
      for (const { metric } of read)
        for (const { name, input_series: given } of quiet)
          assert.ok(
            given.some(({ series }) => series.startsWith(`${metric}{`)),
            `${alert}: ${metric} is not in: ${name}`,
          );
    }
  });

  it('what the daemon exports is as Prometheus wants it, and holds all that alerts read', async () => {
    const text = await exported();
    // The names of the fail2ban exporter's series are not as its linter wants them.
    const own = text.replaceAll(/^(?:# (?:HELP|TYPE) )?f2b_.*\n/gm, '');
    await execa('promtool', ['check', 'metrics'], { input: own });
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type]),
    );
    for (const { alert, expr } of rulesOf().groups.flatMap(({ rules }) => rules))
      for (const { metric } of readExpression(expr).selectors) {
        const series = metric === 'up' ? 'bailiff_build_info' : metric.replace(/_bucket$/, '');
        assert.ok(types.has(series), `${alert}: ${metric}`);
      }
    const judged = await judgedRules();
    assert.deepEqual([judged.length, judged.filter(({ health }) => health === 'err')], [24, []]);
  });

  it('no alert fires on a host that nobody attacks, not even for a moment', async () => {
    const began = Date.now();
    await until('all rules were judged since', async () =>
      (await judgedRules()).every(({ lastEvaluation }) => Date.parse(lastEvaluation) > began),
    );
    const firing = 'count(ALERTS{alertstate="firing"}) or vector(0)';
    await until('what the start raised is over', async () => (await value(firing)) === 0);
  });

  it('an attack is seen within a scrape, and a storm of bans raises its alert', async () => {
    const attack = () => botnet.call('attack', attackers, hostAddress, servicePort);
    await until('all are banned', async () => {
      await attack();
      return (await value('bailiff_active_bans{jail="sshd"}')) === attackers.length;
    });
    // A scrape lets lines in between: another series of it may be older.
    for (const series of [
      'bailiff_bans_total{jail="sshd"}',
      'f2b_jail_banned_current{jail="sshd"}',
      'bailiff_detection_delay_seconds_count',
      'bailiff_read_to_kernel_seconds_count',
      'bailiff_kernel_elements',
    ])
      await until(`${series} says so`, async () => (await value(series)) === attackers.length);
    const logged = () => readFileSync(at('auth.log'), 'utf8').trimEnd().split('\n');
    const before = logged().length;
    await attack();
    await botnet.call('attack', [neighbour], hostAddress, servicePort);
    await until('one beside them reaches the service', async () => logged().length > before);
    assert.equal(logged().length, before + 1, 'none of them does any more');
    assert.ok(logged().at(-1)?.includes(neighbour));
    await until('the alert has come', () => received('BailiffBanStorm', 'firing'));
    const storm = await received('BailiffBanStorm', 'firing');
    assert.equal(storm?.annotations['summary'], `Many bans on 127.0.0.1:${daemonPort}`);
    assert.match(storm?.annotations['description'] ?? '', /^Some \d+.* Run next: bailiff top$/);
    const query = 'query_exemplars?query=bailiff_read_to_kernel_seconds_bucket&start=0&end=9999999999';
    const [of] = await prometheus<{ exemplars: { labels: Record<string, string> }[] }[]>(query);
    assert.ok([...attackers, neighbour].includes(of?.exemplars[0]?.labels['address'] ?? ''));
    assert.equal(await received('BailiffNotEnforcing', 'firing'), undefined);
  });

  it('every query of every panel gives numbers, and so does what hosts and jails are chosen from', async () => {
    const ask = (path: string): Promise<string> =>
      inside.call('get', `http://127.0.0.1:${prometheusPort}${path}`);
    const panels = rows.flatMap((row) => row.panels);
    const to = Date.now() / 1_000;
    const empty: string[] = [];
    for (const { title, queries } of panels) {
      for (const query of queries) {
        const series = await seriesOf(ask, query, { from: to - 60, to, step: 1 });
        const numbers = series.flatMap(({ values }) =>
          values.filter(([, number]) => Number.isFinite(number)),
        );
        if (numbers.length === 0) empty.push(`${title}: ${query.expr}`);
      }
    }
    assert.deepEqual(empty, []);
    const page = await picture(ask, 1);
    assert.equal(page.split('<section').length - 1, panels.length);
    assert.doesNotMatch(page, /nothing yet/);
    const variables = (dashboard() as { templating: { list: { type: string; definition?: string }[] } })
      .templating.list;
    const chosen = variables.flatMap(({ definition }) => {
      const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
      return series === undefined ? [] : [{ series: series.replace('$instance', '.*'), label }];
    });
    assert.deepEqual(
      chosen.map(({ label }) => label),
      ['instance', 'jail'],
    );
    for (const { series, label } of chosen) {
      const values = await prometheus<string[]>(
        `label/${label}/values?match[]=${encodeURIComponent(series)}`,
      );
      assert.ok(values.length > 0, series);
    }
  });

  it('rules that are flushed and kept from repair raise an alert, which ends with the repair', async () => {
    writeFileSync(at('broken'), '');
    await host.must('iptables', '-F', 'INPUT');
    await until('the alert has come', () => received('BailiffNotEnforcing', 'firing'));
    const alert = await received('BailiffNotEnforcing', 'firing');
    assert.equal(alert?.labels['severity'], 'critical');
    assert.match(alert?.annotations['description'] ?? '', / Run next: bailiff status$/);
    assert.equal(await value('bailiff_enforcement_in_place{hook="INPUT",family="ipv4"}'), 0);
    assert.equal(await value('bailiff_enforcement_state{state="degraded"}'), 1);
    await until('what follows from it is kept back', async () => {
      const alerts = JSON.parse(await inside.call('get', `${alertmanager}/api/v2/alerts`)) as {
        labels: Record<string, string>;
        status: { inhibitedBy: string[] };
      }[];
      return alerts.some(
        ({ labels, status }) => labels['alertname'] === 'BailiffNotReady' && status.inhibitedBy.length > 0,
      );
    });
    const failures = 'bailiff_action_failures_total{backend="iptables",operation="reconcile"}';
    await until('looks fail', async () => Number(await value(failures)) > 0);
    rmSync(at('broken'));
    await until('it is over', () => received('BailiffNotEnforcing', 'resolved'));
    const repaired = async () => Number(await value('bailiff_repairs_total{kind="rule-missing"}')) > 0;
    await until('the repair is counted', repaired);
    const dropped = 'sum(bailiff_dropped_packets_total{family="ipv4"})';
    await until(
      'so are the packets that were dropped',
      async () => Number(await value(dropped)) >= attackers.length,
    );
    assert.equal(await value('bailiff_enforcing'), 1);
  });
});

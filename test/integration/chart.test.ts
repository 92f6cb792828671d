import assert from 'node:assert/strict';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { chartFiles, chart as chartFolder } from '../../scripts/chart-files.ts';
import { chartValues } from '../../scripts/chart-values.ts';
import { findFilters, shippedFilters } from '../../src/config/filters.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { folderOf } from '../setup/folder.ts';
import { chart, helm, type Manifest, manifests, objectOf, template } from '../setup/helm.ts';
import { problemsOf } from '../setup/kubernetes-schemas.ts';
import { assertGolden } from './golden.ts';

type Values = Readonly<Record<string, unknown>>;

/** Every option at another value than its default, each alone. Together they are every template's every branch. */
const options: Readonly<Record<string, Values>> = {
  registry: {
    image: { repository: 'registry.example.org/bailiff', tag: '1.10', pullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'registry' }],
  },
  digest: { image: { digest: `sha256:${'0'.repeat(64)}` } },
  names: { nameOverride: 'guard', fullnameOverride: 'node-guard' },
  config: {
    config: {
      defaults: { bantime: '1h', ignoreip: '192.0.2.0/24' },
      jails: { sshd: {}, 'nginx-http-auth': { kubernetes: 'shop/web-*/nginx', maxretry: 3 } },
      'max-tracked': 1_000_000,
    },
  },
  filters: { filters: { 'mine.yaml': 'name: mine\n  # odd\n' } },
  env: {
    env: {
      BAILIFF_BANTIME: -1,
      BAILIFF_MAX_TRACKED: 2_000_000,
      BAILIFF_LABELS: false,
      BAILIFF_LOG_LEVEL: 'debug',
    },
  },
  secrets: { secrets: { existingSecret: 'bailiff-secrets', files: { BAILIFF_NOTIFY_CHAT_TOKEN: 'chat' } } },
  networks: { clusterNetworks: ['10.0.0.0/16', 'fd00::/48'] },
  noApi: { api: { enabled: false } },
  noRoles: { rbac: { create: false } },
  node: { metrics: { address: 'node', port: 9799 } },
  nodeIpv6: { metrics: { address: 'node-ipv6' } },
  podMonitor: {
    metrics: {
      address: 'node',
      podMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } },
    },
  },
  serviceMonitor: {
    metrics: { address: 'node', serviceMonitor: { enabled: true, interval: '1m', labels: { release: 'p' } } },
  },
  host: {
    host: {
      logs: '/data/log',
      journal: '/data/journal',
      state: '/data/bailiff',
      xtablesLock: '/var/lock/x',
      localtime: true,
    },
  },
  docker: { docker: { enabled: true, socket: '/var/run/engine/docker.sock' } },
  account: { serviceAccount: { create: false, name: 'mine' } },
  accountNotes: { serviceAccount: { annotations: { 'example.org/a': 'b' } } },
  place: {
    priorityClassName: '',
    tolerations: [],
    nodeSelector: {},
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
    resources: {},
    updateStrategy: { maxUnavailable: '10%', minReadySeconds: 60 },
  },
  pods: {
    seLinuxOptions: { type: 'spc_t' },
    podAnnotations: { 'example.org/a': 'b' },
    podLabels: { team: 'infra' },
    extraVolumes: [{ name: 'more', hostPath: { path: '/srv/log' } }],
    extraVolumeMounts: [{ name: 'more', mountPath: '/srv/log', readOnly: true }],
  },
};

/** With the rules and dashboards that it is packed with, if any. */
const filesInChart = [...chartFiles().keys()];
const shipped = {
  rules: { enabled: filesInChart.includes('files/alerts.yaml') },
  dashboard: { enabled: filesInChart.some((name) => name.startsWith('files/dashboards/')) },
};

/** All that go together. */
const {
  digest: _d,
  noApi: _a,
  noRoles: _r,
  node: _n,
  nodeIpv6: _i,
  serviceMonitor: _s,
  place: _p,
  account: _c,
  ...together
} = options;
const everything = Object.values(together).reduce((all, each) => merged(all, each), {});

function merged(a: Values, b: Values): Values {
  const both = { ...a, ...b };
  for (const key of Object.keys(both)) {
    const [one, other] = [a[key], b[key]];
    if (isMap(one) && isMap(other)) both[key] = merged(one, other);
  }
  return both;
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A PodMonitor has the one, a ServiceMonitor the other. */
type Monitored = Readonly<Partial<Record<'endpoints' | 'podMetricsEndpoints', readonly Endpoint[]>>>;

interface Endpoint {
  readonly relabelings: readonly {
    readonly sourceLabels?: readonly string[];
    readonly targetLabel: string;
    readonly replacement?: string;
  }[];
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: {
    readonly privileged: boolean;
    readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  };
  readonly [key: string]: unknown;
}

interface Pod {
  readonly hostNetwork: boolean;
  readonly containers: readonly [Container];
  readonly [key: string]: unknown;
}

const templateOf = (all: readonly Manifest[]) =>
  (
    objectOf(all, 'DaemonSet')['spec'] as {
      template: { metadata: { annotations: Record<string, string> }; spec: Pod };
    }
  ).template;

describe('the chart', () => {
  test('helm finds no fault with it', async () => {
    const { ok, output, complaint } = await helm(
      ['lint', '--strict', chart, '--values', '-'],
      JSON.stringify(everything),
    );
    assert.ok(ok, output + complaint);
    assert.match(output, /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  test('what is made from other files of the repository is as scripts/docs makes it', () => {
    const made = chartFiles();
    for (const [name, text] of made)
      assert.equal(readFileSync(join(chartFolder, name), 'utf8'), text, `${name}: sh scripts/docs`);
    const copies = globSync('files/**/*.*', { cwd: chartFolder }).sort();
    assert.deepEqual(copies, [...made.keys()].filter((name) => name.startsWith('files/')).sort());
  });

  test('every value has a description', () => {
    const values = chartValues(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'));
    assert.ok(values.length > 40);
    assert.deepEqual(
      values.filter(({ description }) => description === '').map(({ key }) => key),
      [],
    );
  });

  for (const [name, values] of Object.entries({
    default: {},
    everything,
    'service-monitor': merged(options['serviceMonitor'] ?? {}, options['noApi'] ?? {}),
  })) {
    test(`it becomes what it was (${name})`, async () => {
      const { ok, output, complaint } = await template(values);
      assert.ok(ok, complaint);
      // What comes of a change elsewhere, such as of a default, is a change here.
      assertGolden(
        `chart-${name}`,
        output.replace(/helm\.sh\/chart: .*|app\.kubernetes\.io\/version: .*|image: bailiff:.*/g, (line) =>
          line.replace(/\d+\.\d+\.\d+[^"\s]*/, 'VERSION'),
        ),
      );
    });
  }

  test('with each option, and with all of them, it is what the API server takes', async () => {
    const whole = merged(everything, { metrics: shipped });
    const all = [['default', {}], ['everything', whole], ...Object.entries(options)] as const;
    const rendered = await Promise.all(
      all.map(async ([name, values]) => [name, await manifests(values)] as const),
    );
    const [[, plain = []] = []] = rendered;
    assert.deepEqual(await problemsOf(rendered.flatMap(([, objects]) => objects)), []);
    for (const [name, objects] of rendered) {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.equal(new Set(names).size, names.length, name);
      if (name !== 'default') assert.notDeepEqual(objects, plain, `${name} changes something`);
    }
  });

  test('the container may do what it may in compose.yaml, and no more', async () => {
    const compose = parse(readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8')) as {
      services: { bailiff: { cap_add: string[]; cap_drop: string[]; read_only: boolean } };
    };
    const { cap_add: add, cap_drop: drop, read_only: readOnlyRootFilesystem } = compose.services.bailiff;
    for (const values of [{}, everything]) {
      const { spec } = templateOf(await manifests(values));
      const [{ securityContext }] = spec.containers;
      const { capabilities, privileged, ...rest } = securityContext;
      assert.deepEqual([capabilities, privileged], [{ add, drop }, false]);
      const { seLinuxOptions: _, ...others } = rest as { seLinuxOptions?: unknown };
      assert.deepEqual(others, {
        readOnlyRootFilesystem,
        allowPrivilegeEscalation: false,
        runAsUser: 0,
        runAsNonRoot: false,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  });

  test('what it tells Bailiff is a sound configuration, in the environment and in the file', async () => {
    const all = await manifests(everything);
    const [{ env }] = templateOf(all).spec.containers;
    const data = objectOf(all, 'ConfigMap', 'node-guard')['data'] as Record<string, string>;
    const { 'bailiff.yaml': text = '', 'filter-mine.yaml': filter } = data;
    const folder = folderOf({ 'bailiff.yaml': text, secret: 'hush' });
    const environment = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'node-1']));
    const known = {
      ...environment,
      BAILIFF_NOTIFY_CHAT_TOKEN_FILE: join(folder, 'secret'),
      BAILIFF_NOTIFY_CHAT_TYPE: 'webhook',
      BAILIFF_NOTIFY_CHAT_URL: 'http://192.0.2.1/',
    };
    const configuration = await loadConfiguration({
      file: join(folder, 'bailiff.yaml'),
      environment: {
        ...known,
        BAILIFF_LISTEN: environment['BAILIFF_LISTEN']?.replace('$(NODE_ADDRESS)', '192.0.2.7'),
        KUBERNETES_SERVICE_HOST: 'fd00::1',
      },
      knownFilters: await findFilters([shippedFilters]),
    });
    assert.deepEqual(configuration.listen, { host: '192.0.2.7', port: 9798 });
    assert.deepEqual(configuration.kubernetesApi, {
      node: 'node-1',
      server: 'https://[fd00::1]:443',
      serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
    });
    assert.deepEqual(configuration.kubernetesNetworks, ['10.0.0.0/16', 'fd00::/48']);
    assert.deepEqual(
      [configuration.maxTracked, configuration.docker, configuration.dockerSocket],
      [2_000_000, true, '/host/docker/docker.sock'],
    );
    assert.equal(configuration.defaults.bantime, null);
    assert.equal(filter, 'name: mine\n  # odd\n');
  });

  test('Prometheus knows its targets by the names that alerts and dashboards ask for', async () => {
    const rules = readFileSync(join(chartFolder, 'files/alerts.yaml'), 'utf8');
    const jobs = [...rules.matchAll(/\bjob=~"([^"]*)"/g)].map(([, job = '']) => new RegExp(`^(?:${job})$`));
    assert.ok(jobs.length > 0);
    for (const kind of ['PodMonitor', 'ServiceMonitor']) {
      const enabled = { [`${kind[0]?.toLowerCase()}${kind.slice(1)}`]: { enabled: true } };
      const all = await manifests({ fullnameOverride: 'guard', metrics: { address: 'node', ...enabled } });
      const { endpoints, podMetricsEndpoints = endpoints } = objectOf(all, kind)['spec'] as Monitored;
      const given = podMetricsEndpoints?.[0]?.relabelings ?? [];
      const [job = ''] = given.flatMap(({ replacement }) => replacement ?? []);
      for (const asked of jobs) assert.match(job, asked);
      const named = given.filter(
        ({ sourceLabels }) => sourceLabels?.[0] === '__meta_kubernetes_pod_node_name',
      );
      assert.deepEqual(
        named.map(({ targetLabel }) => targetLabel),
        ['instance', 'node'],
      );
    }
  });

  test('its alerts are those of the repository, with commands as they are run on a cluster', () => {
    const own = new URL('../../observability/alerts.yaml', import.meta.url);
    const [written, charted] = [
      readFileSync(own, 'utf8'),
      readFileSync(join(chartFolder, 'files/alerts.yaml'), 'utf8'),
    ];
    const command = /Run next: [^"]*/g;
    assert.deepEqual(parse(charted.replace(command, '')), parse(written.replace(command, '')));
    for (const [said] of charted.matchAll(command)) {
      assert.match(said, /\b(?:kubectl|df|timedatectl) /);
      assert.doesNotMatch(said, /docker/);
    }
  });

  test('another configuration rolls the pods, and nothing else does', async () => {
    const sum = async (values: Values) =>
      templateOf(await manifests(values)).metadata.annotations['checksum/config'];
    const plain = await sum({});
    assert.equal(await sum({ metrics: { port: 9000 } }), plain);
    assert.notEqual(await sum({ config: { defaults: { maxretry: 4 } } }), plain);
    assert.notEqual(await sum({ filters: { 'a.yaml': 'name: a' } }), plain);
  });

  test('alert rules and dashboards that it is packed with become objects; without them it says so', async () => {
    const folder = folderOf({});
    const packed = join(folder, 'bailiff');
    cpSync(chart, packed, { recursive: true });
    const alerts =
      'groups:\n  - name: bailiff\n    rules:\n      - alert: A\n        expr: up == 0\n        annotations: {summary: "{{ $labels.instance }} is down"}\n';
    mkdirSync(join(packed, 'files/dashboards'), { recursive: true });
    writeFileSync(join(packed, 'files/alerts.yaml'), alerts);
    writeFileSync(join(packed, 'files/dashboards/bailiff.json'), '{"title": "{{ $x }}"}');
    const values = {
      metrics: { rules: { enabled: true, labels: { release: 'p' } }, dashboard: { enabled: true } },
    };
    const all = await manifests(values, packed);
    const rule = all.find(({ kind }) => kind === 'PrometheusRule');
    assert.deepEqual(rule?.['spec'], parse(alerts));
    assert.deepEqual(await problemsOf(all), []);
    const dashboards = all.find(({ metadata }) => metadata.name.endsWith('-dashboards'));
    assert.deepEqual(dashboards?.['data'], { 'bailiff.json': '{"title": "{{ $x }}"}' });
    const bare = join(folder, 'bare');
    cpSync(chart, bare, { recursive: true });
    if (existsSync(join(bare, 'files'))) writeFileSync(join(bare, '.helmignore'), 'files/\n');
    assert.match(
      (await template(values, bare)).complaint,
      /packed without alert rules|packed without dashboards/,
    );
  });

  test('notes say what to do next, for these values', async () => {
    const notes = async (values: Values): Promise<string> => {
      const args = [
        'install',
        'bailiff',
        chart,
        '--namespace',
        'protection',
        '--dry-run=client',
        '--values',
        '-',
      ];
      const { ok, output, complaint } = await helm(args, JSON.stringify(values));
      assert.ok(ok, complaint);
      return output.slice(output.indexOf('NOTES:'));
    };
    const [plain, all] = await Promise.all([notes({}), notes(everything)]);
    assert.match(
      plain,
      /It protects SSH of the nodes\..*rollout status daemonset\/bailiff\n.*bailiff\.jails: nginx-http-auth.*3\. Name the networks of pods and services.*image\.repository is "bailiff"/s,
    );
    assert.match(all, /Its jails: nginx-http-auth, sshd\..*daemonset\/node-guard.*Metrics are at port 9798/s);
    assert.doesNotMatch(all, /3\. Name|image\.repository is/);
    assert.doesNotMatch(await notes(options['noApi'] ?? {}), /annotations:/);
    assert.match(await notes({ config: null }), /It protects SSH of the nodes/);
  });
});

describe('values that cannot be are refused, in words that say which', () => {
  const refused: readonly (readonly [Values, RegExp])[] = [
    [{ metrcs: {} }, /additional properties 'metrcs' not allowed/],
    [
      { metrics: { address: 'everywhere' } },
      /metrics\/address.*value must be one of 'local', 'node', 'node-ipv6'/s,
    ],
    [{ metrics: { port: 70_000 } }, /metrics\/port.*maximum: got 70,?000, want 65,?535/s],
    [
      { config: { jails: { sshd: { maxretries: 3 } } } },
      /config\/jails\/sshd.*additional properties 'maxretries' not allowed/s,
    ],
    [{ config: { defaults: { maxretry: 0 } } }, /config\/defaults\/maxretry/],
    [{ config: { enforce: 'perhaps' } }, /config\/enforce/],
    [{ env: { BANTIME: '1h' } }, /env.*BANTIME/s],
    [{ filters: { 'a/b.yaml': 'x' } }, /filters.*a\/b\.yaml/s],
    [{ clusterNetworks: ['pods'] }, /clusterNetworks\/0/],
    [{ clusterNetworks: ['10.0.0.0/8', 'fd00::/48', '10.0.0.0/99'] }, /clusterNetworks\/2/],
    [{ enabled: false }, /enabled.*value must be true/],
    [{ fullnameOverride: '1st' }, /fullnameOverride/],
    [{ host: { state: 'relative' } }, /host\/state/],
    [{ image: { tag: 1.1 } }, /image\/tag.*got number, want string/s],
    [{ image: { pullPolicy: 'Sometimes' } }, /image\/pullPolicy.*'Always', 'IfNotPresent', 'Never'/s],
    [{ updateStrategy: { maxUnavailable: 0 } }, /updateStrategy\/maxUnavailable/],
    [
      { metrics: { podMonitor: { enabled: true } } },
      /podMonitor\.enabled: Prometheus cannot reach 127\.0\.0\.1 of a node; set metrics\.address to node/,
    ],
    [
      { metrics: { address: 'node', podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
      /every node would be scraped twice/,
    ],
    [{ secrets: { files: { BAILIFF_MAIL_PASSWORD: 'mail' } } }, /name it in secrets\.existingSecret/],
    [
      { env: { BAILIFF_LISTEN: '0.0.0.0:1' } },
      /env\.BAILIFF_LISTEN: the chart sets it; use metrics\.address and metrics\.port/,
    ],
    [
      {
        env: { BAILIFF_MAIL_PASSWORD: 'x' },
        secrets: { existingSecret: 's', files: { BAILIFF_MAIL_PASSWORD: 'mail' } },
      },
      /secrets\.files sets it as well/,
    ],
  ];

  test('each of them', async () => {
    const answers = await Promise.all(
      refused.map(async ([values, words]) => [await template(values), words] as const),
    );
    for (const [{ ok, complaint }, words] of answers) {
      assert.equal(ok, false, `${words}`);
      assert.match(complaint, words);
    }
  });
});

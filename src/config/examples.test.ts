import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { environmentEntries } from './environment-list.ts';
import { findFilters, shippedFilters } from './filters.ts';
import { jailsFromLabels } from './labels.ts';
import { loadConfiguration } from './load.ts';

const root = new URL('../../', import.meta.url);

interface Service {
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const composed = (file: string): Compose => parse(textOf(file)) as Compose;

/** By example: the service that is protected, and its jails. */
const examples: Readonly<Record<string, readonly [service: string, jails: readonly string[]]>> = {
  mail: ['mail', ['docker-mailserver']],
  nginx: ['web', ['nginx-http-auth']],
  'socket-proxy': ['web', ['nginx-http-auth']],
  'traefik-whoami': ['traefik', ['json-http']],
  vaultwarden: ['vaultwarden', ['vaultwarden']],
};

test('every example of a compose file is tested here', () => {
  const folders = readdirSync(new URL('examples', root), { withFileTypes: true });
  assert.deepEqual(
    folders.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort(),
    Object.keys(examples).sort(),
  );
});

for (const [example, [name, expected]] of Object.entries(examples)) {
  const file = `examples/${example}/compose.yaml`;

  test(`${file} says what to change, and protects ${name} with two labels`, async () => {
    assert.match(textOf(file), /^(?:#.*\n)*# To change: .*\n(?:#.*\n)+services:/);
    const { services } = composed(file);
    const { bailiff, [name]: service } = services;
    const labels = service?.labels ?? {};
    assert.deepEqual(Object.keys(labels), ['bailiff.enable', 'bailiff.jails']);
    const configuration = await loadConfiguration({
      file: fileURLToPath(new URL('src/config/testdata/empty.yaml', root)),
      environment: bailiff?.environment ?? {},
      knownFilters: await findFilters([shippedFilters]),
    });
    const container = { name, image: service?.image ?? '', labels };
    const { jails, errors } = jailsFromLabels(container, configuration);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      jails.map((jail) => [jail.name, jail.container]),
      expected.map((jail) => [`${jail}@${name}`, [name]]),
    );
    const { jails: fitting, notes } = jailsFromLabels(
      { ...container, labels: { 'bailiff.enable': 'true' } },
      configuration,
    );
    for (const jail of expected)
      assert.ok(
        fitting.some((each) => each.name === `${jail}@${name}`) ||
          notes.join().includes(` ${jail} (forgeable)`),
        `enable alone asks for ${jail}, too, or says why not`,
      );
  });
}

test('Bailiff is the same in all of them, and as in the compose file of this repository', () => {
  const bare = (file: string) => {
    const {
      environment: _,
      build: __,
      ...rest
    } = composed(file).services['bailiff'] as Service & {
      build?: string;
    };
    return rest;
  };
  const { volumes: _, ...expected } = bare('compose.yaml') as Record<string, unknown>;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own, to be read as it stands.
  const runs = '${RUN_VOLUME:-run}:/run';
  for (const example of Object.keys(examples)) {
    const { volumes, ...rest } = bare(`examples/${example}/compose.yaml`) as Record<string, unknown>;
    assert.deepEqual(rest, expected, example);
    const run = example === 'socket-proxy' ? 'proxied-run:/run' : 'run:/run';
    const usual = bare('compose.yaml') as unknown as { volumes: string[] };
    assert.deepEqual(
      volumes,
      usual.volumes.map((volume) => (volume === runs ? run : volume)),
      example,
    );
  }
});

test('the socket proxy of the example is that of the compose file, whose profile Bailiff can take by a variable', () => {
  const { profiles, ...proxy } = composed('compose.yaml').services['socket-proxy'] as Service & {
    profiles: string[];
  };
  assert.deepEqual(profiles, ['socket-proxy']);
  assert.deepEqual(composed('examples/socket-proxy/compose.yaml').services['socket-proxy'], proxy);
  assert.ok(!('ports' in proxy), 'no port lets others of the host in');
});

test('what is beside Bailiff waits for its profile, has a fixed version, and no rights', () => {
  const { services } = parse(textOf('compose.yaml'), { merge: true }) as Compose;
  const { bailiff, ...others } = services as unknown as Readonly<
    Record<string, Record<string, unknown> & { image: string }>
  >;
  assert.ok(!('profiles' in (bailiff ?? {})));
  for (const [name, service] of Object.entries(others)) {
    assert.deepEqual(service['profiles'], [name === 'socket-proxy' ? name : 'monitoring']);
    assert.match(service.image, /^[\w./-]+:v?\d+\.\d+\.\d+$/);
    assert.deepEqual([service['cap_drop'], service['cap_add']], [['ALL'], undefined], name);
    assert.deepEqual([service['read_only'], service['privileged']], [true, undefined], name);
  }
});

/** What is not asked for in a container: where things are in the image, and what the Helm chart sets. */
const notPassed =
  /^BAILIFF_(?:CONFIG|STATE_DIR|SOCKET|FILTER_DIRECTORY|JOURNAL_DIRECTORY|KUBERNETES_.*|.*<NAME>.*)$/;

test('every setting of the daemon comes through the compose file', () => {
  const { environment } = composed('compose.yaml').services['bailiff'] ?? {};
  const expected = environmentEntries()
    .map(({ variable }) => variable)
    .filter((variable) => !notPassed.test(variable));
  assert.deepEqual([...(environment as unknown as string[])].sort(), expected.sort());
});

test('Grafana does not start without a password of its owner', () => {
  const grafana = composed('compose.yaml').services['grafana'] as Service & {
    entrypoint: [string, string, string];
    environment: string[];
  };
  const [shell, option, script] = grafana.entrypoint;
  const start = (env: Record<string, string>) =>
    spawnSync(shell, [option, script.replaceAll('$$', '$')], { env, encoding: 'utf8' });
  assert.match(start({}).stderr, /GF_SECURITY_ADMIN_PASSWORD: put a password into \.env/);
  assert.match(start({ GF_SECURITY_ADMIN_PASSWORD: '' }).stderr, /put a password/);
  assert.match(start({ GF_SECURITY_ADMIN_PASSWORD: 'x' }).stderr, /run\.sh: (?:not found|No such file)/);
  assert.ok(grafana.environment.includes('GF_SECURITY_ADMIN_PASSWORD'), 'from outside alone');
});

test('Grafana, Prometheus and Alertmanager find each other and their files where the compose file puts them', () => {
  const { services } = parse(textOf('compose.yaml'), { merge: true }) as Compose;
  const mounted = (service: string): ReadonlyMap<string, string> => {
    const { volumes } = services[service] as Service & { volumes: string[] };
    return new Map(
      volumes.map((volume) => {
        const [, from = '', to = ''] = /^((?:\$\{[^}]*\}|[^:])+):([^:]+)/.exec(volume) ?? [];
        return [to, from.replace(/^\$\{\w+:-(.*)\}$/, '$1')];
      }),
    );
  };
  const fileAt = (service: string, path: string): string => {
    const found = [...mounted(service)].find(([to]) => path === to || path.startsWith(`${to}/`));
    const [to = '', from = ''] = found ?? [];
    return textOf(`${from}${path.slice(to.length)}`);
  };
  const optionsOf = (service: string): string[] =>
    (services[service] as Service & { command: string[] }).command;
  const listens = (service: string): string =>
    optionsOf(service)
      .find((option) => option.startsWith('--web.listen-address='))
      ?.split('=')[1] ?? '';

  const provisioning = '/etc/grafana/provisioning';
  const { providers } = parse(fileAt('grafana', `${provisioning}/dashboards/bailiff.yaml`));
  const inFolder = `${providers[0].options.path}/bailiff.json`;
  assert.equal(JSON.parse(textOf(mounted('grafana').get(inFolder) ?? '')).title, 'Bailiff');
  const { datasources } = parse(fileAt('grafana', `${provisioning}/datasources/prometheus.yaml`));
  assert.equal(datasources[0].url, `http://${listens('prometheus')}`);

  for (const service of ['prometheus', 'alertmanager'])
    for (const option of optionsOf(service)) {
      const [, path] = /^--config\.file=(.*)$/.exec(option) ?? [];
      if (path !== undefined) assert.notEqual(fileAt(service, path), '');
    }
  const { rule_files: rules, alerting } = parse(fileAt('prometheus', '/etc/prometheus/prometheus.yaml'));
  for (const path of rules) assert.match(fileAt('prometheus', path), /alert: BailiffAbsent/);
  assert.deepEqual(alerting.alertmanagers[0].static_configs[0].targets, [listens('alertmanager')]);
});

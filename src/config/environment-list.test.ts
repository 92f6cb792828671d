import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { readEnvironment } from './environment.ts';
import { environmentEntries } from './environment-list.ts';
import { loadConfiguration } from './load.ts';
import { jailOptionNames, notifyOptionNames, variablePaths, variableText } from './option-names.ts';
import {
  defaultsShape,
  fail2banShape,
  globalShape,
  jailShape,
  notifyShape,
  optionEntries,
} from './schema.ts';

/** A value of each option that is none of the defaults. One that is added to the schema needs one here. */
const values: Readonly<Record<string, string>> = {
  action: 'reject',
  'api-listen': '9799',
  'api-read-token': 'r'.repeat(32),
  'api-write-token': 'w'.repeat(32),
  'allow-actions': 'true',
  bans: 'sshd*',
  body: '{"text": "{{title}}"}',
  bantime: '2h',
  ca: '/etc/ssl/own.pem',
  command: '/usr/bin/logger -t bailiff {{title}}',
  dedupe: '1h',
  'bantime.times': '10m 1h permanent',
  'bantime.forget': '30d',
  'bantime.factor': '3',
  'bantime.formula': 'ban.Time * 2',
  'bantime.increment': 'true',
  'bantime.maxtime': '1w',
  'bantime.multipliers': '1 5 30',
  'bantime.overalljails': 'true',
  'bantime.rndtime': '5m',
  container: 'web, image:nginx',
  'container-files': 'proc',
  dir: '/etc/fail2ban',
  evidence: 'full',
  history: '7d',
  docker: 'false',
  'docker-socket': 'tcp://127.0.0.1:2375',
  enabled: 'false',
  encoding: 'latin1',
  enforce: 'dry-run',
  filter: 'sshd',
  'filter-directory': '/filters',
  findtime: '90',
  from: 'bailiff@example.org',
  group: '5m',
  'host-root': '/host',
  ignoreip: '192.0.2.0/24 office.example.org .example.jp file:/etc/list command:/bin/friend',
  inside: '/data/app.log',
  jails: 'sshd*, web',
  journal: '_SYSTEMD_UNIT=a.service + _COMM=a',
  'journal-directory': '/journal',
  kinds: 'unban problem',
  kubernetes: 'shop/web-*/nginx',
  'kubernetes-directory': '/containers',
  'kubernetes-networks': '10.244.0.0/16',
  'kubernetes-node': 'node-1',
  'kubernetes-api': 'https://192.0.2.1:6443',
  'kubernetes-service-account': '/account',
  'label-containers': 'shop-*',
  'label-jails': 'sshd',
  'label-options': 'maxretry',
  'label-ports': '443/tcp',
  labels: 'false',
  lines: '10',
  listen: '[::1]:9000',
  log: '/var/log/fail2ban.log',
  'log-format': 'json',
  'log-level': 'debug',
  logpath: '/var/log/app*.log',
  'mail-from': 'bailiff@example.org',
  'mail-password': 'hunter 2',
  'mail-server': 'smtps://mail.example.org',
  'max-tracked': '5000',
  maxretry: '9',
  metrics: 'true',
  mode: 'aggressive',
  password: 'hunter 2',
  ports: '443/tcp 1000-2000/udp',
  'protect-ssh-peers': 'false',
  secret: 'whsec_aGVsbG8gd29ybGQ=',
  sendmail: '/usr/sbin/sendmail',
  server: 'smtps://mail.example.org',
  shape: 'slack',
  ranges: '/24 /48',
  'reload-on-change': 'true',
  socket: '/run/b.sock',
  'state-dir': '/state',
  syslog: 'message:web',
  'syslog-from': '192.0.2.0/28',
  'syslog-listen': 'udp://127.0.0.1:5514',
  'time-zone': 'Asia/Tokyo',
  to: 'ops@example.org, root',
  token: 'tk_1234',
  'trusted-proxies': '198.51.100.0/24',
  type: 'webhook',
  url: 'https://hooks.example.org/x?y=1',
  verify: 'false',
};

const shapes = { globalShape, defaultsShape, fail2banShape, jailShape, notifyShape };
const sampleOf = (name: string): string => values[name] ?? assert.fail(`no value for ${name}`);

test('every option of the schema can be set by its variable', () => {
  const paths = [
    ...variablePaths,
    ...jailOptionNames.map(
      (name) => [`BAILIFF_JAIL_SHOP_${variableText(name)}`, ['jails', 'shop', name]] as const,
    ),
    ...notifyOptionNames.map(
      (name) => [`BAILIFF_NOTIFY_MY_MAIL_${variableText(name)}`, ['notify', 'my-mail', name]] as const,
    ),
  ];
  assert.equal(paths.length, Object.values(shapes).flatMap((shape) => Object.keys(shape)).length);
  for (const [variable, path] of paths) {
    const { layer, errors } = readEnvironment({ [variable]: sampleOf(path.at(-1) ?? '') }, ['shop'], []);
    assert.deepEqual(errors, [], variable);
    let found: unknown = layer.values;
    for (const key of path) found = (found as Record<string, unknown>)[key];
    assert.notEqual(found, undefined, variable);
  }
});

test('what a variable says is what the option says, and not its default', () => {
  for (const shape of Object.values(shapes)) {
    for (const [name, { def }] of Object.entries(shape)) {
      const read = def.innerType.safeParse(sampleOf(name));
      assert.ok(read.success, name);
      const fallback = optionEntries.get(def.innerType)?.default;
      if (fallback !== undefined)
        assert.notDeepEqual(read.data, def.innerType.safeParse(fallback).data, name);
    }
  }
});

test('a whole jail is made by the environment alone', async () => {
  const file = new URL('./testdata/empty.yaml', import.meta.url).pathname;
  const environment: NodeJS.ProcessEnv = {
    BAILIFF_SYSLOG_LISTEN: 'udp://127.0.0.1:5514',
    BAILIFF_JAIL_MY_SHOP_ENABLED: 'true',
  };
  for (const name of jailOptionNames) {
    const variable = `BAILIFF_JAIL_MY_SHOP_${variableText(name)}`;
    if (name !== 'mode') environment[variable] ??= sampleOf(name);
  }
  const { jails } = await loadConfiguration({ file, environment, knownFilters: filterFiles('sshd') });
  const jail = jails.find(({ name }) => name === 'my-shop');
  assert.deepEqual(jail, {
    name: 'my-shop',
    enabled: true,
    filter: 'sshd',
    logpath: ['/var/log/app*.log'],
    container: ['web', 'image:nginx'],
    inside: ['/data/app.log'],
    journal: [['_SYSTEMD_UNIT=a.service'], ['_COMM=a']],
    kubernetes: ['shop/web-*/nginx'],
    syslog: ['message:web'],
    bans: ['sshd*'],
    ranges: { 4: 24, 6: 48 },
    maxretry: 9,
    findtime: 90,
    bantime: 600,
    increment: {
      enabled: true,
      times: [600, 3_600, null],
      factor: '3',
      formula: 'ban.Time * 2',
      multipliers: [1, 5, 30],
      maxtime: 604_800,
      rndtime: 300,
      overalljails: true,
      forget: 2_592_000,
    },
    ignoreip: ['192.0.2.0/24', 'office.example.org', '.example.jp', 'file:/etc/list', 'command:/bin/friend'],
    action: 'reject',
    ports: [
      { protocol: 'tcp', first: 443, last: 443 },
      { protocol: 'udp', first: 1_000, last: 2_000 },
    ],
    encoding: 'latin1',
    timeZone: 'Asia/Tokyo',
  });
});

test('the list names every variable once, with type, default and description', () => {
  const entries = environmentEntries();
  const variables = entries.map(({ variable }) => variable);
  assert.equal(new Set(variables).size, variables.length);
  for (const variable of ['BAILIFF_CONFIG', 'BAILIFF_JAILS', ...variablePaths.keys()])
    assert.ok(variables.includes(variable), variable);
  for (const name of jailOptionNames)
    assert.ok(variables.includes(`BAILIFF_JAIL_<NAME>_${variableText(name)}`), name);
  for (const name of notifyOptionNames)
    assert.ok(variables.includes(`BAILIFF_NOTIFY_<NAME>_${variableText(name)}`), name);
  for (const { variable, type, default: fallback, otherwise, description } of entries) {
    assert.ok(type.length > 3, variable);
    assert.match(description, /\.$/, variable);
    assert.ok((fallback === null) !== (otherwise === null), variable);
  }
  assert.deepEqual(
    entries.find(({ variable }) => variable === 'BAILIFF_MAXRETRY'),
    {
      variable: 'BAILIFF_MAXRETRY',
      type: 'a whole number from 1 to 10000',
      default: '5',
      otherwise: null,
      description: 'How many attempts within `findtime` lead to a ban.',
      file: null,
    },
  );
  assert.deepEqual(
    entries.flatMap(({ file }) => file ?? []),
    [
      'BAILIFF_API_READ_TOKEN_FILE',
      'BAILIFF_API_WRITE_TOKEN_FILE',
      'BAILIFF_MAIL_SERVER_FILE',
      'BAILIFF_MAIL_PASSWORD_FILE',
      ...['SERVER', 'PASSWORD', 'URL', 'SECRET', 'TOKEN'].map((name) => `BAILIFF_NOTIFY_<NAME>_${name}_FILE`),
    ],
  );
});

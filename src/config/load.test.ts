import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { filterFiles } from '../../test/setup/filters.ts';
import { noIncrement } from '../core/ban-increment.ts';
import { ConfigurationErrors } from './errors.ts';
import { loadConfiguration } from './load.ts';
import type { UsualSources } from './usual-sources.ts';

const knownFilters = filterFiles('sshd', 'nginx-http-auth', 'custom');
/** As on a machine that has neither the files nor a journal. */
const usualFiles = ({ logpath }: UsualSources) => ({ logpath, journal: [] });
let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-config-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function load(yaml: string | Uint8Array, environment: NodeJS.ProcessEnv = {}) {
  const file = join(directory, 'bailiff.yaml');
  await writeFile(file, yaml);
  return loadConfiguration({ file, environment, knownFilters, usual: usualFiles });
}

/** The codes of everything that is wrong. */
async function refusal(loading: Promise<unknown>): Promise<string[]> {
  const error = await loading.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigurationErrors);
  return error.errors.map(({ code, where }) => `${code} ${where?.replace(directory, '')}`);
}

test('an empty file leaves the built-in defaults', async () => {
  const { jails, defaults, listen, origin, ...rest } = await load('');
  assert.deepEqual(defaults, {
    maxretry: 5,
    findtime: 600,
    bantime: 600,
    increment: noIncrement,
    ignoreip: [],
    action: 'drop',
    ports: 'all',
    encoding: 'utf-8',
  });
  const { ignoreip, maxretry, findtime, bantime, increment, action, ports, encoding } = defaults;
  assert.deepEqual(jails, [
    {
      name: 'sshd',
      enabled: true,
      filter: 'sshd',
      logpath: ['/var/log/auth.log', '/var/log/secure'],
      container: [],
      inside: [],
      journal: [],
      kubernetes: [],
      syslog: [],
      bans: [],
      ranges: null,
      maxretry,
      findtime,
      bantime,
      increment,
      ignoreip,
      action,
      ports,
      encoding,
    },
  ]);
  assert.deepEqual(listen, { host: '127.0.0.1', port: 9798 });
  assert.deepEqual(origin, [join(directory, 'bailiff.yaml')]);
  assert.equal(rest.stateDir, '/var/lib/bailiff');
  assert.equal(rest.socket, '/run/bailiff/bailiff.sock');
  assert.equal(rest.dockerSocket, '/var/run/docker.sock');
  assert.equal(rest.enforce, 'auto');
  assert.equal(rest.kubernetesDirectory, '/var/log/containers');
  assert.deepEqual([rest.syslogListen, rest.syslogFrom], [[], ['127.0.0.0/8', '::1']]);
  assert.deepEqual([rest.containerFiles, rest.hostRoot], [['mounts', 'archive'], '/']);
  assert.equal('timeZone' in rest, false);
});

test('the ways to files inside containers are those that are named, the nearest to the file first', async () => {
  const ways = async (text: string) => (await load(`container-files: ${text}`)).containerFiles;
  assert.deepEqual(await ways('[archive, proc, mounts]'), ['mounts', 'proc', 'archive']);
  assert.deepEqual(await ways('proc'), ['proc']);
  assert.deepEqual(await ways('"off"'), []);
});

for (const [source, value] of Object.entries({
  LOGPATH: '/x',
  CONTAINER: 'web',
  JOURNAL: '_UID=0',
  KUBERNETES: 'a/b/c',
  SYSLOG: '*',
})) {
  test(`a jail that has ${source} has that source alone, and is made by it`, async () => {
    const { jails } = await load('jails: {}', {
      BAILIFF_SYSLOG_LISTEN: 'udp://127.0.0.1:5514',
      [`BAILIFF_JAIL_SSHD_${source}`]: value,
    });
    const [jail] = jails;
    const lists = [jail?.logpath, jail?.container, jail?.journal, jail?.kubernetes, jail?.syslog];
    assert.equal(lists.filter((list) => list?.length === 1).length, 1);
    assert.equal(lists.filter((list) => list?.length === 0).length, 4);
  });
}

test('a list of ban times switches growing on; who says a ban time means that one', async () => {
  const yaml = [
    'defaults: {bantime.times: 10m 1h 1d permanent, bantime.forget: 30d}',
    'jails:',
    '  sshd: {}',
    '  own: {filter: sshd, bantime: 2h}',
    '  other: {filter: sshd, bantime.times: [1h 30m, -1], bantime.forget: 1w}',
    '  never: {filter: sshd, bantime.increment: false}',
    '',
  ].join('\n');
  const { jails, defaults } = await load(yaml, { BAILIFF_JAIL_OTHER_BANTIME: '1d' });
  const day = 86_400;
  assert.deepEqual(
    jails.map(({ name, bantime, increment: { enabled, times, forget } }) => [
      name,
      bantime,
      enabled,
      times,
      forget,
    ]),
    [
      ['sshd', 600, true, [600, 3_600, day, null], 30 * day],
      ['own', 7_200, true, [], 30 * day],
      ['other', day, true, [], 7 * day],
      ['never', 600, false, [600, 3_600, day, null], 30 * day],
    ],
  );
  assert.equal(defaults.increment.enabled, true);
  const [plain] = (await load(yaml, { BAILIFF_BANTIME: '5m' })).jails;
  assert.deepEqual([plain?.bantime, plain?.increment.times], [300, []]);
  assert.deepEqual((await load(yaml)).jails[2]?.increment.times, [5_400, null]);
  assert.deepEqual(await refusal(load('defaults: {bantime.times: 10m soon}')), [
    'config-invalid /bailiff.yaml:1:27',
  ]);
});

test('a jail of ranges counts bans', async () => {
  const { jails } = await load(
    "jails: {near: {bans: '*', ranges: [24, /48]}, six: {bans: sshd, ranges: /56}}",
  );
  assert.deepEqual(
    jails.map(({ ranges }) => ranges),
    [
      { 4: 24, 6: 48 },
      { 4: null, 6: 56 },
    ],
  );
  assert.deepEqual(await refusal(load('jails: {sshd: {ranges: /24}}')), [
    'config-no-source /bailiff.yaml:1:24',
  ]);
  for (const wrong of ['/8', '/64', '/24 /25', 'wide', '[]'])
    assert.equal((await refusal(load(`jails: {near: {bans: '*', ranges: ${wrong}}}`))).length, 1, wrong);
});

test('sources in Kubernetes and over syslog, from the environment', async () => {
  const { jails, ...rest } = await load('', {
    BAILIFF_SYSLOG_LISTEN: 'udp://127.0.0.1:5514, TCP://[::]:514 unix:/run/bailiff/log.sock',
    BAILIFF_SYSLOG_FROM: '192.0.2.0/24',
    BAILIFF_KUBERNETES_DIRECTORY: '/host/containers',
    BAILIFF_JAIL_SSHD_SYSLOG: 'sshd*@gate, message:web',
    BAILIFF_JAIL_NGINX_HTTP_AUTH_KUBERNETES: 'shop/web-*/nginx */*/ingress',
  });
  assert.deepEqual(
    jails.map(({ name, logpath, kubernetes, syslog }) => ({ name, logpath, kubernetes, syslog })),
    [
      { name: 'sshd', logpath: [], kubernetes: [], syslog: ['sshd*@gate', 'message:web'] },
      { name: 'nginx-http-auth', logpath: [], kubernetes: ['shop/web-*/nginx', '*/*/ingress'], syslog: [] },
    ],
  );
  assert.deepEqual(rest.syslogListen, [
    { text: 'udp://127.0.0.1:5514', protocol: 'udp', host: '127.0.0.1', port: 5514 },
    { text: 'TCP://[::]:514', protocol: 'tcp', host: '::', port: 514 },
    { text: 'unix:/run/bailiff/log.sock', protocol: 'unix', path: '/run/bailiff/log.sock' },
  ]);
  assert.deepEqual([rest.syslogFrom, rest.kubernetesDirectory], [['192.0.2.0/24'], '/host/containers']);
});

test('the environment wins over the file, and a jail over the defaults', async () => {
  const { jails, defaults } = await load(
    'defaults: {maxretry: 4, bantime: 1h}\njails: {sshd: {maxretry: 3}, nginx-http-auth: {findtime: 60}}',
    { BAILIFF_MAXRETRY: '9', BAILIFF_JAIL_NGINX_HTTP_AUTH_BANTIME: '-1', BAILIFF_JAIL_SSHD_FINDTIME: '1d' },
  );
  assert.equal(defaults.maxretry, 9);
  assert.equal(defaults.bantime, 3_600);
  const limits = jails.map(({ name, maxretry, findtime, bantime }) => [name, maxretry, findtime, bantime]);
  assert.deepEqual(limits, [
    ['sshd', 3, 86_400, 3_600],
    ['nginx-http-auth', 9, 60, null],
  ]);
});

test('ports and action come as text or as YAML has them, a jail over the defaults', async () => {
  const { jails } = await load(
    'defaults: {action: reject, ports: 80}\njails: {sshd: {ports: all}, nginx-http-auth: }',
    {
      BAILIFF_JAIL_SSHD_ACTION: 'log',
      BAILIFF_JAIL_NGINX_HTTP_AUTH_PORTS: '443/tcp 80 81',
    },
  );
  assert.deepEqual(
    jails.map(({ action, ports }) => [action, ports]),
    [
      ['log', 'all'],
      [
        'reject',
        [
          { protocol: 'tcp', first: 80, last: 81 },
          { protocol: 'tcp', first: 443, last: 443 },
        ],
      ],
    ],
  );
});

test("a jail's ignoreip adds to that of the defaults", async () => {
  const { jails } = await load(
    'defaults: {ignoreip: 10.0.0.0/8}\njails: {sshd: {ignoreip: [192.0.2.9/24, 10.0.0.0/8]}}',
  );
  assert.deepEqual(jails[0]?.ignoreip, ['10.0.0.0/8', '192.0.2.0/24']);
});

test('BAILIFF_JAILS adds to the jails of the file, and switches on what it names', async () => {
  const file = 'jails: {sshd: {enabled: false}, nginx-http-auth: }';
  const on = async (environment: NodeJS.ProcessEnv) =>
    (await load(file, environment)).jails.filter(({ enabled }) => enabled).map(({ name }) => name);
  assert.deepEqual(await on({}), ['nginx-http-auth']);
  assert.deepEqual(await on({ BAILIFF_JAILS: '' }), ['nginx-http-auth']);
  assert.deepEqual(await on({ BAILIFF_JAILS: 'sshd' }), ['sshd', 'nginx-http-auth']);
  assert.deepEqual(await on({ BAILIFF_JAILS: 'sshd', BAILIFF_JAIL_SSHD_ENABLED: 'false' }), [
    'nginx-http-auth',
  ]);
});

test('which jails there are without a word about them in the file', async () => {
  const names = async (environment: NodeJS.ProcessEnv, file = '') =>
    (await load(file, environment)).jails.map(({ name }) => name);
  assert.deepEqual(await names({ BAILIFF_JAILS: 'nginx-http-auth' }), ['nginx-http-auth']);
  assert.deepEqual(await names({ BAILIFF_JAIL_SSHD_MAXRETRY: '3' }), ['sshd']);
  assert.deepEqual(await names({ BAILIFF_JAIL_CUSTOM_MAXRETRY: '3' }), ['sshd']);
  assert.deepEqual(await names({ BAILIFF_JAIL_CUSTOM_LOGPATH: '/var/log/c.log' }), ['sshd', 'custom']);
  const web = { BAILIFF_JAIL_MY_WEB_FILTER: 'nginx-http-auth', BAILIFF_JAIL_MY_WEB_CONTAINER: 'web' };
  assert.deepEqual(await names(web), ['sshd', 'my-web']);
  assert.deepEqual(await names({}, 'jails: {}'), []);
});

test('a source of its own takes the place of the usual path', async () => {
  const { jails } = await load('jails: {nginx-http-auth: {container: web}, web: {filter: nginx-http-auth}}');
  assert.deepEqual(jails[0]?.logpath, []);
  assert.deepEqual(jails[1]?.logpath, ['/var/log/nginx/error.log']);
});

test('filters of the filter directory are known, wherever it was named', async () => {
  const filters = join(directory, 'filters');
  await mkdir(filters, { recursive: true });
  await writeFile(join(filters, 'shop.yaml'), shopFilter);
  const fromFile = await load(`filter-directory: ${filters}\njails: {shop: {container: shop}}`);
  assert.equal(fromFile.jails[0]?.filter, 'shop');
  const environment = { BAILIFF_FILTER_DIRECTORY: filters, BAILIFF_JAIL_SHOP_CONTAINER: 'shop' };
  assert.equal((await load('', environment)).jails[1]?.filter, 'shop');
  assert.deepEqual(await refusal(load('jails: {shop: {container: shop}}')), [
    'config-unknown-jail /bailiff.yaml:1:9',
  ]);
});

/** One with modes, limits of its own, and logs that stand in a file of its container. */
const shopFilter = `name: shop
description: the shop
logs: {files: [/var/log/shop.log], inside: [/data/shop.log]}
jail: {maxretry: 30, findtime: 1m}
modes: [normal, strict]
kind: regex
expressions:
  - hit: '^refused <HOST>$'
  - hit: '^late <HOST>$'
    modes: [strict]
samples:
  - {line: 'refused 203.0.113.7', yields: hit, host: 203.0.113.7}
`;

test('a filter says where its jails read, and which limits they have; what they say themselves wins', async () => {
  const filters = join(directory, 'filters');
  await mkdir(filters, { recursive: true });
  await writeFile(join(filters, 'shop.yaml'), shopFilter);
  const shop = async (options: string, environment: NodeJS.ProcessEnv = {}) => {
    const yaml = `filter-directory: ${filters}\ndefaults: {maxretry: 7}\njails: {shop: {${options}}}`;
    const [jail] = (await load(yaml, environment)).jails;
    return [jail?.filter, jail?.logpath, jail?.inside, jail?.maxretry, jail?.findtime];
  };
  assert.deepEqual(await shop(''), ['shop', ['/var/log/shop.log'], [], 30, 60]);
  assert.deepEqual(await shop('maxretry: 3, mode: normal'), ['shop', ['/var/log/shop.log'], [], 3, 60]);
  assert.deepEqual(await shop('container: shop'), ['shop', [], ['/data/shop.log'], 30, 60]);
  assert.deepEqual(await shop('container: shop, inside: /own.log'), ['shop', [], ['/own.log'], 30, 60]);
  assert.deepEqual(await shop('container: shop, inside: off'), ['shop', [], [], 30, 60]);
  const strict = ['shop[mode=strict]', ['/var/log/shop.log'], [], 30, 60];
  assert.deepEqual(await shop('mode: strict'), strict);
  assert.deepEqual(await shop('', { BAILIFF_JAIL_SHOP_MODE: 'strict' }), strict);
});

test('a mode that the filter has not is refused with those there are', async () => {
  const filters = join(directory, 'filters');
  await mkdir(filters, { recursive: true });
  await writeFile(join(filters, 'shop.yaml'), shopFilter);
  const yaml = `filter-directory: ${filters}\njails: {shop: {mode: strikt}, sshd: {}}`;
  await assert.rejects(load(yaml), (thrown) => {
    assert.ok(thrown instanceof ConfigurationErrors);
    const [only, ...more] = thrown.errors.map((error) => error.describe().replace(`${directory}/`, ''));
    assert.equal(
      only,
      'bailiff.yaml:2:22: jail "shop": the filter shop has no mode "strikt" [filter-mode]\n  Its modes: normal, strict.',
    );
    assert.deepEqual(more, []);
    return true;
  });
});

test("a filter's file that is not valid is the error of the jails that use it", async () => {
  const filters = join(directory, 'broken');
  await mkdir(filters, { recursive: true });
  await writeFile(join(filters, 'shop.yaml'), '');
  const jails = (text: string) => load(`filter-directory: ${filters}\njails: {${text}}`);
  assert.deepEqual(await refusal(jails('shop: {container: shop}, sshd: {}')), [
    'filter-invalid /broken/shop.yaml:1:1',
  ]);
  assert.equal((await jails('sshd: {}')).jails.length, 1);
});

test("Docker's socket", async () => {
  const socket = async (environment: NodeJS.ProcessEnv, file = '') =>
    (await load(file, environment)).dockerSocket;
  assert.equal(
    await socket({ DOCKER_HOST: 'unix:///run/user/1000/docker.sock' }),
    '/run/user/1000/docker.sock',
  );
  assert.equal(await socket({ DOCKER_HOST: 'ssh://elsewhere' }), '/var/run/docker.sock');
  assert.equal(await socket({ DOCKER_HOST: 'tcp://proxy:2375' }), 'tcp://proxy:2375');
  assert.equal(await socket({ BAILIFF_DOCKER_SOCKET: 'tcp://[::1]:2375' }), 'tcp://[::1]:2375');
  assert.equal(await socket({ BAILIFF_DOCKER_SOCKET: 'unix:///d' }), '/d');
  for (const wrong of [
    'docker.sock',
    'tcp://proxy',
    'tcp://proxy:99999',
    'tcp://proxy:2375/v1',
    'ssh://a:1',
  ]) {
    await assert.rejects(socket({ BAILIFF_DOCKER_SOCKET: wrong }), /tcp:\/\/HOST:PORT/, wrong);
  }
  assert.equal(await socket({ DOCKER_HOST: 'unix:///a' }, 'docker-socket: /b'), '/b');
  assert.equal(await socket({ BAILIFF_DOCKER_SOCKET: '/c' }, 'docker-socket: /b'), '/c');
});

test('the listener moves and closes', async () => {
  const listen = async (file: string, environment: NodeJS.ProcessEnv = {}) =>
    (await load(file, environment)).listen;
  assert.equal(await listen('listen: "off"'), null);
  assert.equal(await listen('', { BAILIFF_LISTEN: '' }), null);
  assert.deepEqual(await listen('listen: 8080'), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(await listen('', { BAILIFF_LISTEN: '[::1]:0' }), { host: '::1', port: 0 });
});

test('a file that was named must exist, and the message says who named it', async () => {
  const missing = join(directory, 'missing.yaml');
  const named = loadConfiguration({ environment: { BAILIFF_CONFIG: missing }, knownFilters });
  await assert.rejects(
    named,
    /missing\.yaml: no such file \[config-unreadable\]\n {2}It was named by BAILIFF_CONFIG/,
  );
  const option = loadConfiguration({
    file: missing,
    environment: { BAILIFF_CONFIG: '/other' },
    knownFilters,
  });
  await assert.rejects(option, /It was named by --config/);
});

test('what is no text file is refused, not read', async () => {
  const found = ['config-unreadable /bailiff.yaml'];
  assert.deepEqual(await refusal(load(new Uint8Array([0x61, 0x3a, 0x20, 0x00, 0x0a]))), found);
  assert.deepEqual(await refusal(load(new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0x0a]))), found);
  assert.deepEqual(await refusal(load(new Uint8Array(10 * 1024 * 1024).fill(0x20))), found);
  const device = loadConfiguration({ file: '/dev/zero', environment: {}, knownFilters });
  assert.deepEqual(await refusal(device), ['config-unreadable /dev/zero']);
  const folder = loadConfiguration({ file: directory, environment: {}, knownFilters });
  assert.deepEqual(await refusal(folder), ['config-unreadable ']);
});

test('a named pipe does not hold the start', async () => {
  const file = join(directory, 'pipe');
  await execa('mkfifo', [file]);
  // A reader that waits is let go by a writer, so that a failure ends and does not hang.
  let held = false;
  const release = setTimeout(async () => {
    held = true;
    await (await open(file, 'r+')).close();
  }, 5_000);
  const loading = loadConfiguration({ file, environment: {}, knownFilters });
  const errors = await refusal(loading.finally(() => clearTimeout(release)));
  assert.deepEqual({ errors, held }, { errors: ['config-unreadable /pipe'], held: false });
});

test('nesting without end is an error, not a crash', async () => {
  const [opening, closing] = ['['.repeat(20_000), ']'.repeat(20_000)];
  for (const text of [`jails: ${opening}${closing}`, `jails: ${opening}`]) {
    const errors = await refusal(load(text));
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /^config-(?:syntax|invalid) \/bailiff\.yaml/);
  }
});

test('errors of file and environment are told together', async () => {
  const codes = await refusal(
    load('jails: {sshd: {maxretry: none}, custom: }', { BAILIFF_BANTIME: 'x', BAILIFF_NO: '1' }),
  );
  assert.deepEqual(codes, [
    'config-invalid /bailiff.yaml:1:26',
    'config-unknown-key BAILIFF_NO',
    'config-invalid BAILIFF_BANTIME',
    'config-no-source /bailiff.yaml:1:33',
  ]);
});

test('with a broken file, names that it may hold are no errors', async () => {
  const codes = await refusal(
    load('jails: [', { BAILIFF_JAIL_SHOP_MAXRETRY: '3', BAILIFF_BANTIME: 'x', BAILIFF_JAILS: 'custom' }),
  );
  assert.deepEqual(codes, ['config-syntax /bailiff.yaml:1:9', 'config-invalid BAILIFF_BANTIME']);
});

test('any value in any place is accepted or refused in our own words', async () => {
  const values = [
    '',
    '~',
    '-1',
    '5',
    '.nan',
    '"x"',
    '[]',
    '[1, ~, {}]',
    '{}',
    '{a: b}',
    'true',
    '2001-01-01',
    '!!binary aGk=',
  ];
  const keys = ['listen', 'enforce', 'time-zone', 'defaults', 'jails', 'constructor', 'hasOwnProperty'];
  const paths = [
    ...keys.map((key) => `${key}: `),
    'defaults: {ignoreip: ',
    'jails: {constructor: ',
    'jails: {sshd: {logpath: ',
  ];
  for (const value of values) {
    for (const start of paths) {
      const text = start + value + '}'.repeat(start.split('{').length - 1);
      await load(text).catch((error: unknown) => assert.ok(error instanceof ConfigurationErrors, text));
    }
  }
});

test('a jail may have a time zone of its own, by name or offset', async () => {
  const { jails, timeZone } = await load(
    'time-zone: UTC\njails: {sshd: {time-zone: America/New_York}, custom: {logpath: /log, time-zone: -05:00}}',
    { BAILIFF_JAIL_SSHD_TIME_ZONE: 'Asia/Tokyo' },
  );
  assert.equal(timeZone, 'UTC');
  assert.deepEqual(
    jails.map((jail) => jail.timeZone),
    ['Asia/Tokyo', '-05:00'],
  );
  for (const wrong of ['Mars/Olympus', '+99:00', '5', '+0500']) {
    const refused = await refusal(load(`jails: {sshd: {time-zone: "${wrong}"}}`));
    assert.deepEqual(refused, ['config-invalid /bailiff.yaml:1:27'], wrong);
  }
});

test('jails that read the same file have the same time zone', async () => {
  const zones = (first: string, second: string) =>
    load(`jails: {sshd: {logpath: /log${first}}, custom: {logpath: [/other, /log]${second}}}`);
  assert.deepEqual(await refusal(zones(', time-zone: UTC', ', time-zone: Asia/Tokyo')), [
    'config-invalid /bailiff.yaml:1:48',
  ]);
  await zones(', time-zone: UTC', ', time-zone: UTC');
  await zones(', time-zone: UTC', '');
  await zones(', enabled: false, time-zone: UTC', ', time-zone: Asia/Tokyo');
});

test('jails of the API are read like those of the file, beside them; what is wrong with one leaves that one out', async () => {
  const state = join(directory, 'state');
  await mkdir(state);
  const stored = async (text: string) => {
    await writeFile(join(state, 'api-jails.json'), text);
    return load('jails: {sshd: {}}', {
      BAILIFF_STATE_DIR: state,
      BAILIFF_JAIL_NGINX_HTTP_AUTH_BANTIME: '1h',
    });
  };
  const { jails, apiJails } = await stored(
    JSON.stringify({
      'nginx-http-auth': { filter: 'custom', logpath: '/log', maxretry: '7' },
      sshd: { maxretry: 1_000 },
      off: { enabled: false },
      wrong: { filter: 'custom', logpath: '/log', maxretry: 0 },
      gone: { logpath: '/log' },
      'no name': {},
    }),
  );
  assert.deepEqual(
    jails.map(({ name, maxretry, bantime }) => [name, maxretry, bantime]),
    [
      ['sshd', 5, 600],
      ['nginx-http-auth', 7, 3_600],
      ['off', 5, 600],
    ],
  );
  assert.deepEqual([...apiJails.names], ['nginx-http-auth', 'off']);
  assert.deepEqual(
    [...apiJails.problems].map(([name, errors]) => [name, ...errors.map(({ code }) => code)]),
    [
      ['wrong', 'config-invalid'],
      ['gone', 'config-unknown-jail'],
      ['no name', 'config-invalid'],
    ],
  );
  for (const text of ['{', '[]', '{"shop": 1}', '']) {
    const broken = await stored(text);
    assert.deepEqual(broken.jails.length, 1);
    assert.equal(broken.apiJails.problems.get('')?.[0]?.code, 'config-unreadable', text);
  }
});

test('the Kubernetes API is asked where a node is named, at the place that a pod is told of', async () => {
  const api = async (environment: NodeJS.ProcessEnv) => (await load('', environment)).kubernetesApi;
  const told = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' };
  assert.equal(await api(told), null);
  const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';
  const node = { BAILIFF_KUBERNETES_NODE: 'node-1' };
  assert.deepEqual(await api({ ...told, ...node }), {
    node: 'node-1',
    server: 'https://10.96.0.1:6443',
    serviceAccount,
  });
  const elsewhere = { BAILIFF_KUBERNETES_API: 'https://[fd00::1]:6443' };
  assert.equal((await api({ ...told, ...node, ...elsewhere }))?.server, 'https://[fd00::1]:6443');
  for (const host of [undefined, 'a b', '']) {
    const environment = { ...node, ...(host === undefined ? {} : { KUBERNETES_SERVICE_HOST: host }) };
    await assert.rejects(api(environment), /nothing says where the Kubernetes API is/);
  }
});

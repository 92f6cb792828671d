import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { BanTimes, noIncrement } from '../core/ban-increment.ts';
import { splitMode } from '../core/filter.ts';
import { jailsFromLabels } from './labels.ts';
import { loadConfiguration } from './load.ts';
import { type Configuration, type JailConfiguration, labelOptions } from './schema.ts';

const knownFilters = filterFiles('sshd', 'nginx-http-auth', 'other', 'modal', 'imaged');

/** Without --config the machine's own file would be read: this one is always there and empty. */
const file = new URL('./testdata/empty.yaml', import.meta.url).pathname;

/** Where labels may shut all ports, unless the environment says otherwise. */
function configuration(environment: NodeJS.ProcessEnv = {}): Promise<Configuration> {
  return loadConfiguration({
    file,
    environment: { BAILIFF_LABEL_PORTS: 'all', ...environment },
    knownFilters,
  });
}

const container = (labels: Record<string, string>, name = 'web', image = '') => ({ name, image, labels });

async function read(labels: Record<string, string>, environment: NodeJS.ProcessEnv = {}, image = '') {
  const set = await configuration(environment);
  const { jails, errors } = jailsFromLabels(container(labels, 'web', image), set);
  return { jails, errors: errors.map((error) => error.describe().split('\n', 1)[0]) };
}

test("a label brings a jail that reads the container's own log", async () => {
  const { jails, errors } = await read(
    { 'bailiff.jails': 'nginx-http-auth, other', 'bailiff.jail.other.maxretry': '3', maintainer: 'x' },
    { BAILIFF_IGNOREIP: '192.0.2.0/24', BAILIFF_BANTIME: '1h' },
  );
  assert.deepEqual(errors, []);
  const shared = {
    enabled: true,
    logpath: [],
    container: ['web'],
    inside: [],
    journal: [],
    kubernetes: [],
    syslog: [],
    bans: [],
    ranges: null,
    increment: noIncrement,
    findtime: 600,
    bantime: 3_600,
    action: 'drop',
    ports: 'all',
    encoding: 'utf-8',
  };
  assert.deepEqual(jails, [
    {
      ...shared,
      name: 'nginx-http-auth',
      filter: 'nginx-http-auth',
      maxretry: 5,
      ignoreip: ['192.0.2.0/24'],
    },
    { ...shared, name: 'other@web', filter: 'other', maxretry: 3, ignoreip: ['192.0.2.0/24'] },
  ]);
});

test('the label logpath means files inside the container itself', async () => {
  const named = { 'bailiff.jails': 'other' };
  const { jails, errors } = await read({
    ...named,
    'bailiff.jail.other.logpath': '/data/a.log, /data/b.log',
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    jails.map(({ name, logpath, container, inside }) => [name, logpath, container, inside]),
    [['other', [], ['web'], ['/data/a.log', '/data/b.log']]],
  );
  for (const path of ['data/a.log', '/da*a/x.log', '/data/', ''])
    assert.deepEqual((await read({ ...named, 'bailiff.jail.other.logpath': path })).errors.length, 1, path);
  const own = await read({ ...named, 'bailiff.jail.other.inside': '/a' });
  assert.deepEqual(own.errors, [
    'container "web", label "bailiff.jail.other.inside": inside cannot be set by a label [config-invalid]',
  ]);
});

test('a jail that a label names keeps the zone and the files of the configured one', async () => {
  const set = await configuration({
    BAILIFF_JAILS: 'other',
    BAILIFF_JAIL_OTHER_CONTAINER: 'shop',
    BAILIFF_JAIL_OTHER_INSIDE: '/data/shop.log',
    BAILIFF_JAIL_OTHER_TIME_ZONE: 'Asia/Tokyo',
  });
  const { jails } = jailsFromLabels(container({ 'bailiff.jails': 'other' }), set);
  assert.deepEqual(
    jails.map(({ container, inside, timeZone }) => [container, inside, timeZone]),
    [[['web'], ['/data/shop.log'], 'Asia/Tokyo']],
  );
});

test('files that a container names are bounded, and their names can be shown', async () => {
  const many = Array.from({ length: 17 }, (_, index) => `/data/${index}.log`).join(' ');
  const { jails, errors } = await read({ 'bailiff.jails': 'other', 'bailiff.jail.other.logpath': many });
  assert.deepEqual(jails, []);
  assert.match(errors.join(), /more than 16 files/);
  const raw = await read({ 'bailiff.jails': 'other', 'bailiff.jail.other.logpath': '/data/\x1bc.log' });
  assert.match(raw.errors.join(), /expected a file's absolute path/);
});

test('what the configuration says of a container is not changed by the label logpath, and that is said', async () => {
  const labels = { 'bailiff.jails': 'other', 'bailiff.jail.other.logpath': '/data/a.log' };
  const { jails, errors } = await read(labels, {
    BAILIFF_JAILS: 'other',
    BAILIFF_JAIL_OTHER_CONTAINER: 'web',
  });
  assert.deepEqual(jails, []);
  assert.match(errors.join(), /jail "other" reads this container already/);
});

test('limits of its own give a container a jail of its own, and leave the shared one as it is', async () => {
  const set = await configuration({});
  const named = (labels: Record<string, string>, name: string) =>
    jailsFromLabels(container(labels, name), set).jails.map(({ name, maxretry }) => [name, maxretry]);
  const weak = { 'bailiff.jails': 'other', 'bailiff.jail.other.maxretry': '10000' };
  assert.deepEqual(named(weak, 'evil'), [['other@evil', 10_000]]);
  assert.deepEqual(named({ 'bailiff.jails': 'other' }, 'shop'), [['other', 5]]);
  const same = { 'bailiff.jails': 'other', 'bailiff.jail.other.maxretry': '5' };
  assert.deepEqual(named(same, 'blog'), [['other', 5]]);
});

test('a filter makes a jail of its own name', async () => {
  const { jails } = await read({
    'bailiff.jail.shop.v2.filter': 'nginx-http-auth',
    'bailiff.jail.shop.v2.bantime': '-1',
  });
  assert.deepEqual(
    jails.map(({ name, filter, bantime }) => [name, filter, bantime]),
    [['shop.v2@web', 'nginx-http-auth', null]],
  );
});

test('the environment beats labels', async () => {
  const labels = { 'bailiff.jails': 'other', 'bailiff.jail.other.maxretry': '9' };
  const { jails } = await read(labels, { BAILIFF_JAIL_OTHER_MAXRETRY: '2' });
  assert.equal(jails[0]?.maxretry, 2);
});

test('a label takes the limits and the ignore list of the configured jail of its name', async () => {
  const { jails } = await read(
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.findtime': '1m' },
    { BAILIFF_JAIL_SSHD_MAXRETRY: '2', BAILIFF_JAIL_SSHD_IGNOREIP: '192.0.2.7' },
  );
  assert.equal(jails[0]?.maxretry, 2);
  assert.equal(jails[0]?.findtime, 60);
  assert.deepEqual(jails[0]?.ignoreip, ['192.0.2.7']);
  assert.deepEqual(jails[0]?.logpath, [], "a label's jail reads no file");
});

test('a container that a configured jail reads already is not read twice', async () => {
  const environment = { BAILIFF_JAIL_OTHER_CONTAINER: 'label:app=shop' };
  const labels = { 'bailiff.jails': 'other', app: 'shop' };
  assert.deepEqual(await read(labels, environment), { jails: [], errors: [] });
  const limited = await read({ ...labels, 'bailiff.jail.other.maxretry': '3' }, environment);
  assert.deepEqual(limited, {
    jails: [],
    errors: [
      'container "web", label "bailiff.jail.other.maxretry": jail "other" reads this container already [config-invalid]',
    ],
  });
});

test('labels cannot loosen, read elsewhere or bring back', async () => {
  const { jails, errors } = await read(
    {
      'bailiff.jails': 'other,sshd',
      'bailiff.jail.other.ignoreip': '0.0.0.0/0',
      'bailiff.jail.other.journal': '_UID=0',
      'bailiff.jail.other.container': 'db',
      'bailiff.jail.other.bans': '*',
    },
    { BAILIFF_JAIL_SSHD_ENABLED: 'false' },
  );
  assert.deepEqual(
    jails.map(({ name, ignoreip, container }) => [name, ignoreip, container]),
    [['other', [], ['web']]],
  );
  const place = 'container "web", label';
  assert.deepEqual(errors, [
    `${place} "bailiff.jail.other.ignoreip": ignoreip cannot be set by a label [config-invalid]`,
    `${place} "bailiff.jail.other.journal": journal cannot be set by a label [config-invalid]`,
    `${place} "bailiff.jail.other.container": container cannot be set by a label [config-invalid]`,
    `${place} "bailiff.jail.other.bans": bans cannot be set by a label [config-invalid]`,
    `${place} "bailiff.jails": jail "sshd" is switched off in the configuration [config-invalid]`,
  ]);
});

test('what is wrong is told, the rest stands', async () => {
  const { jails, errors } = await read({
    'bailiff.jails': 'other,nosuch,a/b',
    'bailiff.jail.other.maxretry': '-1',
    'bailiff.jail.other.bantim': '1h',
    'bailiff.jail.sshd.maxretry': '3',
    'bailiff.enabled': 'true',
  });
  assert.deepEqual(
    jails.map(({ name, maxretry }) => [name, maxretry]),
    [['other', 5]],
  );
  assert.deepEqual(
    errors.map((error) => error?.replace('container "web", label ', '')),
    [
      '"bailiff.jails": "a/b" cannot name a jail [config-invalid]',
      '"bailiff.jail.other.bantim": no such option [config-unknown-key]',
      '"bailiff.enabled": no such label [config-unknown-key]',
      '"bailiff.jail.sshd.maxretry": bailiff.jails does not name this jail [config-invalid]',
      '"bailiff.jail.other.maxretry": jails.other.maxretry: expected a whole number from 1 to 10000; found "-1" [config-invalid]',
      '"bailiff.jails": jail "nosuch": no filter is called "nosuch" [config-unknown-jail]',
    ],
  );
});

test('hostile labels are capped and cannot write to the log as they like', async () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`bailiff.x${index}`, 'y']));
  const flood = await read(many);
  assert.equal(flood.errors.length, 20);
  assert.deepEqual(
    (await read({ ...many, 'bailiff.jails': 'other' })).jails,
    [],
    'beyond the limit nothing is read',
  );
  const names = Array.from({ length: 400 }, (_, index) => `j${index}`).join(',');
  assert.equal((await read({ 'bailiff.jails': names })).jails.length, 0);
  const hostile = await read({
    'bailiff.jails': 'x'.repeat(1_000_000),
    'bailiff.\u001b[2J\n\u202e': '1',
    'bailiff.jail.__proto__.filter': 'other',
    'bailiff.jail.constructor.filter': 'other',
  });
  assert.deepEqual(
    hostile.jails.map(({ name }) => name),
    ['constructor@web'],
  );
  assert.doesNotMatch(hostile.errors.join(''), /[\p{C}]/u);
  assert.equal(hostile.errors.length, 3);
});

test('a jail that counts bans has no filter, and a label that names it stops no other', async () => {
  const { jails, errors } = await read(
    { 'bailiff.jails': 'repeat, other' },
    { BAILIFF_JAILS: 'repeat', BAILIFF_JAIL_REPEAT_BANS: '*' },
  );
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['other'],
  );
  assert.match(errors.join(), /jail "repeat": no filter is called "repeat"/);
});

/** What somebody may write who may start containers and means no good; the jails that come of it. */
const hostile: readonly (readonly [labels: Record<string, string>, jails: readonly string[]])[] = [
  // Others' logs, others' ports, nobody watched.
  [{ 'bailiff.jail.sshd.container': 'db', 'bailiff.jail.sshd.journal': '_UID=0' }, []],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.logpath': '/var/log/auth.log' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.logpath': '/../../etc/../var/log/auth.log' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.ports': '22/tcp' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.ports': '1-65535' }, ['sshd@web']],
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.ports': 'all', 'bailiff.jail.sshd.action': 'none' },
    ['sshd@web'],
  ],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.enabled': 'false' }, []],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.ignoreip': '::/0' }, ['sshd@web']],
  // Options of the host, and of no jail.
  [
    {
      'bailiff.label-ports': 'all',
      'bailiff.labels': 'true',
      'bailiff.ignoreip': '::/0',
      'bailiff.notify': 'x',
    },
    [],
  ],
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.label-ports': 'all', 'bailiff.jail.sshd.notify': 'x' },
    ['sshd@web'],
  ],
  // Names of jails that the host has or had from elsewhere, and of what is none.
  [{ 'bailiff.jails': 'sshd@* sshd@db * **  manual .. __proto__ toString' }, []],
  [
    {
      'bailiff.jail.sshd@db.filter': 'sshd',
      'bailiff.jail..filter': 'sshd',
      'bailiff.jail.*.filter': 'sshd',
    },
    [],
  ],
  [{ 'bailiff.jail.repeat.filter': 'sshd', 'bailiff.jail.repeat.maxretry': '1' }, ['repeat@web']],
  [{ 'bailiff.jails': 'repeat', 'bailiff.jail.repeat.ranges': '/16', 'bailiff.jail.repeat.bans': '*@*' }, []],
  // For ever, and at once.
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime': '-1', 'bailiff.jail.sshd.maxretry': '1' },
    ['sshd@web'],
  ],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime.times': 'permanent' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime.forget': '9999999999d' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime.formula': '9**9**9**9**9**9' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime.formula': '__import__("os")' }, ['sshd@web']],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.bantime.factor': '('.repeat(1_000) }, ['sshd@web']],
  // Numbers that are too large, or none.
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.maxretry': '1e308', 'bailiff.jail.sshd.findtime': '1e308' },
    ['sshd@web'],
  ],
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.findtime': 'NaN', 'bailiff.jail.sshd.bantime': '0' },
    ['sshd@web'],
  ],
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.encoding': '../x', 'bailiff.jail.sshd.time-zone': '../x' },
    ['sshd@web'],
  ],
  [{ 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.filter': '../../etc/passwd' }, ['sshd@web']],
  [
    { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.filter': 'sshd[mode=x]', 'bailiff.jail.sshd.mode': 'x]' },
    ['sshd@web'],
  ],
  // Very many.
  [
    Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`bailiff.jail.j${n}.filter`, 'sshd'])),
    Array.from({ length: 16 }, (_, n) => `j${n}@web`),
  ],
  [{ 'bailiff.jails': Array.from({ length: 200 }, (_, n) => `j${n}`).join() }, []],
];

test('whatever stands in the labels of a container, it comes to its own log, its own ports and nobody spared', async () => {
  const set = await configuration({
    BAILIFF_LABEL_PORTS: undefined,
    BAILIFF_JAILS: 'sshd repeat',
    BAILIFF_JAIL_SSHD_LOGPATH: '/var/log/auth.log',
    BAILIFF_JAIL_REPEAT_BANS: '*',
    BAILIFF_IGNOREIP: '192.0.2.0/24',
  });
  const before = structuredClone(set.jails);
  for (const [labels, expected] of hostile) {
    const { jails, errors } = jailsFromLabels(container(labels), set);
    const said = JSON.stringify(labels).slice(0, 200);
    assert.deepEqual(
      jails.map(({ name }) => name),
      expected,
      said,
    );
    for (const jail of jails) {
      const { logpath, journal, kubernetes, syslog, bans } = jail;
      assert.deepEqual([...logpath, ...journal, ...kubernetes, ...syslog, ...bans], [], said);
      assert.deepEqual([jail.container, jail.ranges, jail.ports], [['web'], null, 'published'], said);
      assert.deepEqual(jail.ignoreip, ['192.0.2.0/24'], said);
      assert.ok(knownFilters.has(splitMode(jail.filter).filter), said);
      assert.ok(jail.maxretry <= 10_000 && Number.isFinite(jail.findtime), said);
      assert.ok(jail.bantime === null || Number.isFinite(jail.bantime), said);
      const longest = new BanTimes(jail.increment).after(1_000, jail.bantime);
      assert.ok(longest === null || (longest > 0 && Number.isFinite(longest)), said);
    }
    assert.ok(errors.length <= 20, said);
    assert.doesNotMatch(errors.map((error) => error.describe()).join(''), /(?!\n)\p{C}/u, said);
  }
  assert.deepEqual(set.jails, before, 'and the jails of the host are as they were');
});

test('a pod is read by the jails that choose it as a pod; its container has the name of its workload', async () => {
  const pod = { namespace: 'shop', pod: 'web-7d4f9-x2x2x', container: 'nginx' };
  const annotated = { ...container({ 'bailiff.jails': 'other' }, 'shop/web/nginx'), pod };
  const jails = async (environment: NodeJS.ProcessEnv) => {
    const set = await configuration({ BAILIFF_JAILS: 'other', ...environment });
    return jailsFromLabels(annotated, set).jails.map(({ name }) => name);
  };
  assert.deepEqual(await jails({ BAILIFF_JAIL_OTHER_KUBERNETES: 'shop/web-*/nginx' }), []);
  assert.deepEqual(await jails({ BAILIFF_JAIL_OTHER_KUBERNETES: 'blog/*/*' }), ['other@*']);
  assert.deepEqual(await jails({ BAILIFF_JAIL_OTHER_CONTAINER: 'shop/*' }), ['other@*']);
  assert.deepEqual(
    await jails({ BAILIFF_LABEL_CONTAINERS: 'blog/*', BAILIFF_JAIL_OTHER_CONTAINER: 'x' }),
    [],
  );
  const limited = { ...annotated, labels: { ...annotated.labels, 'bailiff.jail.other.maxretry': '9' } };
  const { jails: own } = jailsFromLabels(limited, await configuration());
  assert.deepEqual(
    own.map(({ name }) => name),
    ['other@shop/web/nginx'],
  );
});

test('a jail that chooses the container by its image or project already is not asked for twice', async () => {
  const labels = { 'bailiff.jails': 'other', 'com.docker.compose.project': 'shop' };
  for (const [chosen, image] of [
    ['image:nginx', 'nginx:1.27'],
    ['compose:shop', ''],
    ['we*', ''],
  ] as const) {
    const set = await configuration({ BAILIFF_JAILS: 'other', BAILIFF_JAIL_OTHER_CONTAINER: chosen });
    assert.deepEqual(jailsFromLabels(container(labels, 'web', image), set).jails, [], chosen);
    assert.equal(
      jailsFromLabels(container({ 'bailiff.jails': 'other' }, 'shop'), set).jails.length,
      1,
      chosen,
    );
  }
});

test('a label chooses ports and action for its own container alone', async () => {
  const { jails, errors } = await read({
    'bailiff.jails': 'other, nginx-http-auth',
    'bailiff.jail.other.ports': 'published',
    'bailiff.jail.nginx-http-auth.action': 'reject',
    'bailiff.jail.nginx-http-auth.ports': '443, 80/tcp, 5000-5001/udp',
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    jails.map(({ name, action, ports }) => [name, action, ports]),
    [
      ['other@web', 'drop', 'published'],
      [
        'nginx-http-auth@web',
        'reject',
        [
          { protocol: 'tcp', first: 80, last: 80 },
          { protocol: 'tcp', first: 443, last: 443 },
          { protocol: 'udp', first: 5_000, last: 5_001 },
        ],
      ],
    ],
  );
  const wrong = await read({ 'bailiff.jails': 'other', 'bailiff.jail.other.ports': 'http' });
  assert.match(wrong.errors.join(), /a port such as 80\/tcp/);
});

test("a label chooses a mode of the filter, which makes it a rule of the container's own", async () => {
  const labels = { 'bailiff.jails': 'modal', 'bailiff.jail.modal.mode': 'strict' };
  assert.deepEqual(
    (await read(labels)).jails.map(({ name, filter }) => [name, filter]),
    [['modal@web', 'modal[mode=strict]']],
  );
  assert.deepEqual((await read({ ...labels, 'bailiff.jail.modal.mode': 'lax' })).errors, [
    'container "web", label "bailiff.jail.modal.mode": jail "modal": the filter modal has no mode "lax" [filter-mode]',
  ]);
});

test('a label without logpath reads the usual files inside the container, where its service does not write to its output', async () => {
  const { jails } = await read({ 'bailiff.jails': 'modal, nginx-http-auth' });
  assert.deepEqual(
    jails.map(({ name, inside }) => [name, inside]),
    [
      ['modal', ['/data/modal.log']],
      ['nginx-http-auth', []],
    ],
  );
});

test('an image that logs into a file where others log to their output has that file read', async () => {
  const inside = async (image: string) =>
    (await read({ 'bailiff.jails': 'sshd' }, {}, image)).jails.map((jail) => jail.inside);
  assert.deepEqual(await inside('lscr.io/linuxserver/openssh-server:latest'), [
    ['/config/logs/openssh/current'],
  ]);
  assert.deepEqual(await inside('example/openssh-server'), [[]]);
  const named = { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.logpath': '/x.log' };
  const { jails } = await read(named, {}, 'linuxserver/openssh-server');
  assert.deepEqual(jails[0]?.inside, ['/x.log']);
});

test('enable alone asks for the jails of the filters that belong to the image', async () => {
  const enable = { 'bailiff.enable': 'true' };
  const { jails, errors } = await read(enable, {}, 'docker.io/library/nginx:1.29-alpine');
  assert.deepEqual(errors, []);
  assert.deepEqual(
    jails.map(({ name, filter, maxretry, findtime, container: read }) => [
      name,
      filter,
      maxretry,
      findtime,
      read,
    ]),
    [['imaged', 'imaged', 30, 60, ['web']]],
  );
  const limited = { ...enable, 'bailiff.jail.imaged.maxretry': '7' };
  assert.deepEqual(
    (await read(limited, {}, 'nginx')).jails.map(({ name, maxretry }) => [name, maxretry]),
    [['imaged@web', 7]],
  );
  const off = { BAILIFF_JAIL_IMAGED_ENABLED: 'false' };
  assert.deepEqual(
    (await read(enable, off, 'nginx')).jails.map(({ name }) => name),
    ['nginx-http-auth'],
    'what the host has switched off stays off',
  );
});

test('enable alone leaves out what is forgeable or counts the same attempt, and says so', async () => {
  const knownFilters = filterFiles('sshd', 'http-login', 'http-scanner', 'nginx-http-auth', 'vaultwarden');
  const enabled = async (image: string, environment: NodeJS.ProcessEnv = {}) => {
    const all = { BAILIFF_LABEL_PORTS: 'all', ...environment };
    const set = await loadConfiguration({ file, environment: all, knownFilters });
    const { jails, errors, notes } = jailsFromLabels(
      container({ 'bailiff.enable': 'true' }, 'web', image),
      set,
    );
    assert.deepEqual(errors, []);
    return { names: jails.map(({ name }) => name), notes };
  };
  const place = 'container "web", label "bailiff.enable":';
  assert.deepEqual(await enabled('nginx'), {
    names: ['http-login'],
    notes: [
      `${place} left out: nginx-http-auth (forgeable), http-scanner (overlaps http-login); name it in bailiff.jails to have it`,
    ],
  });
  const read = { BAILIFF_JAILS: 'http-scanner', BAILIFF_JAIL_HTTP_SCANNER_CONTAINER: 'web' };
  assert.deepEqual((await enabled('nginx', read)).names, [], 'one that the host has is one, too');
  const only = await enabled('vaultwarden/server:1.34');
  assert.deepEqual(only.names, ['vaultwarden'], 'where there is no other one');
  assert.deepEqual(only.notes, [
    `${place} vaultwarden is started though its log is forgeable: Vaultwarden writes line breaks of names as they are`,
  ]);
});

test('of filters that overlap the one that takes fewer attempts is started', async () => {
  const knownFilters = filterFiles('sshd', 'http-4xx-flood', 'http-scanner');
  const set = await loadConfiguration({ file, environment: {}, knownFilters });
  const { jails } = jailsFromLabels(container({ 'bailiff.enable': 'true' }, 'web', 'httpd:2.4'), set);
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['http-scanner@web'],
  );
});

test('where no filter belongs to the image, enable says so', async () => {
  const { jails, errors } = await read({ 'bailiff.enable': 'true' }, {}, 'ghcr.io/shop/web:2');
  assert.deepEqual(jails, []);
  assert.deepEqual(errors, [
    'container "web", label "bailiff.enable": no filter belongs to the image "ghcr.io/shop/web:2" [config-invalid]',
  ]);
  const none = { BAILIFF_LABEL_JAILS: 'sshd' };
  assert.match(
    (await read({ 'bailiff.enable': 'true' }, none, 'nginx')).errors.join(),
    /of the image "nginx" the configuration allows none of the jails: nginx-http-auth, imaged/,
  );
});

test('enable beside jails that are named adds none', async () => {
  const named = { 'bailiff.enable': 'yes', 'bailiff.jails': 'sshd' };
  assert.deepEqual(
    (await read(named, {}, 'nginx')).jails.map(({ name }) => name),
    ['sshd@*'],
  );
  for (const [wrong, message] of [
    ['sshd/nginx', /"sshd\/nginx" cannot name a jail/],
    [' ', /names no jail/],
  ] as const) {
    const { jails, errors } = await read({ ...named, 'bailiff.jails': wrong }, {}, 'nginx');
    assert.deepEqual(jails, [], 'a wrong name is no wish for all that fits');
    assert.match(errors.join(), message);
  }
});

test('enable=false switches all other labels off, wrong ones too', async () => {
  const labels = { 'bailiff.enable': 'false', 'bailiff.jails': 'other', 'bailiff.jail.other.nosuch': '1' };
  assert.deepEqual(await read(labels), { jails: [], errors: [] });
  const wrong = await read({ 'bailiff.enable': 'maybe', 'bailiff.jails': 'other' });
  assert.equal(wrong.jails.length, 1);
  assert.match(wrong.errors.join(), /"bailiff.enable": expected true or false; found "maybe"/);
});

/** A value of each option that a label may set, other than the default, and what becomes of it. */
const values: Readonly<
  Record<string, readonly [label: string, found: (jail: JailConfiguration) => unknown, expected: unknown]>
> = {
  filter: ['sshd', ({ filter }) => filter, 'sshd'],
  logpath: ['/data/x.log', ({ inside }) => inside, ['/data/x.log']],
  bantime: ['2h', ({ bantime }) => bantime, 7_200],
  findtime: ['90', ({ findtime }) => findtime, 90],
  maxretry: ['2', ({ maxretry }) => maxretry, 2],
  'bantime.increment': ['true', ({ increment }) => increment.enabled, true],
  'bantime.times': ['10m permanent', ({ increment }) => increment.times, [600, null]],
  'bantime.forget': ['30d', ({ increment }) => increment.forget, 2_592_000],
  'bantime.factor': ['3', ({ increment }) => increment.factor, '3'],
  'bantime.formula': ['ban.Time * 2', ({ increment }) => increment.formula, 'ban.Time * 2'],
  'bantime.multipliers': ['1 5 30', ({ increment }) => increment.multipliers, [1, 5, 30]],
  'bantime.maxtime': ['1w', ({ increment }) => increment.maxtime, 604_800],
  'bantime.rndtime': ['5m', ({ increment }) => increment.rndtime, 300],
  'bantime.overalljails': ['true', ({ increment }) => increment.overalljails, true],
  action: ['reject', ({ action }) => action, 'reject'],
  ports: ['published', ({ ports }) => ports, 'published'],
  encoding: ['latin1', ({ encoding }) => encoding, 'latin1'],
  mode: ['strict', ({ filter }) => filter, 'modal[mode=strict]'],
  'time-zone': ['Asia/Tokyo', ({ timeZone }) => timeZone, 'Asia/Tokyo'],
};

test('every option that the reference has a label for can be set by it', async () => {
  for (const label of labelOptions.keys()) {
    if (label === 'enabled') continue;
    const [value, found, expected] = values[label] ?? assert.fail(`no value for ${label}`);
    const jail = label === 'mode' ? 'modal' : 'other';
    const { jails, errors } = await read({
      'bailiff.jails': jail,
      [`bailiff.jail.${jail}.${label}`]: value,
    });
    assert.deepEqual(errors, [], label);
    assert.deepEqual(jails.map(found), [expected], label);
  }
  const off = { 'bailiff.jails': 'other, sshd', 'bailiff.jail.other.enabled': 'false' };
  assert.deepEqual(
    (await read(off)).jails.map(({ name }) => name),
    ['sshd@*'],
  );
});

test('growing bans of its own make a jail of its own', async () => {
  const labels = { 'bailiff.jails': 'other', 'bailiff.jail.other.bantime.increment': 'true' };
  assert.deepEqual(
    (await read(labels)).jails.map(({ name }) => name),
    ['other@web'],
  );
});

test('a label that says a ban time means that one, and no list of the configuration', async () => {
  const listed = { BAILIFF_BANTIME_TIMES: '10m 1h' };
  const times = async (labels: Record<string, string>) =>
    (await read({ 'bailiff.jails': 'other', ...labels }, listed)).jails.map(({ bantime, increment }) => [
      bantime,
      increment.times,
    ]);
  assert.deepEqual(await times({}), [[600, [600, 3_600]]]);
  assert.deepEqual(await times({ 'bailiff.jail.other.bantime': '1d' }), [[86_400, []]]);
  assert.deepEqual(await times({ 'bailiff.jail.other.bantime.times': '1m 2m' }), [[60, [60, 120]]]);
});

test('a label shuts no port that the configuration leaves open, save those of its container', async () => {
  const ports = (value: string) => ({ 'bailiff.jails': 'other', 'bailiff.jail.other.ports': value });
  const few = { BAILIFF_PORTS: '443/tcp 8000-8100/tcp' };
  for (const wider of ['all', '22/tcp', '443/tcp, 443/udp', '8090-8110'])
    for (const set of [few, { BAILIFF_PORTS: 'published' }]) {
      const { jails, errors } = await read(ports(wider), set);
      assert.equal(jails.length, 1, wider);
      assert.deepEqual(errors, [
        'container "web", label "bailiff.jail.other.ports": a label cannot shut more ports than the configuration [config-invalid]',
      ]);
    }
  for (const narrower of ['443', '8080', 'published'])
    assert.deepEqual((await read(ports(narrower), few)).errors, [], narrower);
});

test('the ports that a jail of labels shuts as published are those of one container', async () => {
  const { jails } = await read({ 'bailiff.jails': 'other' }, { BAILIFF_PORTS: 'published' });
  assert.deepEqual(
    jails.map(({ name, ports }) => [name, ports]),
    [['other@web', 'published']],
  );
});

test('unless the host says otherwise the jails of labels shut the ports of their own container alone', async () => {
  const unsaid = { BAILIFF_LABEL_PORTS: undefined };
  const shut = async (labels: Record<string, string>, environment: NodeJS.ProcessEnv = {}) => {
    const { jails, errors } = await read(labels, { ...unsaid, ...environment });
    return { ports: jails.map(({ name, ports }) => [name, ports]), errors };
  };
  const asked = { 'bailiff.jails': 'other' };
  const own = [['other@web', 'published']];
  assert.deepEqual(await shut(asked), { ports: own, errors: [] });
  for (const wider of ['all', '443/tcp']) {
    const { ports, errors } = await shut({ ...asked, 'bailiff.jail.other.ports': wider });
    assert.deepEqual(ports, own, wider);
    assert.match(errors.join(), /a label cannot shut more ports than the configuration/);
  }
  const web = { protocol: 'tcp', first: 443, last: 443 };
  const proxied = await shut(asked, { BAILIFF_LABEL_PORTS: '443/tcp' });
  assert.deepEqual(proxied, { ports: [['other', [web]]], errors: [] });
  const named = await shut(asked, { BAILIFF_JAIL_OTHER_PORTS: 'all' });
  assert.deepEqual(named.ports, [['other', 'all']], 'the host may say so of one jail');
});

test('labels can be switched off', async () => {
  const labels = { 'bailiff.jails': 'other', 'bailiff.jail.other.nosuch': '1' };
  assert.deepEqual(await read(labels, { BAILIFF_LABELS: 'false' }), { jails: [], errors: [] });
});

test('labels can be heeded of some containers alone', async () => {
  const only = { BAILIFF_LABEL_CONTAINERS: 'shop-*, image:nginx' };
  const labels = { 'bailiff.jails': 'other' };
  assert.equal((await read(labels, only, 'nginx:1.29')).jails.length, 1);
  assert.deepEqual(await read(labels, only, 'evil'), {
    jails: [],
    errors: ['container "web": the labels of this container are not heeded [config-invalid]'],
  });
  assert.deepEqual(await read({ maintainer: 'x' }, only, 'evil'), { jails: [], errors: [] });
});

test('labels can be kept to some jails and some options', async () => {
  const labels = {
    'bailiff.jails': 'other, sshd',
    'bailiff.jail.other.maxretry': '10000',
    'bailiff.jail.mine.filter': 'other',
  };
  const { jails, errors } = await read(labels, {
    BAILIFF_LABEL_JAILS: 'oth*, mine',
    BAILIFF_LABEL_OPTIONS: 'bantime ports',
  });
  assert.deepEqual(
    jails.map(({ name, maxretry }) => [name, maxretry]),
    [['other', 5]],
  );
  const place = 'container "web", label';
  assert.deepEqual(errors, [
    `${place} "bailiff.jail.other.maxretry": labels may not set maxretry here [config-invalid]`,
    `${place} "bailiff.jail.mine.filter": labels may not set filter here [config-invalid]`,
    `${place} "bailiff.jails": labels may not ask for the jail "sshd" here [config-invalid]`,
  ]);
  const none = await read(
    { 'bailiff.jails': 'other', 'bailiff.jail.other.bantime': '1h' },
    { BAILIFF_LABEL_OPTIONS: 'none' },
  );
  assert.deepEqual([none.jails.length, none.errors.length], [1, 1]);
});

test('containers count apart from a jail that reads other logs, and together', async () => {
  const set = await configuration({
    BAILIFF_JAILS: 'sshd other',
    BAILIFF_JAIL_OTHER_LOGPATH: '/var/log/other.log',
  });
  const named = (labels: Record<string, string>, name: string) =>
    jailsFromLabels(container(labels, name), set).jails.map(({ name }) => name);
  assert.deepEqual(named({ 'bailiff.jails': 'other' }, 'web'), ['other@*']);
  assert.deepEqual(named({ 'bailiff.jails': 'other' }, 'shop'), ['other@*']);
  assert.deepEqual(named({ 'bailiff.jails': 'other', 'bailiff.jail.other.maxretry': '3' }, 'web'), [
    'other@web',
  ]);
});

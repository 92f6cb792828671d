import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { noIncrement } from '../core/ban-increment.ts';
import { jailsFromLabels } from './labels.ts';
import { loadConfiguration } from './load.ts';
import type { Configuration } from './schema.ts';

const knownFilters = filterFiles('sshd', 'nginx-http-auth', 'other', 'modal');

/** Without --config the machine's own file would be read: this one is always there and empty. */
const file = new URL('./testdata/empty.yaml', import.meta.url).pathname;

function configuration(environment: NodeJS.ProcessEnv = {}): Promise<Configuration> {
  return loadConfiguration({ file, environment, knownFilters });
}

async function read(labels: Record<string, string>, environment: NodeJS.ProcessEnv = {}) {
  const { jails, errors } = jailsFromLabels(labels, 'web', await configuration(environment));
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
  for (const path of ['data/a.log', '/data/*.log', '/data/', ''])
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
  const { jails } = jailsFromLabels({ 'bailiff.jails': 'other' }, 'web', set);
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
  const named = (labels: Record<string, string>, container: string) =>
    jailsFromLabels(labels, container, set).jails.map(({ name, maxretry }) => [name, maxretry]);
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
});

test('labels cannot loosen, read elsewhere or bring back', async () => {
  const { jails, errors } = await read(
    {
      'bailiff.jails': 'other,sshd',
      'bailiff.jail.other.ignoreip': '0.0.0.0/0',
      'bailiff.jail.other.journal': '_UID=0',
      'bailiff.jail.other.container': 'db',
      'bailiff.jail.other.enabled': 'false',
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
    `${place} "bailiff.jail.other.enabled": enabled cannot be set by a label [config-invalid]`,
    `${place} "bailiff.jails": jail "sshd" is switched off in the configuration [config-invalid]`,
  ]);
});

test('what is wrong is told, the rest stands', async () => {
  const { jails, errors } = await read({
    'bailiff.jails': 'other,nosuch,a/b',
    'bailiff.jail.other.maxretry': '-1',
    'bailiff.jail.other.bantim': '1h',
    'bailiff.jail.sshd.maxretry': '3',
    'bailiff.enable': 'true',
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
      '"bailiff.enable": no such label [config-unknown-key]',
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

test('a jail that chooses the container by its image or project already is not asked for twice', async () => {
  const labels = { 'bailiff.jails': 'other', 'com.docker.compose.project': 'shop' };
  for (const [chosen, image] of [
    ['image:nginx', 'nginx:1.27'],
    ['compose:shop', ''],
    ['we*', ''],
  ] as const) {
    const set = await configuration({ BAILIFF_JAILS: 'other', BAILIFF_JAIL_OTHER_CONTAINER: chosen });
    assert.deepEqual(jailsFromLabels(labels, 'web', set, image).jails, [], chosen);
    assert.equal(jailsFromLabels({ 'bailiff.jails': 'other' }, 'shop', set).jails.length, 1, chosen);
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
    'container "web", label "bailiff.jails": jail "modal": the filter modal has no mode "lax" [filter-mode]',
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

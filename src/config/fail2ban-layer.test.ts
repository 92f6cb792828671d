import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { loadConfiguration } from './load.ts';
import type { Configuration } from './schema.ts';

const actions = {
  'action.d/shut.conf':
    '[Definition]\nactionstart = iptables -I INPUT -p <protocol> -m multiport --dports <port> -j f2b\nactionban = iptables -I f2b 1 -s <ip> -j <blocktype>\n[Init]\nport = ssh\nprotocol = tcp\nblocktype = DROP\n',
  'action.d/tell.conf': '[Definition]\nactionban = /usr/local/bin/tell <ip>\n',
  'filter.d/some.conf': '[Definition]\nfailregex = ^failed from <HOST>$\n',
};

/** What a directory of these files comes to, with a bailiff.yaml beside it. */
async function loaded(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  { yaml = '', environment = {} }: { yaml?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<Configuration> {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-fail2ban-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ ...actions, ...files, 'bailiff.yaml': yaml })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadConfiguration({
    file: join(folder, 'bailiff.yaml'),
    environment: { BAILIFF_FAIL2BAN_DIR: folder, ...environment },
    knownFilters: filterFiles('sshd'),
  });
}

/** A section with these options; what they do not set is as usual. */
const jail = (name: string, ...options: string[]): string => {
  const usual = ['filter = some', 'action = shut'].filter(
    (each) => !options.some((option) => option.startsWith(each.slice(0, 8))),
  );
  return `[${name}]\n${['enabled = true', ...usual, ...options].join('\n')}\n`;
};
const log = 'logpath = /var/log/some.log';
const textOf = (jailConf: string) => ({ 'jail.conf': `[DEFAULT]\n${jailConf}` });

test("a jail's limits, sources, lists and ports are what fail2ban's would be", async (t) => {
  const options = [
    'logpath = /var/log/a.log\n  /var/log/b*.log tail',
    'maxretry = 7',
    'findtime = 1h',
    'bantime = -1',
    'ignoreip = 192.0.2.0/255.255.255.0 home.example, file:/etc/friends',
    'logencoding = latin1',
    'logtimezone = UTC+0130',
    'action = shut[port="https,8000:8100", protocol="tcp,udp"]',
  ];
  const { jails, fail2ban } = await loaded(t, textOf(jail('web', ...options)));
  const [web, ...others] = jails;
  assert.deepEqual(others, [], 'no jail of ours beside them');
  const {
    enabled: _,
    increment: _i,
    container: _c,
    inside: _in,
    kubernetes: _k,
    syslog: _s,
    bans: _b,
    ranges: _r,
    ...rest
  } = web ?? {
    enabled: false,
  };
  assert.deepEqual(rest, {
    name: 'web',
    filter: 'fail2ban/web',
    logpath: ['/var/log/a.log', '/var/log/b*.log'],
    journal: [],
    maxretry: 7,
    findtime: 3_600,
    bantime: null,
    ignoreip: ['192.0.2.0/24', 'home.example', 'file:/etc/friends'],
    action: 'drop',
    ports: [
      { protocol: 'tcp', first: 443, last: 443 },
      { protocol: 'tcp', first: 8_000, last: 8_100 },
      { protocol: 'udp', first: 443, last: 443 },
      { protocol: 'udp', first: 8_000, last: 8_100 },
    ],
    encoding: 'latin1',
    timeZone: '+01:30',
  });
  assert.equal(fail2ban?.filters[0]?.name, 'fail2ban/web');
  assert.match(fail2ban?.remarks.join('\n') ?? '', /jail\.conf:\d+, jail web: "tail" has no meaning/);
});

test('what is not set falls back to the defaults of Bailiff', async (t) => {
  const { jails, defaults } = await loaded(t, textOf(jail('a', log)), {
    environment: { BAILIFF_BANTIME: '1h' },
  });
  assert.deepEqual([jails[0]?.maxretry, jails[0]?.findtime], [defaults.maxretry, defaults.findtime]);
  assert.equal(jails[0]?.bantime, 3_600);
});

test('what the file or the environment say of a jail of the same name wins', async (t) => {
  const files = textOf(jail('a', log, 'maxretry = 7', 'bantime = 1d') + jail('b', log));
  const yaml = 'jails:\n  a: {maxretry: 2, container: web}\n  b: {enabled: false}\n';
  const { jails } = await loaded(t, files, { yaml, environment: { BAILIFF_JAIL_A_BANTIME: '2d' } });
  const [a, b] = jails;
  assert.deepEqual([a?.filter, a?.maxretry, a?.bantime, a?.container], ['fail2ban/a', 2, 172_800, ['web']]);
  assert.equal(b?.enabled, false);
});

test('bans grow as fail2ban says', async (t) => {
  const options = ['bantime.increment = true', 'bantime.formula = ban.Time * 2', 'bantime.maxtime = 5w'];
  const more = ['bantime.rndtime = 10m', 'bantime.overalljails = true', 'bantime.factor = 2'];
  const { jails } = await loaded(t, textOf(jail('a', log, ...options, ...more)));
  assert.deepEqual(jails[0]?.increment, {
    enabled: true,
    times: [],
    factor: '2',
    formula: 'ban.Time * 2',
    multipliers: [],
    maxtime: 3_024_000,
    rndtime: 600,
    overalljails: true,
    forget: 86_400,
  });
});

test('the journal is read where the backend is systemd: what matches, or all of it', async (t) => {
  const files = textOf(
    `backend = systemd\n${jail('a', 'journalmatch = _SYSTEMD_UNIT=a.service + _COMM=a')}${jail('b')}`,
  );
  const { jails, fail2ban } = await loaded(t, files);
  assert.deepEqual(jails[0]?.journal, [['_SYSTEMD_UNIT=a.service'], ['_COMM=a']]);
  assert.equal(jails[1]?.journal[0]?.length, 8);
  assert.match(fail2ban?.remarks.join('\n') ?? '', /jail b: it reads the whole journal/);
});

test("a jail that reads fail2ban's own log counts bans, unless Bailiff writes that log", async (t) => {
  const own = '/var/log/fail2ban.log';
  const files = {
    ...textOf(jail('again', `logpath = ${own}`)),
    'fail2ban.conf': `[DEFAULT]\nlogtarget = ${own}\n[Definition]\n`,
  };
  const { jails } = await loaded(t, files);
  assert.deepEqual([jails[0]?.bans, jails[0]?.logpath], [['*'], []]);
  const written = await loaded(t, files, { environment: { BAILIFF_FAIL2BAN_LOG: own } });
  assert.deepEqual([written.jails[0]?.bans, written.jails[0]?.logpath], [[], [own]]);
});

test('a jail without anything that shuts out bans in name only, and what is not run is told', async (t) => {
  const { jails, fail2ban } = await loaded(t, textOf(jail('a', log, 'action = tell')));
  assert.equal(jails[0]?.action, 'none');
  assert.match(fail2ban?.remarks.join('\n') ?? '', /"tell" is not run: set fail2ban\.allow-actions/);
  const allowed = await loaded(t, textOf(jail('a', log, 'action = tell')), {
    yaml: 'fail2ban: {allow-actions: true}',
  });
  assert.deepEqual(allowed.fail2ban?.remarks, []);
});

test('what is wrong with a jail leaves only that jail out', async (t) => {
  const wrong = [
    jail('lost', 'filter = nowhere', log),
    jail('bad', 'failregex = (unclosed <HOST>', log),
    jail('blind'),
    jail('odd', 'journalmatch = nonsense', 'backend = systemd'),
    jail('x'.repeat(80), log),
    `[filterless]\nenabled = true\naction = shut\n${log}\n`,
  ];
  const { jails, fail2ban } = await loaded(t, textOf(jail('good', log) + wrong.join('')));
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['good'],
  );
  assert.equal(fail2ban?.problems.length, wrong.length);
  for (const { where } of fail2ban?.problems ?? [])
    assert.match(where ?? '', /jail\.conf:\d+|jails\.|environment|\.yaml/);
});

test('where there is nothing of the kind the built-in jail protects, and it is said', async (t) => {
  const { jails, fail2ban } = await loaded(
    t,
    {},
    { environment: { BAILIFF_FAIL2BAN_DIR: '/no/such/folder' } },
  );
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['sshd'],
  );
  assert.match(fail2ban?.problems[0]?.message ?? '', /no such folder/);
});

test('addresses in lines of DEFAULT that cannot be read are spared: one may be the owner’s', async (t) => {
  const text = `ignoreip = 192.0.2.1\nignoreip = 192.0.2.2\n198.51.100.0/24 what was this\n  203.0.113.9\n${jail('a', log)}`;
  const { jails, fail2ban } = await loaded(t, textOf(text));
  assert.deepEqual([...(jails[0]?.ignoreip ?? [])].sort(), [
    '192.0.2.1',
    '192.0.2.2',
    '198.51.100.0/24',
    '203.0.113.9',
  ]);
  assert.equal(fail2ban?.problems.length, 2);
});

test('whom DEFAULT spares is spared by every jail and by hand; a list only adds', async (t) => {
  const files = textOf(`ignoreip = 192.0.2.1\n${jail('a', log)}${jail('b', log, 'ignoreip = 192.0.2.2')}`);
  const yaml =
    'defaults: {ignoreip: 198.51.100.1}\njails:\n  b: {ignoreip: 192.0.2.3}\n  own: {filter: sshd, container: web}\n';
  const environment = { BAILIFF_JAIL_B_IGNOREIP: '192.0.2.4' };
  const { jails, defaults } = await loaded(t, files, { yaml, environment });
  const lists = Object.fromEntries(jails.map(({ name, ignoreip }) => [name, [...ignoreip].sort()]));
  const all = ['192.0.2.1', '198.51.100.1'];
  assert.deepEqual([...defaults.ignoreip].sort(), all);
  assert.deepEqual([lists['a'], lists['own']], [all, all]);
  assert.deepEqual(lists['b'], ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '198.51.100.1']);
});

test('a formula or a cache that is not understood stops its jail at check, not the daemon at the start', async (t) => {
  const formula = jail('a', log, 'bantime.formula = ban.Time * math.sinh(ban.Count)');
  const cache = jail('b', log, 'ignorecommand = true', 'ignorecache = max-count=3');
  const { jails, fail2ban } = await loaded(t, textOf(formula + cache + jail('c', log)));
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['c'],
  );
  const [first, second] = fail2ban?.problems.map(({ message }) => message) ?? [];
  assert.match(first ?? '', /math\.sinh.* is not understood/);
  assert.match(second ?? '', /ignorecache/);
});

test('a command that is not run is named: whom it would spare is not spared', async (t) => {
  const { fail2ban } = await loaded(t, textOf(jail('a', log, 'ignorecommand = /bin/friend <ip>')));
  assert.match(fail2ban?.remarks.join('\n') ?? '', /jail a: its ignorecommand is not run/);
});

test('two zones for one file leave the second jail out, and nothing else stops', async (t) => {
  const zones = jail('a', log, 'logtimezone = UTC') + jail('b', log, 'logtimezone = UTC+0100');
  const { jails, fail2ban } = await loaded(t, textOf(zones + jail('c', log)));
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['a', 'c'],
  );
  assert.match(fail2ban?.problems[0]?.message ?? '', /reads \/var\/log\/some\.log with the zone/);
});

test("fail2ban's own entries in the journal are our bans", async (t) => {
  const options = ['journalmatch = _SYSTEMD_UNIT=fail2ban.service PRIORITY=5', 'backend = systemd'];
  const { jails } = await loaded(t, textOf(jail('again', ...options)));
  assert.deepEqual([jails[0]?.bans, jails[0]?.journal], [['*'], []]);
});

test('how long bans are remembered is what fail2ban.conf says', async (t) => {
  const conf = { 'fail2ban.conf': '[DEFAULT]\ndbpurgeage = 3w\n[Definition]\n' };
  const { fail2ban, jails } = await loaded(t, { ...textOf(jail('a', log)), ...conf });
  assert.equal(fail2ban?.purgeAge, 1_814_400);
  assert.equal(jails[0]?.increment.forget, 1_814_400);
});

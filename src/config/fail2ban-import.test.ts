import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { filterFiles } from '../../test/setup/filters.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { ConfigurationErrors } from './errors.ts';
import { importFail2ban } from './fail2ban-import.ts';
import { durationText, writtenOptions } from './fail2ban-import-options.ts';
import { loadConfiguration } from './load.ts';

const filter = '[Definition]\nfailregex = ^ bad <HOST>$\n';
const files = {
  'filter.d/bad.conf': filter,
  'filter.d/sshd.conf': filter,
  'filter.d/broken.conf': '[Definition]\nfailregex = ^ (<HOST>$\n',
  'action.d/shout.conf': '[Definition]\nactionban = shout <ip>\n',
  'action.d/shut.conf':
    '[Definition]\nactionstart = iptables -I INPUT -p <protocol> -m multiport --dports <port> -j f2b\nactionban = iptables -I f2b 1 -s <ip> -j DROP\n',
  'fail2ban.conf':
    '[DEFAULT]\nlogtarget = /var/log/fail2ban.log\ndbfile = /var/lib/f.sqlite3\n[Definition]\n',
  'jail.conf': `[DEFAULT]
filter = %(__name__)s
action = shut[port="%(port)s", protocol="%(protocol)s"]
    shout
port = 0:65535
protocol = tcp
bantime = 1h
findtime = 90
maxretry = 4
ignoreip = 192.0.2.0/24 home.example.org file:/etc/allowed
[sshd]
enabled = true
backend = polling
port = ssh,2222
logpath = /var/log/auth.log
bantime.increment = true
bantime.maxtime = 5w
bantime.multipliers = 1 2 4
[web]
enabled = true
backend = polling
filter = bad
logpath = /srv/*/access.log tail
protocol = all
port = http,https
bantime = -1
logtimezone = UTC+0200
[recidive]
enabled = true
backend = polling
filter = bad
logpath = /var/log/fail2ban.log
[journal]
enabled = true
filter = bad[journalmatch='_SYSTEMD_UNIT=a.service + _COMM="b c"']
backend = systemd
[off]
filter = bad
[broken]
enabled = true
logpath = /x
`,
};

/** What the daemon would run. */
async function jailsOf(sources: { dir?: string; file?: string }) {
  const environment = { BAILIFF_CONFIG: '', ...(sources.dir && { BAILIFF_FAIL2BAN_DIR: sources.dir }) };
  const file = sources.file ?? `${folderOf({ 'none.yaml': '' })}/none.yaml`;
  return (await loadConfiguration({ file, environment, knownFilters: filterFiles() })).jails;
}

test('the file that an import writes comes to what the directory comes to', async () => {
  const dir = folderOf(files);
  const { yaml, jails, problems, remarks } = importFail2ban(dir, ['sshd']);
  assert.deepEqual(jails, ['sshd', 'web', 'recidive', 'journal']);
  assert.match(problems.map(({ where, message }) => `${where} ${message}`).join('\n'), /broken\.conf:2 /);
  assert.match(remarks.join('\n'), /in place of \/var\/log\/fail2ban\.log it counts the bans/);
  const file = `${folderOf({ 'bailiff.yaml': yaml })}/bailiff.yaml`;
  assert.deepEqual(await jailsOf({ file }), await jailsOf({ dir }));
});

test('each jail is written as people write it, with what is otherwise beside it', () => {
  const dir = folderOf(files);
  const lines = importFail2ban(dir, ['sshd']).yaml.split('\n');
  const text = lines.join('\n').replaceAll(dir, 'DIR');
  assert.match(text, /^# What `bailiff import` made of DIR\./);
  assert.match(text, /# The bans: bailiff import bans \/var\/lib\/f\.sqlite3\n/);
  assert.match(text, /# NOT TAKEN OVER: DIR\/filter\.d\/broken\.conf:2: /);
  const sshd = `jails:
  # filter sshd of DIR/filter.d/sshd.conf
  # Bailiff has one of that name, too: \`filter: sshd\` takes it.
  # actions there: shut, shout
`;
  assert.ok(text.includes(sshd), text);
  const options = `  sshd:
    logpath:
      - /var/log/auth.log
    maxretry: 4
    findtime: 90
    bantime: 1h
    bantime.increment: true
    bantime.multipliers:
      - 1
      - 2
      - 4
    bantime.maxtime: 5w
`;
  assert.ok(text.includes(options), text);
  assert.ok(
    text.includes(
      '    ignoreip:\n      - 192.0.2.0/24\n      - home.example.org\n      - file:/etc/allowed\n',
    ),
    text,
  );
  assert.ok(text.includes('    ports: 80/tcp,443/tcp,80/udp,443/udp\n'), text);
  assert.match(text, /# DIR\/jail\.conf:\d+: "tail" has no meaning.*\n(?: {2}#.*\n)* {2}web:\n/);
  assert.match(text, /\n {2}journal:\n {4}journal: _SYSTEMD_UNIT=a\.service \+ "_COMM=b c"\n/);
  assert.ok(!text.includes('  off:') && !text.includes('  broken:'), text);
});

test('a jail that cannot be run is left out; where none can, it is an error', () => {
  assert.throws(() => importFail2ban('/nowhere/at/all', []), ConfigurationErrors);
  const dir = folderOf({ 'jail.conf': '[web]\nenabled = true\nfilter = none\n' });
  assert.throws(() => importFail2ban(dir, []), ConfigurationErrors);
  const empty = importFail2ban(folderOf({ 'jail.conf': '[web]\nfilter = none\n' }), []);
  assert.deepEqual([empty.jails, empty.problems], [[], []]);
  assert.match(empty.yaml, /jails: \{\}/);
});

test('no name or value ends a comment', () => {
  const dir = folderOf({
    'jail.conf': `[j]\nenabled = true\nfilter = bad\nbackend = polling\nlogpath = rela\u202etive\n  /log\n`,
    'filter.d/bad.conf': filter,
  });
  const renamed = `${dir}\nevil: true`;
  renameSync(dir, renamed);
  const { yaml } = importFail2ban(renamed, []);
  assert.ok(!/^evil|\u202e/m.test(yaml), yaml);
  assert.match(yaml, /rela\\u\{202e\}tive/);
  assert.deepEqual(Object.keys(parse(yaml)), ['fail2ban', 'jails']);
  assert.equal(parse(yaml).fail2ban.dir, renamed);
  rmSync(renamed, { recursive: true });
});

test('durations are written exactly', () => {
  assert.deepEqual([600, 90, 129_600, 86_400 * 14, 2_629_800, 1.5].map(durationText), [
    '10m',
    90,
    '36h',
    '2w',
    '43830m',
    1.5,
  ]);
  assert.deepEqual(writtenOptions({ bantime: null, ports: 'all', logpath: [] }), {
    bantime: -1,
    ports: 'all',
  });
});

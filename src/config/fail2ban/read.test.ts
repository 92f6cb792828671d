import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../../test/setup/folder.ts';
import { readFail2ban, readFail2banFilter } from './read.ts';
import type { Fail2banConfiguration, Fail2banJail } from './types.ts';

const parts = {
  'filter.d/f.conf': '[Definition]\nfailregex = ^bad <HOST>$\n',
  'action.d/a.conf':
    '[Definition]\nactionban = ban <ip> <port> <chain>\nnorestored = yes\n[Init]\nchain = INPUT\nport = any\n[Init?family=inet6]\nchain = INPUT6\n',
};
const head = '[DEFAULT]\nenabled = true\nfilter = f\naction = a\n';

function read(
  jails: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Fail2banConfiguration & { folder: string } {
  const folder = folderOf({ ...parts, 'jail.conf': head + jails, ...files });
  return { ...readFail2ban(folder), folder };
}

function jailOf(jails: string, files: Readonly<Record<string, string>> = {}): Fail2banJail {
  const { jails: read_, problems } = read(jails, files);
  assert.deepEqual(problems, []);
  return read_[0] ?? assert.fail('no jail');
}

/** `jail file:line message` of each problem. */
function problems({ folder, problems: list }: ReturnType<typeof read>): string[] {
  return list.map(
    ({ jail, error }) => `${jail} ${path.relative(folder, error.where ?? '')} ${error.message}`,
  );
}

function remarks({ folder, remarks: list }: ReturnType<typeof read>): string[] {
  return list.map(({ jail, at, text }) => `${jail} ${path.relative(folder, at.file)}:${at.line} ${text}`);
}

test('a jail as typed values', () => {
  const jail = jailOf(`[j]
backend = systemd[journalpath=/x]
maxretry = 3
findtime = 1h 30m
bantime = -1
bantime.increment = true
bantime.multipliers = 1 2 4
bantime.maxtime = 1w
bantime.factor = 2
ignoreip = 127.0.0.1/8 ::1, example.org
  file:/etc/ignored
ignoreself = no
ignorecommand = /bin/check <ip>
logpath = /var/log/*.log
  /var/log/x tail
port = http,https
protocol = tcp
skip_if_nologs = true
`);
  assert.equal(jail.name, 'j');
  assert.equal(jail.at.line, 5);
  assert.equal(jail.backend.kind, 'systemd');
  assert.equal(jail.backend.options.get('journalpath')?.text, '/x');
  assert.equal(jail.maxRetry, 3);
  assert.equal(jail.maxMatches, null);
  assert.equal(jail.findTime, 5_400);
  assert.equal(jail.banTime, 'forever');
  assert.equal(jail.increment.enabled, true);
  assert.deepEqual(jail.increment.multipliers, [1, 2, 4]);
  assert.equal(jail.increment.maxTime, 604_800);
  assert.equal(jail.increment.factor?.text, '2');
  assert.equal(jail.increment.formula, null);
  assert.deepEqual(jail.ignore.ranges, ['127.0.0.0/8', '::1']);
  assert.deepEqual(jail.ignore.names, ['example.org']);
  assert.deepEqual(jail.ignore.files, ['/etc/ignored']);
  assert.equal(jail.ignore.self, false);
  assert.equal(jail.ignore.command?.text, '/bin/check <ip>');
  assert.deepEqual(
    jail.logPaths.map(({ path: file, from, at }) => [file, from, at.line]),
    [
      ['/var/log/*.log', 'head', 18],
      ['/var/log/x', 'tail', 19],
    ],
  );
  assert.deepEqual(jail.ports, [{ service: 'http' }, { service: 'https' }]);
  assert.equal(jail.protocol, 'tcp');
  assert.equal(jail.skipIfNoLogs, true);
});

test('jails that are not enabled are named only', () => {
  const { jails, disabled } = read('[j]\nenabled = no\nbantime = nonsense\n[k]\n');
  assert.deepEqual(disabled, ['j']);
  assert.deepEqual(
    jails.map(({ name }) => name),
    ['k'],
  );
});

test('each expression of a filter has its place', () => {
  const { jails, folder } = read('[j]\nfailregex = %(known/failregex)s\n  ^mine$\n', {
    'filter.d/f.conf':
      '[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = <list-<mode>>\n  %(_p)slast\nlist-x = ^one$\n  ^two$\nmode = x\n',
    'filter.d/common.conf': '[DEFAULT]\n_p = ^prefix\n',
  });
  assert.deepEqual(
    jails[0]?.filter?.failRegex.map(({ text, at }) => `${path.relative(folder, at.file)}:${at.line} ${text}`),
    [
      'filter.d/f.conf:6 ^one$',
      'filter.d/f.conf:7 ^two$',
      'filter.d/f.conf:5 ^prefixlast',
      'jail.conf:7 ^mine$',
    ],
  );
});

test('the mode and the type of log choose expressions through tags', () => {
  const files = {
    'filter.d/f.conf':
      '[Definition]\nfailregex = <mdre-<mode>>\nmdre-normal = n\nmdre-aggressive = a <_<logtype>>\nmode = normal\n_file = F\n_journal = J\n',
  };
  const texts = (jail: string): string[] | undefined =>
    jailOf(jail, files).filter?.failRegex.map(({ text }) => text);
  assert.deepEqual(texts('[j]\n'), ['n']);
  assert.deepEqual(texts('[j]\nfilter = f[mode=aggressive]\n'), ['a F']);
  assert.deepEqual(texts('[j]\nfilter = f[mode=aggressive]\nbackend = systemd\n'), ['a J']);
});

test('all that a filter has is there', () => {
  const { filter } = jailOf('[j]\n', {
    'filter.d/f.conf':
      '[Definition]\nprefregex = ^p\nfailregex = a\nignoreregex =\n  b\n\n  c\nmaxlines = 4\ndatepattern = %%Y\n  {NONE}\njournalmatch = A=1 + "B=2 3"\n  C=4\nusedns = No\nown = x\n',
  });
  assert.equal(filter?.prefRegex?.text, '^p');
  assert.deepEqual(
    filter?.ignoreRegex.map(({ text, at }) => [text, at.line]),
    [
      ['b', 5],
      ['c', 7],
    ],
  );
  assert.equal(filter?.maxLines, 4);
  assert.equal(filter?.datePattern?.text, '%Y\n{NONE}');
  assert.deepEqual(
    filter?.journalMatch.map(({ words }) => words),
    [['A=1', '+', 'B=2 3'], ['C=4']],
  );
  assert.equal(filter?.useDns, 'no');
  assert.equal(filter?.options.get('own')?.text, 'x');
  assert.equal(filter?.given.get('logtype')?.text, 'file');
});

test('an action gets what its jail and its own file say', () => {
  const [first, second] = jailOf('[j]\nport = 22\naction = a[port="%(port)s"]\n  a[name=j-two]\n').actions;
  assert.equal(first?.label, 'a');
  assert.equal(first?.commands.get('actionban')?.text, 'ban <ip> 22 <chain>');
  assert.deepEqual([...(first?.flags ?? [])], [['norestored', true]]);
  assert.equal(first?.properties.get('chain?family=inet6')?.text, 'INPUT6');
  assert.equal(second?.label, 'a-two');
  assert.equal(second?.resolved.get('port')?.text, 'any');
  assert.equal(second?.at.line, 8);
});

test('banaction goes in through the action', () => {
  const jail = jailOf('[j]\nbanaction = a\nport = 80\naction = %(banaction)s[port="%(port)s"]\n');
  assert.equal(jail.actions[0]?.resolved.get('port')?.text, '80');
});

test('a jail that is wrong takes no other with it', () => {
  const configuration = read(
    '[a]\nbantime = soon\n[b]\nfilter = nothing\n[c]\naction = nothing\n[d]\naction = a[x\n[e]\nmaxretry = x\n[f]\nbackend = x\n[g]\nignorecommand = 5%\n[ok]\n',
  );
  assert.deepEqual(
    configuration.jails.map(({ name }) => name),
    ['ok'],
  );
  assert.deepEqual(problems(configuration), [
    'a jail.conf:6 bantime: "soon" is not a duration',
    'b jail.conf:8 there is no "filter.d/nothing.conf"',
    'c jail.conf:10 there is no "action.d/nothing.conf"',
    'd jail.conf:12 a bracket is not closed at "[x"',
    'e jail.conf:14 maxretry: "x" is not a whole number',
    'f jail.conf:16 backend: "x" does not exist',
    'g jail.conf:18 "ignorecommand" holds "%", which is no reference',
  ]);
});

test('a section or a filter with lines that cannot be read is not used', () => {
  const configuration = read('[j]\nignoreip 10.0.0.1\n[k]\nfilter = broken\n[ok]\n', {
    'filter.d/broken.conf': '[Definition]\nfailregex = x\nignoreregex y\n',
  });
  assert.deepEqual(
    configuration.jails.map(({ name }) => name),
    ['ok'],
  );
  assert.deepEqual(problems(configuration), [
    'null jail.conf:6 "ignoreip 10.0.0.1" is neither a section nor "name = value"',
    'null filter.d/broken.conf:3 "ignoreregex y" is neither a section nor "name = value"',
    'j jail.conf:5 [j] has errors',
    'k jail.conf:8 "filter.d/broken" cannot be used, as its files have errors',
  ]);
});

test('a drop-in with an open bracket, and a binary one, leave the rest as it is', () => {
  const configuration = read('[ok]\n', {
    'jail.d/open.conf': '[x\nenabled = true\n',
    'jail.d/binary.conf': new Uint8Array([0xff, 0, 1, 2]),
  });
  assert.equal(configuration.jails[0]?.name, 'ok');
  assert.deepEqual(problems(configuration), [
    'null jail.d/binary.conf:1 is not UTF-8',
    'null jail.d/open.conf:1 "[x" opens a section and does not close it',
    'null jail.d/open.conf:2 "enabled = true" stands before any [section]',
  ]);
});

test('remarks on what has no effect', () => {
  const configuration = read(
    '[j]\nbantme = 5m\nown = x\nignorecommand = %(own)s\nignoreip = 10.0.0.0./8\nport = $(x)\nprotocol = %(no)s\naction = a\n  x.py\n[k]\nenabled = ja\n',
    { 'jail.local': '[DEFAULT]\nmaxrety = 3\n', 'filter.d/f.local': '[Definition]\nfailrege = x\n' },
  );
  assert.deepEqual(problems(configuration), []);
  assert.deepEqual(remarks(configuration), [
    'j jail.conf:13 "x.py" needs fail2ban itself, and does nothing',
    'j filter.d/f.local:2 nothing reads "failrege"; is "failregex" meant?',
    'j jail.conf:5 protocol is left out: "protocol" refers to "no", which does not exist',
    'j jail.conf:9 ignoreip: "10.0.0.0./8" is neither an address, a range nor a name, and spares nobody',
    'j jail.conf:10 port: "$(x)" is not a list of ports',
    'j jail.conf:6 nothing reads "bantme"; is "bantime" meant?',
    'k jail.conf:15 enabled: "ja" is neither true nor false, and counts as false',
    'null jail.local:2 nothing reads "maxrety"; is "maxretry" meant?',
  ]);
});

test("fail2ban's own settings", () => {
  const { settings } = read('', {
    'fail2ban.conf': '[DEFAULT]\nlogtarget = /z\ndbfile = /w\n[Definition]\ndbfile = /x\n',
    'fail2ban.local': '[Definition]\ndbfile = /y\n',
  });
  assert.equal(settings.get('dbfile')?.text, '/y');
  assert.equal(settings.get('logtarget')?.text, '/z');
});

test('a folder that is none, or holds nothing, is a problem', () => {
  assert.equal(readFail2ban('/nowhere/at/all').problems[0]?.error.message, 'there is no such folder');
  const [problem] = readFail2ban(folderOf({})).problems;
  assert.equal(problem?.error.message, 'the folder holds no jail.conf and no jail.local');
});

test('one filter by its name', () => {
  const folder = folderOf(parts);
  assert.equal(readFail2banFilter(folder, 'f[maxlines=3]').filter?.maxLines, 3);
  const { filter, problems: told } = readFail2banFilter(folder, 'g');
  assert.equal(filter, null);
  assert.deepEqual(
    told.map(({ message }) => message),
    ['there is no "filter.d/g.conf"'],
  );
});

test('one filter with what is wrong beside it', () => {
  const folder = folderOf({
    'filter.d/f.conf':
      '[INCLUDES]\nbefore = no.conf\n[Definition]\nfailregexx = ^bad <HOST>$\nmaxlines = x\n',
  });
  const { filter, problems: told, remarks: all } = readFail2banFilter(folder, 'f');
  assert.notEqual(filter, null);
  assert.deepEqual(
    told.map(({ message }) => message),
    ['there is no file "no.conf" to include'],
  );
  assert.deepEqual(
    all.map(({ at, text }) => `${at.line} ${text}`),
    [
      '5 maxlines: "x" is not a whole number, and does not count',
      '4 nothing reads "failregexx"; is "failregex" meant?',
      '1 the filter has no failregex, so nothing is found',
    ],
  );
});

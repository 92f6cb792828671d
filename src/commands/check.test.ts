import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filterFiles } from '../../test/setup/filters.ts';
import { check } from './check.ts';

const file = fileURLToPath(new URL('../config/testdata/empty.yaml', import.meta.url));

async function run(environment: NodeJS.ProcessEnv, json = false) {
  const printed: string[] = [];
  const knownFilters = filterFiles('sshd', 'nginx-http-auth');
  const code = await check({ file, environment, knownFilters, json, print: (text) => printed.push(text) });
  return { code, printed };
}

test('a valid configuration is printed jail by jail', async () => {
  const { code, printed } = await run({
    BAILIFF_JAILS: 'sshd,nginx-http-auth',
    BAILIFF_JAIL_SSHD_BANTIME: '-1',
    BAILIFF_JAIL_SSHD_IGNOREIP: '192.0.2.1',
    BAILIFF_JAIL_NGINX_HTTP_AUTH_CONTAINER: 'web',
  });
  assert.equal(code, 0);
  assert.match(
    printed[0] ?? '',
    /^The configuration is valid: 2 of 2 jails on; read from .*empty\.yaml, BAILIFF_JAILS/,
  );
  assert.deepEqual(printed.slice(1), [
    'enforce auto; listen 127.0.0.1:9798',
    "labels of containers: heeded; what they ask for shuts the container's own ports",
    'sshd: filter sshd; reads /var/log/auth.log, /var/log/secure; 5 in 10m, ban for ever; ignores 192.0.2.1',
    'nginx-http-auth: filter nginx-http-auth; reads container web; 5 in 10m, ban for 10m',
  ]);
});

test('what of an ignore list protects nobody is told, with its line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-check-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [hosts, friends] = [join(folder, 'hosts.allow'), join(folder, 'friends')];
  writeFileSync(hosts, 'sshd: .example.jp\nALL: ALL\n');
  writeFileSync(friends, '192.0.2.1\n192.0.2.256\n');
  const { code, printed } = await run({
    BAILIFF_IGNOREIP: `hosts.allow:${hosts} file:${friends} file:${folder}/gone`,
  });
  assert.equal(code, 0);
  assert.deepEqual(printed.slice(-3), [
    `warning: ignoreip: ${hosts}:2: ALL would keep everybody from being banned, and keeps nobody`,
    `warning: ignoreip: ${friends}:2: "192.0.2.256" names nobody`,
    `warning: ignoreip: ${folder}/gone: ENOENT: no such file or directory, open '${folder}/gone'`,
  ]);
});

test('a jail that is off is said to be off', async () => {
  const { printed } = await run({ BAILIFF_JAIL_SSHD_ENABLED: 'no' });
  assert.equal(printed.at(-1), 'sshd: off');
});

test('a jail of bans needs no filter, nor does one that is off', async () => {
  const { code, printed } = await run({
    BAILIFF_JAILS: 'sshd,repeat,near',
    BAILIFF_JAIL_REPEAT_BANS: '*',
    BAILIFF_JAIL_OLD_ENABLED: 'no',
    BAILIFF_JAIL_OLD_FILTER: 'nosuch',
    BAILIFF_JAIL_REPEAT_BANTIME_TIMES: '1d 1w permanent',
    BAILIFF_JAIL_NEAR_BANS: 'sshd',
    BAILIFF_JAIL_NEAR_RANGES: '/24 /48',
    BAILIFF_JAIL_NEAR_ACTION: 'log',
  });
  assert.equal(code, 0, printed.join('\n'));
  assert.deepEqual(printed.filter((line) => /^(?:repeat|near): /.test(line)).sort(), [
    'near: counts bans of sshd by range (/24 /48); 5 addresses of one range in 10m, ban for 10m (log)',
    'repeat: counts bans of all jails; 5 in 10m, ban for 1d, 7d, then for ever',
  ]);
});

test('every error is printed, and the command fails', async () => {
  const { code, printed } = await run({ BAILIFF_BANTIME: 'x', BAILIFF_JAILS: 'nosuch' });
  assert.equal(code, 1);
  assert.deepEqual(
    printed.flatMap((text) => /\[([a-z-]+)\]$/.exec(text)?.[1] ?? []),
    ['config-invalid', 'config-unknown-jail'],
  );
});

test('a notifier is printed, without what is secret in it', async () => {
  const environment = {
    BAILIFF_NOTIFY_CHAT_TYPE: 'webhook',
    BAILIFF_NOTIFY_CHAT_URL: 'https://chat.example.org/hunter2',
    BAILIFF_NOTIFY_CHAT_SECRET: 'hunter2hunter2',
  };
  const { code, printed } = await run(environment);
  assert.equal(code, 0);
  assert.equal(printed.at(-1), 'notifier chat: webhook; tells of ban, problem of *, a message in 1m');
  const json = (await run(environment, true)).printed.join('\n');
  assert.match(json, /"notifiers":\[\{"name":"chat"/);
  assert.doesNotMatch(json, /hunter2/);
});

test('no password and no token is printed', async () => {
  const { printed } = await run(
    {
      BAILIFF_MAIL_SERVER: 'smtps://bob:hunter2@mail.example.org',
      BAILIFF_API_LISTEN: '9799',
      BAILIFF_API_WRITE_TOKEN: 'hunter2'.repeat(5),
    },
    true,
  );
  const value = JSON.parse(printed.join('\n'));
  assert.equal(value.mail.server, 'smtps://bob:***@mail.example.org');
  assert.deepEqual(value.api, { listen: { host: '127.0.0.1', port: 9799 }, writes: true });
  assert.doesNotMatch(printed.join('\n'), /hunter2/);
});

test('--json prints one value, in both cases', async () => {
  const good = await run({}, true);
  const value = JSON.parse(good.printed.join('\n'));
  assert.equal(value.ok, true);
  assert.equal(value.jails[0].name, 'sshd');
  const bad = await run({ BAILIFF_BANTIM: '1h' }, true);
  assert.equal(bad.code, 1);
  assert.deepEqual(JSON.parse(bad.printed.join('\n')), {
    ok: false,
    errors: [
      {
        code: 'config-unknown-key',
        where: 'BAILIFF_BANTIM',
        message: 'no option has this variable',
        remedy: 'Did you mean BAILIFF_BANTIME?',
      },
    ],
  });
});

/** A folder with the filter `own` of one's own in it: its expressions and samples. */
function folderWith(t: TestContext, lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-check-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const head = ['name: own', 'description: x', 'kind: regex', 'expressions:'];
  writeFileSync(join(folder, 'own.yaml'), [...head, ...lines].join('\n'));
  return folder;
}

test('a filter that does not do what its samples say fails the check', async (t) => {
  const folder = folderWith(t, [
    "  - hit: 'refused <HOST>$'",
    'samples:',
    "  - line: '2026-11-22T16:00:00Z refused 203.0.113.7'",
    '    yields: hit',
    '    host: 203.0.113.8',
  ]);
  const { code, printed } = await run({ BAILIFF_FILTER_DIRECTORY: folder });
  assert.equal(code, 1);
  assert.match(
    printed[0] ?? '',
    /^filter own, sample 1: host should be "203\.0\.113\.8" and is "203\.0\.113\.7" \[filter-sample\]/,
  );
});

test('what may be turned against its owner is warned of, and does not fail the check', async (t) => {
  const folder = folderWith(t, [
    "  - hit: '^(?:a+)+ .* from <HOST>'",
    'samples:',
    "  - line: '2026-11-22T16:00:00Z fine'",
    '    yields: miss',
  ]);
  const { code, printed } = await run({ BAILIFF_FILTER_DIRECTORY: folder });
  assert.equal(code, 0);
  const warnings = printed.filter((text) => text.startsWith('warning: filter own'));
  assert.equal(warnings.length, 2);
  assert.match(
    warnings.join('\n'),
    /expression 1: it can read[\s\S]*expression 1: a client may put another address/,
  );
  const json = await run({ BAILIFF_FILTER_DIRECTORY: folder }, true);
  assert.equal(JSON.parse(json.printed.join('\n')).warnings.length, 2);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { isPublic } from './api.ts';
import { ConfigurationErrors } from './errors.ts';
import { loadConfiguration } from './load.ts';

const directory = mkdtempSync(join(tmpdir(), 'bailiff-secrets-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const empty = new URL('./testdata/empty.yaml', import.meta.url).pathname;

function secret(content: string): string {
  const path = join(directory, 'secret');
  writeFileSync(path, content);
  return path;
}

const load = (environment: NodeJS.ProcessEnv, file = empty) =>
  loadConfiguration({ file, environment, knownFilters: filterFiles('sshd') });

async function problems(environment: NodeJS.ProcessEnv, file?: string): Promise<string[]> {
  try {
    await load(environment, file);
  } catch (error) {
    assert.ok(error instanceof ConfigurationErrors);
    return error.errors.map((each) => each.describe());
  }
  return [];
}

test('a secret comes from the file that its variable names, without the line end', async () => {
  const server = 'smtps://bob:se%20cret@mail.example.org';
  for (const end of ['', '\n', '\r\n']) {
    const { mail, origin } = await load({ BAILIFF_MAIL_SERVER_FILE: secret(server + end) });
    assert.equal(mail.server, server);
    assert.ok(origin.includes('BAILIFF_MAIL_SERVER_FILE'));
  }
});

test('the API over TCP needs a token, of some length, each of its own', async () => {
  const [read, write] = ['r'.repeat(32), 'w'.repeat(32)];
  const listen = { BAILIFF_API_LISTEN: '9799' };
  const { api } = await load({ ...listen, BAILIFF_API_WRITE_TOKEN_FILE: secret(`${write}\n`) });
  assert.deepEqual(api, { listen: { host: '127.0.0.1', port: 9799 }, readToken: null, writeToken: write });
  assert.equal((await load({ BAILIFF_API_READ_TOKEN: read })).api, null);
  const hosts = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::', '192.0.2.1'];
  assert.deepEqual(
    hosts.filter((host) => isPublic({ host })),
    ['0.0.0.0', '::', '192.0.2.1'],
  );
  const file = join(directory, 'api.yaml');
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  writeFileSync(file, /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '');
  assert.equal((await load({}, file)).api?.listen.port, 9799);
  writeFileSync(file, 'log-level: warn\napi-listen: 9799\n');
  assert.match(
    (await problems({}, file)).join(),
    /api\.yaml:2:13: api-listen: .* without a token \[config-invalid\]/,
  );
  assert.match((await problems(listen)).join(), /^BAILIFF_API_LISTEN: /);
  const same = { ...listen, BAILIFF_API_READ_TOKEN: read, BAILIFF_API_WRITE_TOKEN: read };
  const short = { ...listen, BAILIFF_API_READ_TOKEN: 'hunter2' };
  const told = [...(await problems(same)), ...(await problems(short))].join('\n');
  assert.match(told, /BAILIFF_API_READ_TOKEN: api-read-token is the same as api-write-token/);
  assert.match(told, /expected a token of 32 to 256 characters .*; found something else, which is not shown/);
  assert.doesNotMatch(told, /r{32}|hunter2/);
});

test('the password may stand apart from the server', async () => {
  const { mail } = await load({
    BAILIFF_MAIL_SERVER: 'smtp://bob@mail.example.org:587',
    BAILIFF_MAIL_PASSWORD_FILE: secret('p:@/%20 ü\n'),
  });
  assert.equal(mail.server, 'smtp://bob:p%3A%40%2F%2520%20%C3%BC@mail.example.org:587');
  assert.deepEqual(await problems({ BAILIFF_MAIL_PASSWORD: 'x' }), [
    'mail-password is set, which needs a user in mail-server [config-invalid]\n' +
      '  Write mail-server as smtp://USER@HOST:587, without a password.',
  ]);
});

test('a file that cannot be read is an error that says so', async () => {
  const missing = join(directory, 'missing');
  for (const [path, problem] of [
    [missing, `${missing}: no such file`],
    [directory, `${directory}: is not a regular file`],
    [secret('\n'), `${join(directory, 'secret')}: is empty`],
  ] as const) {
    assert.deepEqual(await problems({ BAILIFF_MAIL_PASSWORD_FILE: path }), [
      `BAILIFF_MAIL_PASSWORD_FILE: ${problem} [config-unreadable]\n` +
        '  It must be a file that Bailiff can read and that holds the secret alone.',
    ]);
  }
});

test('a secret and a file with it are one too many', async () => {
  const both = { BAILIFF_MAIL_SERVER: 'smtp://a', BAILIFF_MAIL_SERVER_FILE: secret('smtp://b') };
  assert.deepEqual(await problems(both), [
    'BAILIFF_MAIL_SERVER_FILE: BAILIFF_MAIL_SERVER is set as well [config-invalid]\n  Set one of the two.',
  ]);
});

test('what is wrong with a secret does not show it', async () => {
  const [told = ''] = await problems({ BAILIFF_MAIL_SERVER_FILE: secret('http://bob:hunter2@a') });
  assert.match(told, /^BAILIFF_MAIL_SERVER_FILE: mail-server: expected smtp:.*not shown/);
  assert.doesNotMatch(told, /hunter2/);
  const file = join(directory, 'bailiff.yaml');
  writeFileSync(file, 'mail-server: "bob:hunter2@a"');
  assert.doesNotMatch((await problems({}, file)).join(), /hunter2/);
});

test('only secrets have such a variable', async () => {
  assert.match(
    (await problems({ BAILIFF_MAXRETRY_FILE: '/x' })).join(),
    /BAILIFF_MAXRETRY_FILE: no option has/,
  );
});

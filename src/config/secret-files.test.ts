import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
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

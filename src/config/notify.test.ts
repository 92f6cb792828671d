import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { ConfigurationErrors } from './errors.ts';
import { loadConfiguration } from './load.ts';
import { publicNotifier } from './notify-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'bailiff-notify-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const load = (yaml: string, environment: NodeJS.ProcessEnv = {}) =>
  loadConfiguration({
    file: fileOf('bailiff.yaml', yaml),
    environment,
    knownFilters: filterFiles('sshd'),
  });

async function problems(yaml: string, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  try {
    await load(yaml, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigurationErrors);
    return error.errors.map((each) => each.describe().replaceAll(directory, ''));
  }
  return [];
}

const common = { jails: ['*'], kinds: ['ban', 'problem'], group: 60, dedupe: 600, lines: 3 };

test('one of each type, with what is usual', async () => {
  const { notifiers } = await load(`
mail-server: smtp://mail.example.org
notify:
  ops: {type: mail, to: [ops@example.org, root]}
  chat: {type: webhook, url: https://hooks.example.org/T0/B0, shape: slack, jails: sshd* web, kinds: ban}
  log: {type: command, command: [/usr/bin/logger, -t, bailiff, '{{title}}'], group: 5m, dedupe: 1h, lines: 0}
  off: {type: mail, enabled: false}
`);
  const tls = { verify: null, ca: null };
  assert.deepEqual(notifiers, [
    {
      name: 'ops',
      ...common,
      way: {
        type: 'mail',
        to: ['ops@example.org', 'root'],
        from: 'bailiff',
        server: 'smtp://mail.example.org',
        sendmail: null,
        ...tls,
      },
    },
    {
      name: 'chat',
      ...common,
      jails: ['sshd*', 'web'],
      kinds: ['ban'],
      way: {
        type: 'webhook',
        url: 'https://hooks.example.org/T0/B0',
        shape: 'slack',
        body: null,
        secret: null,
        token: null,
        verify: true,
        ca: null,
      },
    },
    {
      name: 'log',
      ...common,
      group: 300,
      dedupe: 3_600,
      lines: 0,
      way: { type: 'command', command: ['/usr/bin/logger', '-t', 'bailiff', '{{title}}'] },
    },
  ]);
});

test('the environment adds to what the file says, option by option, and makes notifiers of its own', async () => {
  const { notifiers, origin } = await load('notify: {My-Chat: {type: webhook, shape: discord}}', {
    BAILIFF_NOTIFY_MY_CHAT_URL_FILE: fileOf('url', 'https://discord.example/api/secret\n'),
    BAILIFF_NOTIFY_PAGER_TYPE: 'command',
    BAILIFF_NOTIFY_PAGER_COMMAND: '/usr/local/bin/page {{text}}',
  });
  const [chat, pager] = notifiers;
  assert.deepEqual(
    [chat?.name, chat?.way.type === 'webhook' && [chat.way.url, chat.way.shape]],
    ['My-Chat', ['https://discord.example/api/secret', 'discord']],
  );
  assert.deepEqual([pager?.name, pager?.way.type], ['pager', 'command']);
  assert.ok(origin.includes('BAILIFF_NOTIFY_MY_CHAT_URL_FILE'));
});

test('a password stands apart, also in a file', async () => {
  const yaml = 'notify: {ops: {type: mail, to: a@b, server: "smtp://me@mail.example.org:587"}}';
  const { notifiers } = await load(yaml, { BAILIFF_NOTIFY_OPS_PASSWORD_FILE: fileOf('password', 'p@ss\n') });
  const [ops] = notifiers;
  assert.equal(ops?.way.type === 'mail' && ops.way.server, 'smtp://me:p%40ss@mail.example.org:587');
  assert.match(
    (await problems('notify: {ops: {type: mail, to: a@b, password: x}}')).join(),
    /bailiff\.yaml:1:\d+: notifier "ops": password is set, which needs a user in server/,
  );
});

for (const [notifier, problem] of [
  ['{}', /notifier "x": it has no type/],
  ['{type: mail}', /it names nobody to mail to/],
  ['{type: mail, to: -oX}', /to(?:\[0\])?: expected a mail address/],
  ['{type: mail, to: ["a@b@c"]}', /expected a mail address/],
  ['{type: mail, to: a@b, from: "a <b@c>"}', /from: expected a mail address/],
  ['{type: webhook}', /it has no url/],
  ['{type: command}', /it has no command/],
  ['{type: pigeon}', /expected one of mail, webhook, command/],
  ['{type: mail, to: a@b, url: "https://a"}', /url says nothing to a mail/],
  ['{type: webhook, url: "file:///etc/passwd"}', /expected an http:\/\/ or https:\/\/ address/],
  ['{type: webhook, url: "https://me:hunter2@a"}', /not shown/],
  ['{type: webhook, url: "https://a", body: "{{evil}}"}', /expected text in which/],
  ['{type: webhook, url: "https://a", body: "{not json}"}', /it must be JSON/],
  ['{type: command, command: logger}', /absolute path/],
  ['{type: command, command: ["/bin/{{title}}"]}', /absolute path/],
  ['{type: mail, to: a@b, kind: ban}', /unknown key "notify\.x\.kind"/],
] as const) {
  test(`wrong: ${notifier}`, async () => {
    const told = await problems(`notify: {x: ${notifier}}`);
    assert.match(told.join('\n'), problem);
    assert.match(told.join('\n'), /^\/bailiff\.yaml:1:\d+: /);
    assert.doesNotMatch(told.join('\n'), /hunter2/);
  });
}

test('a variable of no option, and a name that is none', async () => {
  assert.match(
    (await problems('', { BAILIFF_NOTIFY_OPS_TOO: 'x' })).join(),
    /BAILIFF_NOTIFY_OPS_TOO: no option has this variable.*Did you mean BAILIFF_NOTIFY_OPS_TO\?/s,
  );
  assert.match((await problems('notify: {"a b": {type: mail}}')).join(), /cannot name a notifier/);
  assert.match(
    (await problems('', { BAILIFF_NOTIFY_OPS_TYPE: 'mail' })).join(),
    /^BAILIFF_NOTIFY_OPS_TYPE: notifier "ops": it names nobody/,
  );
});

test('the examples of docs/notifications.md are valid', async () => {
  const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const files = blocks.filter((text) => !text.startsWith('services:'));
  assert.equal(files.length, 4);
  for (const text of files) assert.ok((await load(text)).notifiers.length > 0);
});

test('what is shown holds no secret', async () => {
  const { notifiers } = await load(`
notify:
  chat: {type: webhook, url: https://a.example/hunter2, secret: hunter2hunter2, token: hunter2}
  ops: {type: mail, to: a@b, server: 'smtp://me:hunter2@a'}
  log: {type: command, command: [/bin/x, hunter2]}
`);
  const shown = JSON.stringify(notifiers.map(publicNotifier));
  assert.doesNotMatch(shown, /hunter2/);
  assert.match(shown, /"host":"a\.example"/);
});

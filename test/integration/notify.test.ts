import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { NotifierWay } from '../../src/config/notify-options.ts';
import { ControlClient } from '../../src/control/client.ts';
import type { NotifierStatus } from '../../src/control/protocol.ts';
import { systemClock } from '../../src/core/types.ts';
import { DeliveryFailure, explained } from '../../src/notify/channel.ts';
import { channelOf } from '../../src/notify/channels.ts';
import { Dispatch } from '../../src/notify/dispatch.ts';
import { KeptQueue } from '../../src/notify/kept-queue.ts';
import { testMessage } from '../../src/notify/message.ts';
import { selfSigned } from '../setup/certificates.ts';
import { banOf } from '../setup/fail2ban-action.ts';
import { folderOf } from '../setup/folder.ts';
import { startSmtpServer } from '../setup/smtp-server.ts';
import { startWebReceiver } from '../setup/web-receiver.ts';

const goes = new AbortController().signal;
const command = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** What became of a test message: what the other side said, or why it was not sent. */
function outcomeOf(way: NotifierWay): Promise<string> {
  return channelOf(way, 'web1')
    .send(testMessage('web1', 'x', 0), goes)
    .catch(explained);
}

const mailTo = (port: number, given: Partial<NotifierWay & { type: 'mail' }> = {}): NotifierWay => ({
  type: 'mail',
  to: ['ops@example.org'],
  from: 'bailiff',
  server: `smtps://127.0.0.1:${port}`,
  sendmail: null,
  verify: null,
  ca: null,
  ...given,
});

test('mail over TLS: a certificate that nobody vouches for is told, and taken where the owner says so', async (t) => {
  const own = await selfSigned('IP:127.0.0.1');
  const smtp = await startSmtpServer({ tls: own });
  t.after(() => smtp.close());
  const told = await outcomeOf(mailTo(smtp.port));
  assert.match(told, /^the server's certificate is not trusted: self-signed certificate; name its authority/);
  assert.equal(smtp.mails.length, 0);
  assert.match(await outcomeOf(mailTo(smtp.port, { ca: own.file })), /250 taken/);
  assert.match(await outcomeOf(mailTo(smtp.port, { verify: false })), /250 taken/);
  assert.equal(smtp.mails.length, 2);
});

test('mail over TLS: a certificate of another server is told', async (t) => {
  const other = await selfSigned('DNS:mail.example.org');
  const smtp = await startSmtpServer({ tls: other });
  t.after(() => smtp.close());
  assert.match(
    await outcomeOf(mailTo(smtp.port, { ca: other.file })),
    /certificate is not trusted: .*(?:altnames|cert's list)/,
  );
  assert.equal(smtp.mails.length, 0);
});

test('mail by STARTTLS: nothing of it is sent to a server whose certificate is not sound, where that was demanded', async (t) => {
  const [own, other] = await Promise.all([selfSigned('IP:127.0.0.1'), selfSigned('DNS:mail.example.org')]);
  const outcomes: string[] = [];
  for (const startTls of [own, other]) {
    const smtp = await startSmtpServer({ startTls });
    t.after(() => smtp.close());
    const server = `smtp://me:secret@127.0.0.1:${smtp.port}`;
    outcomes.push(await outcomeOf(mailTo(smtp.port, { server, verify: true })));
    outcomes.push(await outcomeOf(mailTo(smtp.port, { server, verify: true, ca: startTls.file })));
    assert.deepEqual(
      smtp.mails.map(({ login }) => login),
      startTls === own ? ['\0me\0secret'] : [],
    );
    // By default it is as between mail servers: TLS, whoever it is.
    assert.match(
      await outcomeOf(mailTo(smtp.port, { server: `smtp://127.0.0.1:${smtp.port}` })),
      /250 taken/,
    );
  }
  const [unknown, known, unsigned, foreign] = outcomes;
  assert.match(unknown ?? '', /certificate is not trusted: self-signed/);
  assert.match(known ?? '', /250 taken/);
  assert.match(unsigned ?? '', /certificate is not trusted: self-signed/);
  assert.match(foreign ?? '', /certificate is not trusted: .*(?:altnames|cert's list)/);
});

test('mail without TLS where TLS was demanded is not sent', async (t) => {
  const smtp = await startSmtpServer();
  t.after(() => smtp.close());
  const way = mailTo(smtp.port, { server: `smtp://127.0.0.1:${smtp.port}`, verify: true });
  assert.match(await outcomeOf(way), /STARTTLS/i);
  assert.equal(smtp.mails.length, 0);
});

test('a webhook over TLS', async (t) => {
  const own = await selfSigned('IP:127.0.0.1');
  const receiver = await startWebReceiver({ tls: own });
  t.after(() => receiver.close());
  const way = {
    type: 'webhook',
    url: receiver.url,
    shape: 'json',
    body: null,
    secret: null,
    token: null,
    verify: true,
    ca: null,
  } as const;
  assert.match(await outcomeOf(way), /certificate is not trusted: self-signed/);
  assert.equal(await outcomeOf({ ...way, ca: own.file }), 'HTTP 200: ok');
  assert.equal(await outcomeOf({ ...way, verify: false }), 'HTTP 200: ok');
  assert.equal(receiver.requests.length, 2);
  const foreign = await selfSigned('DNS:hooks.example.org');
  const other = await startWebReceiver({ tls: foreign });
  t.after(() => other.close());
  const elsewhere = { ...way, url: other.url, ca: foreign.file };
  assert.match(await outcomeOf(elsewhere), /certificate is not trusted: .*(?:altnames|cert's list)/);
  const open = await startWebReceiver();
  t.after(() => open.close());
  const plain = { ...way, url: open.url.replace('http:', 'https:') };
  assert.match(await outcomeOf(plain), /wrong version number|packet length|EPROTO/);
  assert.match(await outcomeOf({ ...way, url: 'https://nosuch.invalid/' }), /nosuch\.invalid/);
  assert.deepEqual([other.requests, open.requests], [[], []]);
});

test('what a mail server refuses for good is told apart from what it may take later', async (t) => {
  const smtp = await startSmtpServer();
  t.after(() => smtp.close());
  const way = mailTo(smtp.port, { server: `smtp://127.0.0.1:${smtp.port}` });
  const refusals: unknown[] = [];
  for (const answer of ['550 5.1.1 nobody of that name', '451 come again', '421 too busy']) {
    smtp.answer = answer;
    const thrown: unknown = await channelOf(way, 'web1')
      .send(testMessage('web1', 'x', 0), goes)
      .catch((error: unknown) => error);
    assert.match(explained(thrown), new RegExp(answer));
    refusals.push(thrown instanceof DeliveryFailure && thrown.refused);
  }
  assert.deepEqual([refusals, smtp.mails], [[true, false, false], []]);
});

test('a mail server that says nothing, then refuses, then takes it: one mail with all that came meanwhile', async (t) => {
  const smtp = await startSmtpServer();
  t.after(() => smtp.close());
  smtp.answer = '';
  const path = join(folderOf({}), 'notify', 'ops.jsonl');
  const told: string[] = [];
  const dispatch = new Dispatch({
    name: 'ops',
    type: 'mail',
    host: 'web1',
    channel: channelOf(mailTo(smtp.port, { server: `smtp://127.0.0.1:${smtp.port}` }), 'web1'),
    queue: new KeptQueue({ path, failed: (error) => assert.fail(String(error)) }),
    jails: ['*'],
    kinds: ['ban'],
    group: 1,
    dedupe: 600,
    lines: 3,
    clock: systemClock,
    report: ({ message }) => told.push(message),
    limitMs: 500,
  });
  const failures = async (count: number) => {
    while (dispatch.status().failed < count) await setTimeout(20);
    return dispatch.status().problem;
  };
  dispatch.start();
  dispatch.banned(banOf());
  assert.equal(await failures(1), 'took longer than 0.5 s');
  smtp.answer = '451 come again';
  dispatch.banned(banOf({ host: '203.0.113.8' }));
  assert.match((await failures(2)) ?? '', /451 come again/);
  smtp.answer = '250 fine';
  await smtp.until(1);
  await dispatch.stop();
  assert.deepEqual([dispatch.status().sent, dispatch.status().waiting, smtp.mails.length], [1, 0, 1]);
  assert.match(smtp.mails[0]?.data ?? '', /203\.0\.113\.7 .*203\.0\.113\.8 /s);
  assert.deepEqual(told, ['send: took longer than 0.5 s', 'send: failed again']);
});

/** A daemon in a dry run, with these notifiers, that reads one log. */
function startDaemon(t: TestContext, folder: string, environment: Readonly<Record<string, string>>) {
  const socket = join(folder, 'bailiff.sock');
  const env = {
    BAILIFF_STATE_DIR: join(folder, 'state'),
    BAILIFF_SOCKET: socket,
    BAILIFF_CONFIG: '',
    BAILIFF_DOCKER: 'false',
    BAILIFF_JAILS: 'sshd',
    BAILIFF_JAIL_SSHD_LOGPATH: join(folder, 'auth.log'),
    BAILIFF_JAIL_SSHD_MAXRETRY: '1',
    BAILIFF_ENFORCE: 'dry-run',
    BAILIFF_LISTEN: '',
    ...environment,
  };
  const args = ['--disable-warning=ExperimentalWarning', command];
  const daemon = execa(process.execPath, [...args, 'run'], { reject: false, stdio: 'ignore', env });
  const client = new ControlClient(socket);
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    daemon.kill(signal);
    await daemon;
  };
  t.after(() => end('SIGKILL'));
  return {
    client,
    end,
    bailiff: (...words: string[]) => execa(process.execPath, [...args, ...words], { reject: false, env }),
    ready: async () => {
      while ((await client.status().catch(() => null))?.sources[0]?.state !== 'reading') await setTimeout(50);
    },
    notifier: async (name: string): Promise<NotifierStatus> =>
      (await client.status()).notifiers.find((each) => each.name === name) ?? assert.fail(`no ${name}`),
  };
}

test('a mail server that is down loses nothing and holds up nothing, over a SIGKILL too', async (t) => {
  const folder = folderOf({});
  const line = (host: string) =>
    `${new Date().toISOString()} host sshd[78]: Failed password for root from ${host} port 4242 ssh2\n`;
  writeFileSync(join(folder, 'auth.log'), '');
  const down = await startSmtpServer();
  const { port } = down;
  down.close();
  const receiver = await startWebReceiver();
  t.after(() => receiver.close());
  const environment = {
    BAILIFF_NOTIFY_OPS_TYPE: 'mail',
    BAILIFF_NOTIFY_OPS_TO: 'ops@example.org',
    BAILIFF_NOTIFY_OPS_SERVER: `smtp://127.0.0.1:${port}`,
    BAILIFF_NOTIFY_HOOK_TYPE: 'webhook',
    BAILIFF_NOTIFY_HOOK_URL: receiver.url,
    BAILIFF_NOTIFY_HOOK_KINDS: 'ban',
  };
  const first = startDaemon(t, folder, environment);
  await first.ready();
  writeFileSync(join(folder, 'auth.log'), line('203.0.113.7'), { flag: 'a' });
  await receiver.until(1);
  const body = JSON.parse(receiver.requests[0]?.body ?? '') as { title: string; text: string };
  assert.match(body.title, /: sshd banned 203\.0\.113\.7$/);
  assert.match(body.text, /\n {2}\| .*Failed password for root from 203\.0\.113\.7/);
  assert.equal((await first.client.bans()).length, 1);
  while ((await first.notifier('ops')).problem === null) await setTimeout(50);
  const { waiting, sent, problem } = await first.notifier('ops');
  assert.deepEqual([waiting, sent], [1, 0]);
  assert.match(problem ?? '', /ECONNREFUSED/);
  const { warnings, problems } = await first.client.status();
  assert.ok(warnings.some((warning) => warning.startsWith('notifier ops fails: ')));
  assert.ok(!problems.some((text) => text.includes('ops')));
  const failed = await first.bailiff('notify', 'test', 'ops');
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stdout, /^NOT DELIVERED: .*ECONNREFUSED/);
  const unknown = await first.bailiff('notify', 'test', 'nobody', '--json');
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stdout, /notifier-not-found.*The notifiers are: hook, ops\./);
  await first.end('SIGKILL');

  const smtp = await startSmtpServer({ port });
  t.after(() => smtp.close());
  const second = startDaemon(t, folder, environment);
  await smtp.until(1);
  assert.match(smtp.mails[0]?.data ?? '', /^Subject: \[Bailiff\] .*: sshd banned 203\.0\.113\.7$/m);
  assert.equal(receiver.requests.length, 1);
  const fine = await second.bailiff('notify', 'test', 'ops', '--json');
  assert.deepEqual([fine.exitCode, JSON.parse(fine.stdout)], [0, { delivered: true, detail: '250 taken' }]);
  assert.match(smtp.mails[1]?.data ?? '', /a test of Bailiff's notifier ops/);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { banOf } from '../../test/setup/fail2ban-action.ts';
import { type ReceivedMail, startSmtpServer } from '../../test/setup/smtp-server.ts';
import { Mail, type MailOptions } from './mail.ts';
import type { Complaint } from './notifier.ts';

const goes = new AbortController().signal;

async function mailing(context: TestContext, given: Partial<MailOptions> = {}) {
  const smtp = await startSmtpServer();
  context.after(() => smtp.close());
  const complaints: Complaint[] = [];
  let nowMs = 0;
  const mail = new Mail({
    jail: 'sshd',
    action: 'sendmail',
    report: (complaint) => complaints.push(complaint),
    server: `smtp://127.0.0.1:${smtp.port}`,
    from: 'bailiff',
    to: ['root', 'ops@example.org'],
    evidence: 'none',
    onStart: false,
    onStop: false,
    onRestored: false,
    host: 'web1.example.org',
    nowMs: () => nowMs,
    ...given,
  });
  return { mail, smtp, complaints, pass: (ms: number) => (nowMs += ms) };
}

function parts(mail: ReceivedMail | undefined): { headers: Map<string, string>; body: string } {
  const [head = '', ...rest] = (mail ?? assert.fail('no mail')).data.split('\n\n');
  const unfolded = head.replaceAll(/\n\s+/g, ' ').split('\n');
  const headers = unfolded.map((line): [string, string] => {
    const [, name = '', value = ''] = /^([^:]*): (.*)$/.exec(line) ?? [];
    return [name.toLowerCase(), value];
  });
  return { headers: new Map(headers), body: rest.join('\n\n') };
}

const subject = (mail: ReceivedMail | undefined) => parts(mail).headers.get('subject');

test('one mail for a ban', async (context) => {
  const { mail, smtp } = await mailing(context, { evidence: 'ban' });
  await mail.start(goes);
  await mail.ban(banOf({ matches: ['first line', '.second'], bancount: 2 }), goes);
  await mail.stop(goes);
  const [received, ...more] = smtp.mails;
  assert.deepEqual(more, []);
  const { headers, body } = parts(received);
  assert.equal(headers.get('subject'), '[Bailiff] sshd: banned 203.0.113.7 on web1.example.org');
  assert.equal(headers.get('from'), 'Bailiff <bailiff@web1.example.org>');
  assert.equal(headers.get('to'), 'root@web1.example.org, ops@example.org');
  assert.equal(headers.get('auto-submitted'), 'auto-generated');
  assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal(received?.from.startsWith('MAIL FROM:<bailiff@web1.example.org>'), true);
  assert.deepEqual(received?.to, ['RCPT TO:<root@web1.example.org>', 'RCPT TO:<ops@example.org>']);
  assert.equal(
    body,
    `The jail sshd on web1.example.org has banned 203.0.113.7.

Failures: 5
Since:    2023-11-14T22:13:20.000Z
Until:    2023-11-14T22:23:20.000Z (10m)
Times:    2

Lines (of 5 failures):
first line
.second
`,
  );
});

test('the start and the stop where they are wanted, and restored bans only where these are', async (context) => {
  const { mail, smtp } = await mailing(context, { onStart: true, onStop: true });
  await mail.start(goes);
  await mail.ban(banOf({ restored: true }), goes);
  await mail.stop(goes);
  assert.deepEqual(smtp.mails.map(subject), [
    '[Bailiff] sshd: started on web1.example.org',
    '[Bailiff] sshd: stopped on web1.example.org',
  ]);
  const all = await mailing(context, { onRestored: true });
  await all.mail.ban(banOf({ restored: true, until: null }), goes);
  assert.match(parts(all.smtp.mails[0]).body, /^Until: {4}for ever$/m);
});

test('nothing that comes with a ban begins another header or another line', async (context) => {
  const evil = 'x\r\nBcc: evil@example.net\r\n\r\nHello\u2028\u202e\0';
  const { mail, smtp } = await mailing(context, { evidence: 'ban', jail: `j${evil}`, host: 'web1' });
  await mail.ban(banOf({ address: `203.0.113.7${evil}`, matches: [evil], fields: { user: evil } }), goes);
  const { headers, body } = parts(smtp.mails[0]);
  assert.equal(headers.has('bcc'), false);
  assert.equal(smtp.mails[0]?.to.length, 2);
  const text = Buffer.from(body.replaceAll(/=\n/g, ''), 'latin1').toString();
  assert.match(headers.get('subject') ?? '', /^\[Bailiff\] jx\?\?Bcc: evil@example\.net\?\?\?\?Hello/);
  assert.equal(/^(?:Bcc|Hello)/m.test(text), false);
});

test('a storm: ten mails, then one that says how many more', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { mail, smtp, pass } = await mailing(context);
  for (let index = 0; index < 150; index += 1) await mail.ban(banOf({ host: `10.0.0.${index}` }), goes);
  assert.equal(smtp.mails.length, 10);
  pass(60_000);
  const told = smtp.until(11);
  context.mock.timers.tick(60_000);
  await told;
  assert.equal(subject(smtp.mails[10]), '[Bailiff] sshd: banned 140 more on web1.example.org');
  const { body } = parts(smtp.mails[10]);
  assert.match(body, /^10\.0\.0\.10$/m);
  assert.match(body, /^and 40 others$/m);
  await mail.ban(banOf({ host: '10.0.1.1' }), goes);
  assert.equal(subject(smtp.mails[11]), '[Bailiff] sshd: banned 10.0.1.1 on web1.example.org');
});

test('what a stop finds held is told at once', async (context) => {
  const { mail, smtp } = await mailing(context);
  for (let index = 0; index < 12; index += 1) await mail.ban(banOf({ host: `10.0.0.${index}` }), goes);
  await mail.stop(goes);
  assert.equal(subject(smtp.mails[10]), '[Bailiff] sshd: banned 2 more on web1.example.org');
});

test('a server that refuses is told of, and what it refused is in the next mail that it takes', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { mail, smtp, complaints } = await mailing(context);
  smtp.answer = '451 later';
  await assert.rejects(mail.ban(banOf(), goes), /451 later/);
  await mail.ban(banOf({ host: '203.0.113.8' }), goes);
  assert.deepEqual([smtp.mails, complaints], [[], []]);
  smtp.answer = '250 fine';
  const told = smtp.until(1);
  context.mock.timers.tick(60_000);
  await told;
  const { headers, body } = parts(smtp.mails[0]);
  assert.equal(headers.get('subject'), '[Bailiff] sshd: banned 2 more on web1.example.org');
  assert.match(body, /203\.0\.113\.7\n203\.0\.113\.8\n$/);
});

test('a login, and a server that is not there', async (context) => {
  const { mail, smtp } = await mailing(context);
  const { port } = smtp;
  await mail.ban(banOf(), goes);
  assert.equal(smtp.mails[0]?.login, null);
  const login = await mailing(context, { server: `smtp://me:p%40ss@127.0.0.1:${port}` });
  await login.mail.ban(banOf(), goes);
  assert.equal(smtp.mails[1]?.login, '\0me\0p@ss');
  const nobody = await mailing(context, { server: 'smtp://127.0.0.1:1' });
  await assert.rejects(nobody.mail.ban(banOf(), goes), /ECONNREFUSED/);
});

test('a stop waits for no server', async (context) => {
  const { mail } = await mailing(context, { onStop: true });
  await assert.rejects(mail.stop(AbortSignal.abort(new Error('no time'))), /no time/);
});

test('values that are no server and no addresses are refused', async (context) => {
  await assert.rejects(mailing(context, { server: 'http://x' }), { code: 'config-invalid' });
  await assert.rejects(mailing(context, { from: 'a@b>\r\nBcc: <c@d' }), { code: 'config-invalid' });
  await assert.rejects(mailing(context, { to: ['a b@c'] }), { code: 'config-invalid' });
  await assert.rejects(mailing(context, { to: [] }), { code: 'config-invalid' });
});

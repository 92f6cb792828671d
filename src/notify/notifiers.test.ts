import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { actionOf, banOf } from '../../test/setup/fail2ban-action.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { startSmtpServer } from '../../test/setup/smtp-server.ts';
import { kindOfAction } from '../config/fail2ban/action-kind.ts';
import type { Fail2banAction } from '../config/fail2ban/types.ts';
import type { Complaint, Notifier } from './notifier.ts';
import { notifierOf } from './notifiers.ts';
import { Shell } from './shell.ts';

const none = { banned: 0, bannedTotal: 0, found: 0, foundTotal: 0 };

function notifying(action: Fail2banAction, server = 'smtp://127.0.0.1', allowed = true) {
  const complaints: Complaint[] = [];
  const notifier = notifierOf(action, kindOfAction(action), {
    jail: 'j',
    shell: new Shell({ allowed }),
    report: (complaint) => complaints.push(complaint),
    mail: { server, from: 'bailiff' },
    counts: () => none,
  });
  return { notifier, complaints };
}

async function lifeOf(notifier: Notifier | null): Promise<void> {
  assert.ok(notifier !== null);
  notifier.start();
  notifier.banned(banOf());
  notifier.unbanned(banOf());
  await notifier.stop();
}

test('commands', async () => {
  const log = path.join(folderOf({}), 'log');
  const steps = ['start', 'ban', 'unban', 'stop'].map((step) => `action${step} = echo ${step} >> ${log}\n`);
  await lifeOf(notifying(actionOf(`[Definition]\n${steps.join('')}`)).notifier);
  assert.equal(readFileSync(log, 'utf8'), 'start\nban\nunban\nstop\n');
});

test('commands that are not allowed: one complaint', async () => {
  const { notifier, complaints } = notifying(actionOf('[Definition]\nactionban = exit 1\n'), '', false);
  await lifeOf(notifier);
  const message = 'start: actionban are not run, as commands of actions are not allowed';
  assert.deepEqual(complaints, [{ jail: 'j', action: 'a', message, more: 0 }]);
});

test('mails, to the server of the daemon or to that of fail2ban’s module', async (context) => {
  const smtp = await startSmtpServer();
  context.after(() => smtp.close());
  const mail =
    '[Definition]\nactionban = echo "<matches>" | mail -s banned <dest>\n[Init]\ndest = ops@example.org\n';
  await lifeOf(notifying(actionOf(mail), `smtp://127.0.0.1:${smtp.port}`).notifier);
  assert.equal(smtp.mails.length, 1);
  assert.match(smtp.mails[0]?.data ?? '', /^To: ops@example\.org$/m);
  assert.match(smtp.mails[0]?.data ?? '', /^two$/m);
  const module = actionOf(
    '',
    `smtp.py[host="127.0.0.1:${smtp.port}", user=me, password=pw, dest=a@b.example]`,
  );
  await lifeOf(notifying(module).notifier);
  assert.deepEqual(
    smtp.mails.slice(1).map(({ login }) => login),
    ['\0me\0pw', '\0me\0pw', '\0me\0pw'],
  );
});

test('nobody for a firewall’s action, nor for a module of fail2ban’s', () => {
  assert.equal(
    notifying(actionOf('[Definition]\nactionban = iptables -I f2b -s <ip> -j DROP\n')).notifier,
    null,
  );
  assert.equal(notifying(actionOf('', 'badips.py')).notifier, null);
});

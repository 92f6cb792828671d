import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startSmtpServer } from '../../test/setup/smtp-server.ts';
import { readFail2ban } from '../config/fail2ban/read.ts';
import type { Ban } from '../core/types.ts';
import { BanNews } from './ban-news.ts';
import { Evidence } from './evidence.ts';
import { Fail2banActions } from './fail2ban-actions.ts';

const files = (folder: string) => ({
  'jail.conf': `[web]
enabled = true
filter = some
logpath = /var/log/some.log
ignorecommand = test <ip> = 203.0.113.1
action = letter[dest="owner@example.org", sender="bailiff@example.org"]
         note[file="${folder}/notes"]
`,
  'filter.d/some.conf': '[Definition]\nfailregex = ^failed from <HOST>$\n',
  'action.d/letter.conf':
    '[Definition]\nactionban = printf %%b "<ip>\\n<matches>" | mail -s "[<name>] <ip>" <dest>\n[Init]\nname = web\n',
  'action.d/note.conf':
    '[Definition]\nactionban = echo <ip> >> <file>\nactionstop = echo stopped >> <file>\n',
});

async function setUp(t: TestContext, allowed: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-actions-'));
  const smtp = await startSmtpServer();
  t.after(() => {
    smtp.close();
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files(folder))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { jails: read, problems } = readFail2ban(folder);
  const jails = new Map(read.map((jail) => [jail.name, jail]));
  assert.deepEqual(problems, []);
  const complaints: string[] = [];
  const actions = new Fail2banActions({
    jails,
    allowed,
    mail: { server: `smtp://127.0.0.1:${smtp.port}`, from: 'bailiff' },
    report: ({ message }) => complaints.push(message),
    counts: () => ({ banned: 1, bannedTotal: 1, found: 3, foundTotal: 3 }),
  });
  const evidence = new Evidence({ mode: 'off', mostTold: () => 5 });
  const news = new BanNews({
    notifiers: actions.notifiers,
    evidence,
    jails: () => ['web'],
    log: null,
  });
  return { actions, news, evidence, smtp, folder, jails, complaints };
}

const ban: Ban = {
  address: '203.0.113.7',
  jail: 'web',
  since: 1_795_000_000,
  until: 1_795_000_600,
  hits: 3,
  count: 1,
  policy: 'drop',
  forced: false,
};
const seen = {
  host: '203.0.113.7',
  line: 'failed from 203.0.113.7',
  fields: {},
  time: ban.since,
  source: 'file:/log',
};

test('a mail action of fail2ban sends a mail, whether commands may run or not', async (t) => {
  const { actions, news, evidence, smtp, complaints } = await setUp(t, false);
  news.start();
  evidence.note('web', ban.address, seen);
  news.banned([ban]);
  await smtp.until(1);
  await news.stop();
  assert.deepEqual(smtp.mails[0]?.to, ['RCPT TO:<owner@example.org>']);
  assert.match(smtp.mails[0]?.data ?? '', /^Subject: .*web.*203\.0\.113\.7/m);
  assert.match(smtp.mails[0]?.data ?? '', /failed from 203\.0\.113\.7/);
  assert.deepEqual([complaints, actions.ignores('web')], [[], null]);
});

test('commands run where the owner allows them', async (t) => {
  const { actions, news, smtp, folder, complaints } = await setUp(t, true);
  news.start();
  news.banned([ban]);
  await smtp.until(1);
  await news.stop();
  assert.equal(readFileSync(join(folder, 'notes'), 'utf8'), '203.0.113.7\nstopped\n');
  const asked = (host: string) =>
    actions.ignores('web')?.({ host, time: 0, fields: {}, failures: 1, matches: [] });
  assert.deepEqual([await asked('203.0.113.1'), await asked('203.0.113.2')], ['ignored', 'counts']);
  actions.stop();
  assert.deepEqual(complaints, []);
});

test('where they change, those before take back what they did, and the new ones are told of the bans that stand', async (t) => {
  const { actions, news, smtp, folder, jails, complaints } = await setUp(t, true);
  const mail = { server: `smtp://127.0.0.1:${smtp.port}`, from: 'bailiff' };
  const notes = () => readFileSync(join(folder, 'notes'), 'utf8').split('\n');
  news.start();
  news.banned([ban]);
  await smtp.until(1);
  assert.equal(actions.reconfigure({ jails, allowed: true, mail }).size, 0);
  const other = await startSmtpServer();
  t.after(() => other.close());
  const moved = { ...mail, server: `smtp://127.0.0.1:${other.port}` };
  await news.succeeded(actions.reconfigure({ jails, allowed: true, mail: moved }), [ban]);
  news.banned([{ ...ban, address: '203.0.113.8' }]);
  await other.until(2);
  assert.deepEqual(
    other.mails.map(({ data }) => /banned (\S+)/.exec(data)?.[1]),
    ['203.0.113.7', '203.0.113.8'],
  );
  while (notes().length < 5) await setTimeout(10);
  assert.deepEqual(notes(), ['203.0.113.7', 'stopped', '203.0.113.7', '203.0.113.8', '']);
  const before = actions.reconfigure({ jails: new Map(), allowed: false, mail: moved });
  await news.succeeded(before, []);
  assert.deepEqual([notes().at(-2), actions.ignores('web'), actions.notifiers.size], ['stopped', null, 0]);
  assert.deepEqual([smtp.mails.length, complaints], [1, []]);
});

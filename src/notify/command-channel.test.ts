import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { CommandChannel } from './command-channel.ts';
import { MailChannel } from './mail-channel.ts';
import { messageOf } from './message.ts';

const goes = new AbortController().signal;
const evil = '$(touch PWNED) `touch PWNED` ; touch PWNED #{{host}}';

/** A program of this text, in a folder of its own, to which it writes. */
function program(text: string): { readonly path: string; readonly folder: string } {
  const folder = folderOf({ program: `#!/bin/sh\ncd "\${0%/*}"\n${text}\n` });
  const path = join(folder, 'program');
  chmodSync(path, 0o700);
  return { path, folder };
}

const message = messageOf({
  host: 'web1',
  notices: [
    {
      kind: 'ban',
      time: 1_700_000_000,
      jail: 'sshd',
      address: '203.0.113.7',
      host: '203.0.113.7',
      until: null,
      failures: 5,
      bancount: 1,
      lines: [evil],
    },
  ],
  dropped: 0,
  now: 1_700_000_001,
});

test('values are arguments, variables and standard input, and never a program', async () => {
  const { path, folder } = program('printf "%s\\n" "$#" "$1" "$2" >args; env >env; cat >input');
  const channel = new CommandChannel({ command: [path, '--title={{title}}', '{{text}}'] });
  assert.match(await channel.send(message, goes), /ended well$/);
  const args = readFileSync(join(folder, 'args'), 'utf8');
  assert.match(args, /^2\n--title=web1: sshd banned 203\.0\.113\.7\nweb1: sshd banned/);
  assert.ok(args.includes(`  | ${evil}\n`));
  const env = readFileSync(join(folder, 'env'), 'utf8');
  assert.match(env, /^BAILIFF_ADDRESS=203\.0\.113\.7$/m);
  assert.match(env, /^BAILIFF_KIND=ban$/m);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'input'), 'utf8')), message);
  assert.equal(existsSync(join(folder, 'PWNED')), false);
});

test('a program learns nothing of the daemon’s environment', async (t) => {
  process.env['BAILIFF_MAIL_PASSWORD'] = 'hunter2';
  t.after(() => delete process.env['BAILIFF_MAIL_PASSWORD']);
  const { path, folder } = program('env >env');
  await new CommandChannel({ command: [path] }).send(message, goes);
  assert.doesNotMatch(readFileSync(join(folder, 'env'), 'utf8'), /hunter2/);
});

test('what fails, does not start or takes too long is told', async () => {
  const failing = program('echo no luck >&2; exit 3');
  await assert.rejects(
    new CommandChannel({ command: [failing.path] }).send(message, goes),
    /exit code 3: no luck/,
  );
  await assert.rejects(
    new CommandChannel({ command: ['/nonexistent/x'] }).send(message, goes),
    /did not start/,
  );
  const hanging = program('sleep 60');
  const channel = new CommandChannel({ command: [hanging.path], timeoutMs: 100 });
  await assert.rejects(channel.send(message, goes), /took longer than 0\.1 s/);
});

test('a mail through sendmail: the recipients are arguments behind --, the mail is its input', async () => {
  const { path, folder } = program('printf "%s " "$@" >args; cat >input');
  const from = { from: 'bailiff', fromName: 'Bailiff', host: 'web1.example.org' };
  const channel = new MailChannel({
    ...from,
    to: ['root', 'ops@example.org'],
    way: { kind: 'sendmail', path },
  });
  assert.match(await channel.send(message, goes), /has taken it$/);
  assert.equal(
    readFileSync(join(folder, 'args'), 'utf8'),
    '-i -f bailiff@web1.example.org -- root@web1.example.org ops@example.org ',
  );
  const mail = readFileSync(join(folder, 'input'), 'utf8');
  assert.match(mail, /^Subject: \[Bailiff\] web1: sshd banned 203\.0\.113\.7$/m);
  assert.doesNotMatch(mail, /\r/);
  const failing = program('echo nobody home >&2; exit 67');
  const refused = new MailChannel({ ...from, to: ['root'], way: { kind: 'sendmail', path: failing.path } });
  await assert.rejects(refused.send(message, goes), /exit code 67: nobody home/);
});

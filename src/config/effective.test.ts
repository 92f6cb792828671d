import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { effectiveValues } from './effective.ts';

const knownFilters = filterFiles('sshd', 'nginx-http-auth');

async function values(yaml: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = folderOf({ 'bailiff.yaml': yaml });
  const file = join(folder, 'bailiff.yaml');
  const all = await effectiveValues({ file, environment, knownFilters, usual: (logs) => logs });
  return (key: string) => {
    const found = all.find((each) => each.key === key);
    assert.ok(found, key);
    return [found.text, found.origin.replaceAll(`${folder}/`, '')];
  };
}

test('every value has the place that it comes from', async () => {
  const of = await values(
    'enforce: dry-run\ndefaults:\n  bantime: 2h\njails:\n  sshd:\n    maxretry: 4\n    ignoreip: [192.0.2.1]\n',
    { BAILIFF_FINDTIME: '30m', BAILIFF_JAIL_SSHD_PORTS: '22/tcp', BAILIFF_IGNOREIP: '192.0.2.9' },
  );
  assert.deepEqual(of('enforce'), ['dry-run', 'bailiff.yaml:1:10']);
  assert.deepEqual(of('listen'), ['127.0.0.1:9798', 'default']);
  assert.deepEqual(of('defaults.bantime'), ['2h', 'bailiff.yaml:3:12']);
  assert.deepEqual(of('defaults.findtime'), ['30m', 'BAILIFF_FINDTIME']);
  assert.deepEqual(of('jails.sshd.maxretry'), ['4', 'bailiff.yaml:6:15']);
  assert.deepEqual(of('jails.sshd.ports'), ['22/tcp', 'BAILIFF_JAIL_SSHD_PORTS']);
  assert.deepEqual(of('jails.sshd.bantime'), ['2h', 'defaults: bailiff.yaml:3:12']);
  assert.deepEqual(of('jails.sshd.ignoreip'), [
    '192.0.2.9, 192.0.2.1',
    'bailiff.yaml:7:15, defaults: BAILIFF_IGNOREIP',
  ]);
  assert.equal(of('jails.sshd.logpath')[1], 'filter sshd');
  assert.deepEqual(of('jails.sshd.container'), ['none', 'default']);
});

test('a jail that a variable names is on by it', async () => {
  const of = await values('jails:\n  sshd: {enabled: false}\n', { BAILIFF_JAILS: 'sshd' });
  assert.deepEqual(of('jails.sshd.enabled'), ['true', 'BAILIFF_JAILS']);
});

test('passwords and tokens are not shown', async () => {
  const of = await values('', {
    BAILIFF_MAIL_SERVER: 'smtp://me@mail.example:587',
    BAILIFF_MAIL_PASSWORD: 'secret',
    BAILIFF_API_WRITE_TOKEN: 'w'.repeat(32),
  });
  assert.deepEqual(of('mail-password'), ['(not shown)', 'BAILIFF_MAIL_PASSWORD']);
  assert.deepEqual(of('api-write-token'), ['(not shown)', 'BAILIFF_API_WRITE_TOKEN']);
  assert.deepEqual(of('api-listen'), ['off', 'default']);
  const inOne = await values('mail-server: smtp://me:secret@mail.example:587\n');
  assert.deepEqual(inOne('mail-server'), ['smtp://me:***@mail.example:587', 'bailiff.yaml:1:14']);
});

test('notifiers stand there with what they are, and without what is secret', async () => {
  const yaml =
    'mail-server: smtp://me:secret@mail.example:587\nnotify:\n  ops: {type: mail, to: root, group: 5m}\n';
  const of = await values(`${yaml}  hook:\n    type: webhook\n    jails: ssh*\n`, {
    BAILIFF_NOTIFY_HOOK_URL: 'https://hooks.example/T0/secret',
  });
  assert.deepEqual(of('notify.ops.to'), ['root', 'bailiff.yaml:3:25']);
  assert.deepEqual(of('notify.ops.group'), ['5m', 'bailiff.yaml:3:38']);
  assert.deepEqual(of('notify.ops.dedupe'), ['10m', 'default']);
  assert.deepEqual(of('notify.ops.server'), [
    'smtp://me:***@mail.example:587',
    'mail-server: bailiff.yaml:1:14',
  ]);
  assert.deepEqual(of('notify.ops.sendmail'), ['none', 'default']);
  assert.deepEqual(of('notify.hook.url'), ['(not shown)', 'BAILIFF_NOTIFY_HOOK_URL']);
  assert.deepEqual(of('notify.hook.token'), ['none', 'default']);
  assert.deepEqual(of('notify.hook.jails'), ['ssh*', 'bailiff.yaml:6:12']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, remedies, said } from '../../../test/setup/machine.ts';
import { tcpWrappers } from './tcp-wrappers.ts';

const linked = { 'usr/sbin/sshd': '\x7fELF...libwrap.so.0\0libc.so.6\0' };
const unlinked = { 'usr/sbin/sshd': '\x7fELF...libc.so.6\0' };
const rules = {
  'etc/hosts.allow': '# comment\nsshd: 192.0.2.0/24\n',
  'etc/hosts.deny': 'ALL: \\\n  ALL\n',
};

test('rules that are heeded, by whichever program accepts', async () => {
  const later = { ...unlinked, 'usr/lib/openssh/sshd-session': '\x7fELF libwrap.so.0' };
  for (const programs of [linked, later]) {
    assert.deepEqual(await said(tcpWrappers, machineOf({}, { ...programs, ...rules })), [
      'ok: sshd heeds them; 1 rules allow, 1 deny',
    ]);
  }
});

test('rules that nobody heeds', async () => {
  const machine = machineOf({}, { ...unlinked, ...rules });
  assert.match(
    (await said(tcpWrappers, machine)).join(),
    /^warning: .* hold 2 rules, and the host's sshd heeds none/,
  );
  assert.match(await remedies(tcpWrappers, machine), /AllowUsers/);
  assert.deepEqual(await said(tcpWrappers, machineOf({}, unlinked)), [
    'ok: empty, and sshd would not heed them',
  ]);
});

test('bans that are written there, and nobody heeds', async () => {
  const daemon = { ...healthy, enforcement: { ...healthy.enforcement, backend: 'hosts-deny' } };
  const machine = machineOf({ daemon }, unlinked);
  assert.match((await said(tcpWrappers, machine)).join(), /^problem: bans are written to hosts\.deny/);
  assert.match((await said(tcpWrappers, machineOf({ daemon }, linked))).join(), /^ok/);
});

test('everybody is let in before', async () => {
  for (const line of ['ALL: ALL', 'sshd : ALL : allow', 'sshd, vsftpd: ALL']) {
    const machine = machineOf({}, { ...linked, 'etc/hosts.allow': `${line}\n` });
    assert.match((await said(tcpWrappers, machine)).join(), /^warning: hosts\.allow lets everybody in/, line);
  }
  const other = machineOf({}, { ...linked, 'etc/hosts.allow': 'vsftpd: ALL\nsshd: ALL EXCEPT 192.0.2.1\n' });
  assert.match((await said(tcpWrappers, other)).join(), /^ok/);
});

test('where the host is not seen', async () => {
  assert.match((await said(tcpWrappers, machineOf({ hostRoot: null }))).join(), /^not made/);
  assert.deepEqual(await said(tcpWrappers, machineOf()), ["not made: the host's sshd is not seen here"]);
});

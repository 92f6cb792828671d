import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailServerUrl, parseMailServer, requireMailAddress } from './mail-server.ts';

test('servers, and when their certificate has to be sound', () => {
  const open = { secure: false, requireTLS: false, tls: { rejectUnauthorized: false } };
  assert.deepEqual(parseMailServer('smtp://127.0.0.1'), { ...open, host: '127.0.0.1', port: 25 });
  assert.deepEqual(parseMailServer('smtp://mail.example.org:2525/'), {
    ...open,
    host: 'mail.example.org',
    port: 2525,
  });
  const auth = { user: 'me', pass: 'a:b@c' };
  assert.deepEqual(parseMailServer('smtp://me:a%3Ab%40c@mail.example.org:587'), {
    host: 'mail.example.org',
    port: 587,
    secure: false,
    requireTLS: true,
    auth,
    tls: { rejectUnauthorized: true },
  });
  assert.deepEqual(parseMailServer('smtp://me:a%3Ab%40c@[::1]'), { ...open, host: '::1', port: 25, auth });
  assert.deepEqual(parseMailServer('smtps://mail.example.org'), {
    host: 'mail.example.org',
    port: 465,
    secure: true,
    requireTLS: false,
    tls: { rejectUnauthorized: true },
  });
});

for (const text of [
  '',
  'mail',
  'http://x',
  'smtp://',
  'smtp://x/y',
  'smtp://x?y=1',
  'smtp://%ff:x@y',
  'smtp://x:99999',
]) {
  test(`no server: ${text}`, () => {
    assert.throws(() => parseMailServer(text), { code: 'config-invalid' });
  });
}

test('an error does not tell the password', () => {
  assert.throws(
    () => parseMailServer('smtp://me:secret@x/y'),
    (error: Error) => !error.message.includes('secret'),
  );
});

test('the server of fail2ban’s smtp.py', () => {
  assert.equal(mailServerUrl('localhost', null, null), 'smtp://localhost');
  assert.equal(mailServerUrl('h:587', 'u@d', 'p:w'), 'smtp://u%40d:p%3Aw@h:587');
  assert.deepEqual(parseMailServer(mailServerUrl('h:587', 'u@d', 'p:w')).auth, { user: 'u@d', pass: 'p:w' });
});

test('addresses, and accounts of the host', () => {
  assert.equal(requireMailAddress('root', 'h'), 'root@h');
  assert.equal(requireMailAddress('root@<fq-hostname>', 'h.example'), 'root@h.example');
  assert.equal(requireMailAddress(' a.b+c@d.example ', 'h'), 'a.b+c@d.example');
  for (const text of ['', 'a@b@c', 'a b@c', 'a@b\nBcc: c', 'A <a@b>', '<a>@b', 'a,b@c'])
    assert.throws(() => requireMailAddress(text, 'h'), { code: 'config-invalid' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redacted, typedIn } from './redaction.ts';

test('what somebody typed as a user name is masked wherever it stands as a whole', () => {
  const line = 'sshd[1]: Invalid user S3cret! from 203.0.113.7 port 22 (S3cret!)';
  assert.equal(redacted(line, ['S3cret!']), 'sshd[1]: Invalid user *** from 203.0.113.7 port 22 (***)');
  assert.equal(redacted('failed for a from a', ['a']), 'failed for *** from ***', 'no part of a word');
  assert.equal(redacted('user über: übergabe', ['über']), 'user ***: übergabe');
  assert.equal(redacted('for bob smith and bob', ['bob smith', 'bob']), 'for *** and ***');
});

test('a line that writes it in another way than the filter reads it is withheld', () => {
  assert.equal(redacted('{"user":"p\\u0061ss","ip":"203.0.113.7"}', ['pass']), '***');
  assert.equal(redacted('{"user":"a\\"b","n":1}', ['a"b']), '{"user":"***","n":1}');
  assert.equal(
    redacted('authentication failure from 203.0.113.7', ['of an earlier line']),
    'authentication failure from 203.0.113.7',
  );
});

test('values of a query and beside a telling name are masked, whatever the filter found', () => {
  assert.equal(
    redacted('"GET /login?next=/x&otp=123456 HTTP/1.1" 401', []),
    '"GET /login?next=***&otp=*** HTTP/1.1" 401',
  );
  assert.equal(
    redacted('rhost=203.0.113.7 user=hunter2 password="a b" apitoken=1', []),
    'rhost=203.0.113.7 user=*** password=*** apitoken=***',
  );
  assert.equal(
    redacted('Disconnecting invalid user hunter2 203.0.113.7 port 22: Change of username', []),
    'Disconnecting invalid user *** 203.0.113.7 port 22: Change of username',
  );
  assert.equal(redacted('GET /.env HTTP/1.1', []), 'GET /.env HTTP/1.1');
});

test('long lines of hostile text take no time that grows with their square', () => {
  for (const text of ['?a=', 'user', '?'.repeat(3), 'user="', '&x']) {
    const line = text.repeat(100_000 / text.length);
    assert.ok(redacted(line, ['u']).length > 0);
  }
});

test('users, and what is named like one, are what somebody typed', () => {
  assert.deepEqual(typedIn({ user: 'bob', alt_user: 'bobby', path: '/x', password: '' }), ['bobby', 'bob']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowlist } from './allowlist.ts';

test('loopback, link-local, multicast and what is no address are never banned', () => {
  const allowlist = new Allowlist();
  for (const address of [
    '127.0.0.1',
    '::1',
    'fe80::1',
    '169.254.1.1',
    '224.0.0.1',
    '0.0.0.0',
    'evil.example',
  ]) {
    assert.notEqual(allowlist.reason(address), null, address);
  }
  assert.equal(allowlist.reason('203.0.113.7'), null);
  assert.equal(allowlist.reason('2001:db8::1'), null);
});

test('a range that holds a protected address is protected', () => {
  const allowlist = new Allowlist();
  allowlist.replace('own', [{ range: '198.51.100.4', reason: 'an own address (eth0)' }]);
  assert.deepEqual(allowlist.protection('198.51.100.0/24'), {
    section: 'own',
    reason: 'an own address (eth0)',
  });
  assert.equal(allowlist.reason('0.0.0.0/0'), 'loopback');
});

test('sections are replaced whole, and a jail has its own list', () => {
  const allowlist = new Allowlist();
  allowlist.replace('ignoreip', [{ range: '203.0.113.0/24', reason: 'ignoreip' }]);
  assert.equal(allowlist.reason('203.0.113.7'), 'ignoreip');
  allowlist.replace('ignoreip', []);
  assert.equal(allowlist.reason('203.0.113.7'), null);
  assert.equal(
    allowlist.reason('203.0.113.7', [{ range: '203.0.113.7', reason: 'ignoreip of jail web' }]),
    'ignoreip of jail web',
  );
});

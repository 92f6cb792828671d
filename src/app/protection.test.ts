import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { Allowlist } from '../core/allowlist.ts';
import { Protection } from './protection.ts';

test('own addresses are protected, and nothing changed is said to have changed', () => {
  const allowlist = new Allowlist();
  const protection = new Protection(allowlist, ['203.0.113.0/24']);
  assert.equal(protection.refresh(), true);
  assert.equal(protection.refresh(), false);
  for (const { address } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    assert.notEqual(allowlist.reason(address.split('%')[0] ?? ''), null, address);
  }
  assert.equal(allowlist.reason('203.0.113.9'), 'ignoreip');
});

test('Docker’s networks and gateways are protected, whatever Docker answers', () => {
  const allowlist = new Allowlist();
  const protection = new Protection(allowlist, []);
  const networks = [
    { network: 'web', subnet: '172.30.0.0/16', gateway: '172.30.0.1' },
    { network: 'host', subnet: '', gateway: '' },
    { network: 'odd', subnet: 'not a subnet', gateway: 'evil' },
  ];
  assert.equal(protection.networks(networks), true);
  assert.equal(protection.networks(networks), false);
  assert.equal(allowlist.reason('172.30.0.1'), 'the gateway of Docker network web');
  assert.equal(allowlist.reason('172.30.4.5'), 'Docker network web');
  assert.equal(allowlist.reason('172.31.0.1'), null);
  assert.equal(protection.networks([]), true);
  assert.equal(allowlist.reason('172.30.4.5'), null);
});

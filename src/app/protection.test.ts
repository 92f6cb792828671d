import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { Allowlist } from '../core/allowlist.ts';
import { Protection, type ProtectionOptions } from './protection.ts';

/** A protection that counts how often what it protects changed. */
function setUp(options: Partial<ProtectionOptions> = {}) {
  const allowlist = new Allowlist();
  let changes = 0;
  const none = { ignoreip: () => [], trustedProxies: [], clusterNetworks: [], sshPeers: null };
  const protection = new Protection(allowlist, { ...none, ...options });
  protection.watch(() => void changes++);
  return { allowlist, protection, changes: () => changes };
}

test('own addresses, ignored ones and trusted proxies are protected; no change is told where there is none', () => {
  const { allowlist, protection, changes } = setUp({
    ignoreip: () => [{ range: '203.0.113.0/24', reason: 'ignoreip' }],
    trustedProxies: ['198.51.100.0/25'],
    clusterNetworks: ['10.244.0.0/16'],
  });
  protection.refresh();
  protection.refresh();
  assert.equal(changes(), 1);
  for (const { address } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    assert.notEqual(allowlist.reason(address.split('%')[0] ?? ''), null, address);
  }
  assert.equal(allowlist.reason('203.0.113.9'), 'ignoreip');
  assert.equal(allowlist.reason('198.51.100.5'), 'a trusted proxy');
});

test('Docker’s networks and gateways are protected, whatever Docker answers', () => {
  const { allowlist, protection, changes } = setUp();
  const networks = [
    { network: 'web', subnet: '172.30.0.0/16', gateway: '172.30.0.1' },
    { network: 'host', subnet: '', gateway: '' },
    { network: 'odd', subnet: 'not a subnet', gateway: 'evil' },
  ];
  protection.networks(networks);
  protection.networks(networks);
  assert.equal(changes(), 1);
  assert.equal(allowlist.reason('172.30.0.1'), 'the gateway of Docker network web');
  assert.equal(allowlist.reason('172.30.4.5'), 'Docker network web');
  assert.equal(allowlist.reason('172.31.0.1'), null);
  protection.networks([]);
  assert.equal(changes(), 2);
  assert.equal(allowlist.reason('172.30.4.5'), null);
});

test('whoever is logged in over SSH is protected, read at most once a second while attempts come in', async () => {
  let now = 5_000;
  let peers = [{ range: '203.0.113.7', reason: 'the peer of an SSH session' }];
  let reads = 0;
  const sshPeers = async () => {
    reads++;
    return peers;
  };
  const { allowlist, protection, changes } = setUp({ sshPeers, monotonic: () => now });
  await protection.refreshPeers();
  protection.attempted();
  assert.deepEqual([reads, changes()], [1, 1]);
  assert.equal(allowlist.reason('203.0.113.7'), 'the peer of an SSH session');
  assert.equal(allowlist.reason('203.0.113.7', [], true), null, '--force bans it all the same');
  peers = [];
  now += 1_000;
  protection.attempted();
  protection.attempted();
  await protection.refreshPeers();
  assert.deepEqual([reads, changes()], [2, 2]);
  assert.equal(allowlist.reason('203.0.113.7'), null);
});

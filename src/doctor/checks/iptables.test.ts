import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine, machineOf, remedies, said, stackOf } from '../../../test/setup/machine.ts';
import { iptables } from './iptables.ts';

const docker = '*filter\n:INPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\nCOMMIT\n';
const plain = '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n';

test("where Docker's rules are", async () => {
  const machine = machineOf({ stacks: async () => [stackOf('nft', docker), stackOf('legacy', plain)] });
  assert.deepEqual(await said(iptables, machine), [
    "ok: rules in nft and legacy; Docker's rules are in iptables-nft, its engine says iptables",
  ]);
  const info = { ...engine.info, firewallDriver: 'nftables' };
  const nftables = machineOf({
    nftTables: async () => 'table ip docker-bridges\n',
    docker: async () => ({ ...engine, info }),
  });
  assert.deepEqual(await said(iptables, nftables), [
    "ok: rules in no variant; Docker's rules are in nftables, its engine says nftables",
  ]);
});

test("Docker's rules in both variants", async () => {
  const machine = machineOf({ stacks: async () => [stackOf('nft', docker), stackOf('legacy', docker)] });
  assert.match((await said(iptables, machine)).join(), /^warning: both variants/);
  assert.match(
    await remedies(iptables, machine),
    /update-alternatives --set iptables \/usr\/sbin\/iptables-nft/,
  );
});

test('rules that cannot be read', async () => {
  const machine = machineOf({ stacks: async () => [stackOf('nft', plain, null)] });
  assert.deepEqual(await said(iptables, machine), [
    'warning: the rules of IPv6 in iptables-nft cannot be read: Permission denied',
  ]);
  assert.equal(await remedies(iptables, machine), 'ip6tables-nft-save');
});

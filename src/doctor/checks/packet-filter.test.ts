import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineOf, remedies, said, settings } from '../../../test/setup/machine.ts';
import type { Probe } from '../../enforce/backend.ts';
import { packetFilter } from './packet-filter.ts';

const works: Probe = { usable: true, detail: 'v1' };
const broken = (detail: string): Probe => ({ usable: false, detail });

const machineWith = (iptables: Probe, nftables: Probe, enforce = settings.enforce) =>
  machineOf({ probes: async () => ({ iptables, nftables }), settings: { ...settings, enforce } });

test('both work, or one that suffices', async () => {
  assert.deepEqual(await said(packetFilter, machineWith(works, works)), [
    'ok: iptables: v1',
    'ok: nftables: v1',
  ]);
  assert.deepEqual(await said(packetFilter, machineWith(works, broken('no nft'))), [
    'ok: iptables: v1',
    'ok: nftables cannot be used, and need not be: no nft',
  ]);
});

test('none works, or not the one that is wanted', async () => {
  const none = machineWith(
    broken('the kernel has no ip_set (x); load the modules ip_set, ip_set_hash_net and xt_set on the host'),
    broken('nft not installed; apt-get install nftables (or use the image, which has it)'),
  );
  assert.deepEqual(
    (await said(packetFilter, none)).map((text) => text.split(':')[0]),
    ['problem', 'problem'],
  );
  const advice = await remedies(packetFilter, none);
  assert.match(advice, /modprobe -a ip_set ip_set_hash_net xt_set;/);
  assert.match(advice, /^apt-get install nftables$/m);
  const wanted = machineWith(works, broken('no nft'), 'nftables');
  assert.match((await said(packetFilter, wanted)).join(), /problem: nftables cannot be used: no nft/);
});

test('one that lacks a family', async () => {
  const machine = machineWith(
    { ...works, lacks: 'IPv6 cannot be enforced: ip6tables is not installed' },
    works,
  );
  assert.match((await said(packetFilter, machine))[0] ?? '', /^warning: iptables: IPv6 cannot be enforced/);
});

test('in a dry run none is needed', async () => {
  const machine = machineWith(broken('no'), broken('no'), 'dry-run');
  assert.deepEqual(
    (await said(packetFilter, machine)).every((text) => text.startsWith('ok')),
    true,
  );
});

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { defaultGateways, podNetworks } from './routes.ts';

const heading = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

/** A machine with these routes: device, destination, gateway, mask, as the kernel writes them. */
function machine(routes: readonly string[], routes6: readonly string[] = []): string {
  const root = folderOf({});
  mkdirSync(join(root, 'proc/net'), { recursive: true });
  const lines = routes.map((route) => {
    const [device, destination, gateway, mask] = route.split(' ');
    return [device, destination, gateway, '0001', 0, 0, 0, mask, 0, 0, 0].join('\t');
  });
  writeFileSync(join(root, 'proc/net/route'), `${[heading, ...lines].join('\n')}\n`);
  const lines6 = routes6.map((route) => {
    const [device, destination, bits, gateway] = route.split(' ');
    return `${destination} ${bits} ${'0'.repeat(32)} 00 ${gateway} 00000400 00000001 00000000 00000003 ${device}`;
  });
  writeFileSync(join(root, 'proc/net/ipv6_route'), `${lines6.join('\n')}\n`);
  return root;
}

const rangesOf = (entries: readonly { readonly range: string }[]): string[] =>
  entries.map(({ range }) => range);

test('what network plugins route to pods by is their network, on this node and behind a tunnel; a VPN is none', () => {
  const root = machine(
    [
      'eth0 00000000 010200C0 00000000',
      'eth0 000200C0 00000000 00FFFFFF',
      'cali0123456789a 0501F40A 00000000 FFFFFFFF',
      'vxlan.calico 4002F40A 4002F40A C0FFFFFF',
      'cilium_host 0000010A 0500010A 00FFFFFF',
      'wg0 0000090A 00000000 0000FFFF',
      'tun0 0000080A 00000000 0000FFFF',
      'calico 0000070A 00000000 0000FFFF',
    ],
    [
      'cilium_host fd000000000000010000000000000000 40 00000000000000000000000000000000',
      'eth0 fd000000000000020000000000000000 40 00000000000000000000000000000000',
    ],
  );
  assert.deepEqual(rangesOf(podNetworks(root)), [
    '10.244.1.5/32',
    '10.244.2.64/26',
    '10.1.0.0/24',
    'fd00:0000:0000:0001:0000:0000:0000:0000/64',
  ]);
});

test('a plugin that takes all traffic has not the whole world for pods', () => {
  const root = machine(
    [
      'cilium_host 00000000 0500010A 00000000',
      'tunl0 00000000 00000000 00000080',
      'cni0 0000000A 00000000 000000FF',
    ],
    [
      'cilium_host 00000000000000000000000000000000 00 fd000000000000000000000000000001',
      `tunl0 ff${'0'.repeat(30)} 08 ${'0'.repeat(32)}`,
    ],
  );
  assert.deepEqual(rangesOf(podNetworks(root)), ['10.0.0.0/8']);
});

test('gateways are those of the default routes; what is no table says nothing', () => {
  const root = machine(
    [
      'eth0 00000000 010200C0 00000000',
      'ppp0 00000000 00000000 00000000',
      'eth0 0000000A 020200C0 000000FF',
      'eth0 x',
    ],
    ['eth0 00000000000000000000000000000000 00 fd000000000000000000000000000001', 'lo garbage 00 x'],
  );
  assert.deepEqual(rangesOf(defaultGateways(root)), ['192.0.2.1', 'fd00:0000:0000:0000:0000:0000:0000:0001']);
  assert.deepEqual(defaultGateways(join(root, 'nowhere')), []);
});

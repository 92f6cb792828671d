import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine, machineOf, remedies, said } from '../../../test/setup/machine.ts';
import { BailiffError } from '../../core/errors.ts';
import type { Network } from '../../docker/engine.ts';
import type { Engine } from '../machine.ts';
import { ipv6 } from './ipv6.ts';

const own =
  'fe800000000000000000000000000001 02 40 20 80     eth0\nfd000000000000000000000000000001 03 40 00 80     eth0\n';
const bridged = '20010db8000000000000000000000002 05 40 00 80     br-1234\n';
const open = '20010db8000000000000000000000001 02 40 00 80     eth0\n';

function networkOf(name: string, subnets: readonly string[]): Network {
  const ranges = subnets.map((subnet) => ({ network: name, subnet, gateway: '' }));
  return { id: name, name, driver: 'bridge', ingress: false, options: {}, ranges };
}

const container = (name: string, ...networks: string[]) => ({
  name,
  networks,
  networkMode: networks[0] ?? 'host',
  overIpv6: true,
});

function machineWith(given: Partial<Engine>, addresses = open) {
  return machineOf(
    { docker: async () => ({ ...engine, ...given }) },
    { 'proc/self/net/if_inet6': addresses },
  );
}

const without = networkOf('shop_default', ['172.18.0.0/16']);
const able = networkOf('blog_default', ['172.19.0.0/16', 'fd00:1::/64']);

test('a host without public IPv6, on whatever bridges', async () => {
  for (const addresses of ['', own, bridged]) {
    const machine = machineWith(
      { networks: [without], published: [container('web', 'shop_default')] },
      addresses,
    );
    assert.deepEqual(await said(ipv6, machine), ['ok: this host has no public IPv6 address']);
  }
});

test('networks with IPv6, containers in the network of the host, and ports on IPv4 alone', async () => {
  const published = [
    container('blog', 'blog_default'),
    container('both', 'shop_default', 'blog_default'),
    container('host'),
    { ...container('old', 'shop_default'), overIpv6: false },
  ];
  assert.deepEqual(await said(ipv6, machineWith({ networks: [without, able], published })), [
    'ok: published ports are reached over IPv6 without a proxy',
  ]);
});

test('a network without, whose containers see a gateway', async () => {
  const published = [container('web', 'shop_default'), container('api', 'shop_default')];
  const machine = machineWith({ networks: [without, able], published });
  assert.match(
    (await said(ipv6, machine)).join(),
    /^warning: network shop_default has no IPv6 and this host has: who comes to web, api over IPv6/,
  );
  const advice = await remedies(ipv6, machine);
  assert.match(advice, /^In the compose file: networks: \{default: \{enable_ipv6: true\}\};/);
  const older = machineWith({ networks: [without], published, info: { ...engine.info, version: '24.0.7' } });
  assert.match(await remedies(ipv6, older), /"ip6tables": true; .*subnet: "fd00:/);
});

test('the default network of an older engine', async () => {
  const info = { ...engine.info, version: '20.10.24' };
  const networks = [networkOf('bridge', ['172.17.0.0/16'])];
  const advice = await remedies(
    ipv6,
    machineWith({ info, networks, published: [container('web', 'bridge')] }),
  );
  assert.match(advice, /"fixed-cidr-v6": ".*", "experimental": true, "ip6tables": true/);
});

test('where Docker does not say', async () => {
  assert.match((await said(ipv6, machineWith({ networks: null }))).join(), /^not made: the socket proxy/);
  const files = { 'proc/self/net/if_inet6': open };
  const error = new BailiffError('docker-unreachable', 'x');
  assert.deepEqual(await said(ipv6, machineOf({ docker: async () => error }, files)), [
    'not made: Docker does not answer',
  ]);
  assert.deepEqual(await said(ipv6, machineOf({ docker: async () => null }, files)), ['ok: no Docker here']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Network } from '../docker/client.ts';
import { containerGaps } from './enforceability.ts';

const network = (name: string, driver: string, more: Partial<Network> = {}): Network => ({
  id: name,
  name,
  driver,
  ingress: false,
  options: {},
  ranges: [],
  ...more,
});

const networks = [
  network('bridge', 'bridge'),
  network('lan', 'macvlan', { options: { parent: 'eth0' } }),
  network('direct', 'ipvlan', { options: { ipvlan_mode: 'l2' } }),
  network('routed', 'ipvlan', { options: { ipvlan_mode: 'l3s' } }),
  network('backend', 'overlay'),
  network('ingress', 'overlay', { ingress: true }),
  network('host', 'host'),
];
const engine = { version: '28.1.1', firewallDriver: 'iptables', rootless: false, swarm: true };
const gapsOn = (...names: string[]) => containerGaps({ name: 'web', networks: names }, networks, engine);

test('on bridges, overlays, the host and nowhere nothing is missed', () => {
  for (const name of ['bridge', 'backend', 'host', 'gone', 'routed'])
    assert.deepEqual(gapsOn(name), [], name);
  assert.deepEqual(gapsOn(), []);
});

test('macvlan and ipvlan pass the packet filter by', () => {
  assert.match(
    gapsOn('bridge', 'lan').join(),
    /^container web is on the macvlan network lan,.*bridge network instead$/,
  );
  assert.match(
    gapsOn('direct').join(),
    /^container web is on the ipvlan network direct,.*or use ipvlan in the mode l3s$/,
  );
});

test('Swarm’s ingress hides the clients', () => {
  const gaps = gapsOn('ingress', 'backend');
  assert.equal(gaps.length, 1);
  assert.match(gaps.join(), /^container web is published through Swarm's ingress network,.*mode=host/);
  assert.equal(
    containerGaps({ name: 'web', networks: ['ingress'] }, [network('ingress', 'overlay')], null).length,
    1,
  );
});

test('a rootless engine is one sentence for all its containers', () => {
  const rootless = { ...engine, rootless: true };
  const [one] = containerGaps({ name: 'web', networks: ['bridge'] }, networks, rootless);
  const [other] = containerGaps({ name: 'mail', networks: ['bridge'] }, networks, rootless);
  assert.match(one ?? '', /^the Docker engine runs rootless/);
  assert.equal(one, other);
});

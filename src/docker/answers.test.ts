import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPorts } from '../core/policy.ts';
import {
  engineInfo,
  inspectedContainer,
  listedContainer,
  listedNetwork,
  messageTimestamp,
  parsedEvent,
  publishingContainer,
} from './answers.ts';

/** What an answer may hold where something else is documented. */
const nonsense = [null, undefined, 5, 'text', [], ['a', null, {}], {}, { Config: 5, NetworkSettings: [] }];

/** As Docker 28 answers, shortened. */
function inspected(more: object = {}, hostConfig: object = {}) {
  return inspectedContainer('abc', {
    Id: 'abcdef',
    Name: '/web',
    Config: {
      Image: 'nginx:1.27',
      Labels: { role: 'proxy', odd: 5 },
      Tty: false,
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
    },
    HostConfig: { NetworkMode: 'front', ...hostConfig },
    State: { Running: true, FinishedAt: '2026-11-22T16:02:01.5Z' },
    NetworkSettings: {
      Networks: { front: { IPAddress: '172.18.0.2' }, lan: {} },
      Ports: {
        '80/tcp': [
          { HostIp: '0.0.0.0', HostPort: '8080' },
          { HostIp: '::', HostPort: '8080' },
        ],
        '81/tcp': [{ HostIp: '192.0.2.1', HostPort: '8081' }],
        '443/udp': [{ HostIp: '', HostPort: '443' }],
        '5432/tcp': [
          { HostIp: '127.0.0.1', HostPort: '5432' },
          { HostIp: '::1', HostPort: '5432' },
        ],
        '9000/tcp': null,
      },
      ...more,
    },
  });
}

test('a container with its networks and published ports', () => {
  const { ports, ...rest } = inspected();
  assert.deepEqual(rest, {
    id: 'abcdef',
    name: 'web',
    image: 'nginx:1.27',
    finished: Date.parse('2026-11-22T16:02:01.5Z') / 1_000,
    labels: { role: 'proxy' },
    running: true,
    pid: 0,
    mounts: [],
    tty: false,
    networkMode: 'front',
    overIpv6: true,
    networks: ['front', 'lan'],
  });
  assert.equal(
    formatPorts(ports ?? []),
    '8080-8081/tcp,443/udp',
    'what listens on the loopback is not reached',
  );
});

test('whether a container is reached over IPv6', () => {
  const overIpv6 = (...addresses: readonly (string | undefined)[]) => {
    const bindings = addresses.map((address) => ({ HostIp: address, HostPort: '80' }));
    return inspectedContainer('a', { NetworkSettings: { Ports: { '80/tcp': bindings, '81/tcp': null } } })
      .overIpv6;
  };
  assert.deepEqual([overIpv6('0.0.0.0', '::'), overIpv6(''), overIpv6(undefined)], [true, true, true]);
  assert.deepEqual([overIpv6(), overIpv6('192.0.2.1'), overIpv6('::1')], [false, false, false]);
});

test('what of the host stands inside a container, as far as it has a plain path', () => {
  const mounts = [
    { Type: 'volume', Source: '/var/lib/docker/volumes/v/_data', Destination: '/data' },
    { Type: 'tmpfs', Source: '', Destination: '/run' },
    { Type: 'bind', Source: '/srv/../etc', Destination: '/srv' },
    { Type: 'bind', Source: '/srv', Destination: 'srv' },
    { Type: 'bind', Source: '/srv', Destination: '/a/../b' },
    null,
  ];
  const { pid, mounts: read } = inspectedContainer('a', { State: { Pid: 4_711 }, Mounts: mounts });
  assert.equal(pid, 4_711);
  assert.deepEqual(read, [
    { source: '/var/lib/docker/volumes/v/_data', destination: '/data' },
    { source: null, destination: '/run' },
    { source: null, destination: '/srv' },
  ]);
  assert.equal(inspectedContainer('a', { State: { Pid: '1' }, Mounts: 'x' }).pid, 0);
});

test('of a part of a volume, its folder in that of the volume is told', () => {
  const volume = { Type: 'volume', Source: '/volumes/v/_data' };
  const container = {
    Mounts: ['/data', '/whole', '/up'].map((place) => ({ ...volume, Destination: place })),
    HostConfig: {
      Mounts: [
        { Type: 'volume', Target: '/data/', VolumeOptions: { Subpath: 'a/logs' } },
        { Type: 'volume', Target: '/whole', VolumeOptions: null },
        { Type: 'volume', Target: '/up', VolumeOptions: { Subpath: '../../etc' } },
        null,
      ],
    },
  };
  assert.deepEqual(inspectedContainer('a', container).mounts, [
    { source: '/volumes/v/_data/a/logs', destination: '/data' },
    { source: '/volumes/v/_data', destination: '/whole' },
    { source: '/volumes/v/_data/etc', destination: '/up' },
  ]);
});

test('a container that waits to be started again does not run, one that never stopped did so never', () => {
  const inState = (State: object) => inspectedContainer('a', { State });
  assert.equal(inState({ Running: true, Restarting: true }).running, false);
  assert.equal(inState({ Running: true, Paused: true }).running, true);
  assert.equal(inState({ FinishedAt: '0001-01-01T00:00:00Z' }).finished, 0);
  assert.equal(inState({ FinishedAt: 'yesterday' }).finished, 0);
});

test('a listed container has its image as it was asked for', () => {
  const [listed] = listedContainer({ Id: 'a', Names: ['/web'], Image: 'nginx:1.27', State: 'running' });
  assert.deepEqual(listed, { id: 'a', name: 'web', image: 'nginx:1.27', labels: {}, running: true });
});

test('the time of a message, behind a header or not', () => {
  const message = Buffer.from('2026-11-22T16:02:01.5Z text 2020-01-01T00:00:00Z\n');
  assert.equal(messageTimestamp(message), '2026-11-22T16:02:01.5Z');
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, message.length]);
  assert.equal(messageTimestamp(Buffer.concat([header, message])), '2026-11-22T16:02:01.5Z');
  for (const none of ['', 'text', `${'x'.repeat(60)}${message}`]) {
    assert.equal(messageTimestamp(Buffer.from(none)), null);
  }
});

test('of the list, the ports of a container that are reached from outside, and its networks', () => {
  const Ports = [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8_080, Type: 'tcp' },
    { IP: '::', PrivatePort: 80, PublicPort: 8_080, Type: 'tcp' },
    { IP: '127.0.0.1', PrivatePort: 81, PublicPort: 8_081, Type: 'tcp' },
    { PrivatePort: 82, Type: 'tcp' },
    null,
  ];
  const NetworkSettings = { Networks: { front: {}, back: {} } };
  const found = publishingContainer({ Id: 'a', Ports, NetworkSettings });
  assert.deepEqual(found, [
    { id: 'a', networks: ['front', 'back'], ports: [{ protocol: 'tcp', first: 8_080, last: 8_080 }] },
  ]);
  for (const odd of [null, { Id: 'a' }, { Ports }, { Id: 'a', Ports: [{ PublicPort: '1e9', Type: 'tcp' }] }])
    assert.deepEqual(publishingContainer(odd), []);
});

test('ports that are none are left out', () => {
  const Ports = {
    '80/sctp': [{ HostIp: '', HostPort: '80' }],
    '81/tcp': [{ HostPort: '0' }, { HostPort: '' }, { HostPort: '65536' }, { HostPort: 80 }, {}, null, 'x'],
    '82/tcp': [{ HostIp: 5, HostPort: '82' }],
    '83': [{ HostPort: '83' }],
    '/': 'x',
    '84/tcp; drop': [{ HostPort: '84' }],
    '85/tcp': [{ HostPort: '85,1-65535' }],
  };
  assert.equal(formatPorts(inspected({ Ports }).ports ?? []), '82-83/tcp');
});

test('in the host’s network the exposed ports are the host’s', () => {
  const host = { NetworkMode: 'host' };
  assert.equal(formatPorts(inspected({}, host).ports ?? []), '80/tcp,443/tcp');
  const silent = { HostConfig: host, Config: { ExposedPorts: { '9/sctp': {} } } };
  assert.equal(inspectedContainer('a', silent).ports, null);
  assert.equal(inspectedContainer('a', { HostConfig: host }).ports, null);
});

test('networks with driver, options and ranges', () => {
  const answer = {
    Name: 'routed',
    Id: 'n1',
    Driver: 'ipvlan',
    Ingress: false,
    Options: { ipvlan_mode: 'l3s', parent: 'eth0' },
    IPAM: { Config: [{ Subnet: '10.1.0.0/16', Gateway: '10.1.0.1' }, { Subnet: 'fd00::/64' }] },
  };
  assert.deepEqual(listedNetwork(answer), {
    id: 'n1',
    name: 'routed',
    driver: 'ipvlan',
    ingress: false,
    options: { ipvlan_mode: 'l3s', parent: 'eth0' },
    ranges: [
      { network: 'routed', subnet: '10.1.0.0/16', gateway: '10.1.0.1' },
      { network: 'routed', subnet: 'fd00::/64', gateway: '' },
    ],
  });
  assert.equal(listedNetwork({ Name: 'ingress', Ingress: true }).ingress, true);
});

test('what an engine tells of itself', () => {
  assert.deepEqual(
    engineInfo({
      ServerVersion: '29.0.1',
      FirewallBackend: { Driver: 'nftables+firewalld', Info: [['ReloadedAt', '2026-01-01T00:00:00Z']] },
      SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'],
      Swarm: { LocalNodeState: 'active' },
    }),
    { version: '29.0.1', firewallDriver: 'nftables+firewalld', rootless: true, swarm: true },
  );
  assert.deepEqual(
    engineInfo({ SecurityOptions: ['name=rootlesskit'], Swarm: { LocalNodeState: 'inactive' } }),
    { version: '', firewallDriver: null, rootless: false, swarm: false },
  );
});

test('an event of a network says which container it is about', () => {
  const event = (text: string) => [...parsedEvent(text)];
  assert.deepEqual(
    event(
      '{"Type":"network","Action":"connect","Actor":{"ID":"n1","Attributes":{"container":"c1","name":"lan"}}}',
    ),
    [{ type: 'network', action: 'connect', id: 'n1', container: 'c1' }],
  );
  assert.deepEqual(event('{"Type":"container","Action":"die","Actor":{"ID":"c1"}}'), [
    { type: 'container', action: 'die', id: 'c1', container: '' },
  ]);
  for (const text of ['', 'null', '{', '[]', '{"Type":5}']) assert.deepEqual(event(text), []);
});

test('answers that are not as documented break nothing', () => {
  for (const answer of nonsense) {
    assert.deepEqual(inspectedContainer('a', answer).ports, []);
    assert.equal(listedNetwork(answer).name, '');
    assert.equal(engineInfo(answer).rootless, false);
  }
});

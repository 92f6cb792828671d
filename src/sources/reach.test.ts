import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { formatPorts, type PortRange } from '../core/policy.ts';
import type { ContainerDetails, DockerClient, EngineInfo } from '../docker/client.ts';
import { Reach, type Told } from './reach.ts';
import type { SourceHost } from './source.ts';

const tcp = (port: number): PortRange => ({ protocol: 'tcp', first: port, last: port });
const rootful: EngineInfo = { version: '28.1.1', firewallDriver: 'iptables', rootless: false, swarm: false };
const unused = () => assert.fail('not asked for here');

const containers = new Map<string, ContainerDetails>();
const told = new Map<string, Told>();
const said: string[] = [];
let listed = 0;

const host: SourceHost = {
  open: unused,
  cursorOf: unused,
  report: unused,
  forget: () => undefined,
  dropped: unused,
  jailsFromLabels: unused,
  forgetLabels: unused,
  now: unused,
  protectNetworks: (ranges) => said.push(`networks ${ranges.map(({ subnet }) => subnet).join()}`),
  protectNodes: unused,
  publishes: (name, jails, ports, through) => {
    const by = through.length === 0 ? '' : `by ${formatPorts(through)}`;
    said.push(`${name} [${jails.join()}] ${formatPorts(ports)}${by}`);
  },
  gaps: (name, gaps) => said.push(`${name} gaps ${gaps.length}`),
  engineChanged: () => said.push('engine'),
};

function connect(info: () => Promise<EngineInfo> = async () => rootful): Reach {
  const network = { id: 'n', ingress: false, options: {} };
  const client: DockerClient = {
    containers: unused,
    publishing: async () => {
      listed++;
      return [...containers.values()].flatMap(({ id, networks, ports }) =>
        ports === null || ports.length === 0 ? [] : [{ id, networks, ports }],
      );
    },
    events: unused,
    logs: unused,
    newest: unused,
    statInside: unused,
    readInside: unused,
    info,
    inspect: async (id) => containers.get(id) ?? null,
    networks: async () => [
      {
        ...network,
        name: 'front',
        driver: 'bridge',
        ranges: [{ network: 'front', subnet: '172.18.0.0/16', gateway: '' }],
      },
      { ...network, name: 'lan', driver: 'macvlan', ranges: [] },
    ],
  };
  return new Reach(client, host, told);
}

function run(id: string, more: Partial<ContainerDetails> = {}): ContainerDetails {
  const container = {
    id,
    name: id,
    labels: {},
    image: 'nginx',
    finished: 0,
    running: true,
    tty: false,
    pid: 4_711,
    mounts: [],
    networkMode: 'front',
    overIpv6: false,
    networks: ['front'],
    ports: [tcp(80)],
    ...more,
  };
  containers.set(id, container);
  return container;
}

/** What was said since it was last asked. */
const news = (): string[] => said.splice(0);

beforeEach(() => {
  containers.clear();
  told.clear();
  said.length = 0;
  listed = 0;
});

test('the networks are protected before anything, and changes of the engine’s rules are told of', async () => {
  const reach = connect();
  await reach.connected();
  reach.rulesChanged();
  assert.deepEqual(news(), ['networks 172.18.0.0/16', 'engine']);
  const silent = connect(() => Promise.reject(new Error('busy')));
  await silent.connected();
  silent.rulesChanged();
  assert.deepEqual(news(), ['networks 172.18.0.0/16', 'engine']);
});

test('the ports of a container are told when they change, and stay while it is stopped', async () => {
  const reach = connect();
  await reach.describe(run('web'), ['http', 'login']);
  assert.deepEqual(news(), ['web [http,login] 80/tcp']);
  await reach.describe(run('web'), ['http', 'login']);
  assert.deepEqual(news(), []);
  await reach.describe(run('web', { running: false, ports: [], networks: [] }), ['http', 'login']);
  assert.deepEqual(news(), []);
  await reach.describe(run('web', { ports: [tcp(80), tcp(443)] }), ['http', 'login']);
  assert.deepEqual(news(), ['web [http,login] 80/tcp,443/tcp']);
  reach.forget('web');
  reach.forget('web');
  assert.deepEqual(news(), ['web [] ']);
});

test('a container that publishes nothing is told of; where the ports are not known all are meant', async () => {
  const reach = connect();
  await reach.describe(run('inner', { ports: [] }), ['http']);
  await reach.describe(run('direct', { networkMode: 'host', ports: null }), ['http']);
  assert.deepEqual(news(), ['inner [http] ', 'direct [http] 1-65535/tcp,1-65535/udp']);
});

test('a container that publishes nothing is reached by what others on its networks publish, as they come and go', async () => {
  const reach = connect();
  await reach.describe(run('vault', { ports: [], networks: ['front', 'bridge'] }), ['vault']);
  await reach.describe(run('db', { ports: [], networks: ['back'] }), ['db']);
  await reach.describe(run('web', { networks: ['front'] }), ['http']);
  assert.deepEqual(news(), ['vault [vault] ', 'db [db] ', 'web [http] 80/tcp']);
  run('proxy', { ports: [tcp(443), tcp(80)] });
  run('other', { ports: [tcp(8_080)], networks: ['bridge'] });
  await reach.publishingChanged();
  assert.deepEqual(news(), ['vault [vault] by 80/tcp,443/tcp'], "Docker's default network is everybody's");
  containers.delete('proxy');
  containers.delete('web');
  await reach.publishingChanged();
  assert.deepEqual(news(), ['vault [vault] ']);
  assert.equal(listed, 3, 'the engine is asked once for all of them');
});

test('a network that passes the packet filter by is told of, until the container has left it', async () => {
  const reach = connect();
  await reach.connected();
  news();
  await reach.describe(run('web', { networks: ['front', 'lan'] }), ['http']);
  assert.deepEqual(news(), ['web [http] 80/tcp', 'web gaps 1']);
  run('web');
  await reach.describeSharing('web');
  assert.deepEqual(news(), ['web gaps 0']);
  run('web', { networks: ['lan'] });
  await reach.describeSharing('web');
  reach.forget('web');
  assert.deepEqual(news(), ['web gaps 1', 'web [] ', 'web gaps 0']);
  await reach.describeSharing('other');
  await reach.describeSharing('');
  assert.deepEqual(news(), []);
});

test('in the network of another container its ports count', async () => {
  const reach = connect();
  await reach.connected();
  news();
  run('vpn', { ports: [tcp(8080)], networks: ['front', 'lan'] });
  await reach.describe(run('web', { networkMode: 'container:vpn', networks: [], ports: [] }), ['http']);
  assert.deepEqual(news(), ['web [http] 8080/tcp', 'web gaps 1']);
  run('vpn', { ports: [tcp(9090)] });
  await reach.describeSharing('vpn');
  assert.deepEqual(news(), ['web [http] 9090/tcp', 'web gaps 0']);
  run('vpn', { running: false, ports: [] });
  await reach.describeSharing('vpn');
  containers.delete('vpn');
  await reach.describeSharing('web');
  assert.deepEqual(news(), []);
});

test('a renamed container is another one to the daemon', async () => {
  const reach = connect();
  await reach.describe(run('1', { name: 'web' }), ['http']);
  await reach.describe(run('1', { name: 'old' }), ['http']);
  assert.deepEqual(news(), ['web [http] 80/tcp', 'web [] ', 'old [http] 80/tcp']);
  await reach.describe(run('2', { name: 'old', ports: [tcp(81)] }), ['http']);
  reach.forget('1');
  assert.deepEqual(news(), ['old [http] 81/tcp'], 'the name is the new one’s');
});

test('after a new connection what went meanwhile is forgotten, what is there is not told again', async () => {
  const before = connect();
  await before.describe(run('web'), ['http']);
  await before.describe(run('gone'), ['http']);
  await before.describe(run('stopped'), ['http']);
  news();
  containers.delete('gone');
  run('stopped', { running: false });
  const reach = connect();
  await reach.connected();
  assert.deepEqual(news(), ['networks 172.18.0.0/16', 'gone [] ']);
  await reach.describe(run('web'), ['http']);
  assert.deepEqual(news(), []);
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { healthy, settings } from '../../test/setup/machine.ts';
import { BailiffError } from '../core/errors.ts';
import { thisMachine } from './this-machine.ts';

const folder = folderOf({ 'host/etc/hosts': '' });
const dockerSocket = join(folder, 'docker.sock');

const inspected = (name: string, ports: object) => ({
  Id: name,
  Name: `/${name}`,
  State: { Running: true },
  HostConfig: { NetworkMode: 'shop' },
  NetworkSettings: { Networks: { shop: {} }, Ports: ports },
});

const answers: Readonly<Record<string, unknown>> = {
  '/info': { ServerVersion: '28.1.1', FirewallBackend: { Driver: 'nftables' } },
  '/networks': [{ Name: 'shop', Id: '1', Driver: 'bridge', IPAM: { Config: [{ Subnet: '172.18.0.0/16' }] } }],
  '/containers/json': [
    { Id: 'web', Names: ['/web'], State: 'running' },
    { Id: 'db', Names: ['/db'], State: 'running' },
    { Id: 'old', Names: ['/old'], State: 'exited' },
  ],
  '/containers/web/json': inspected('web', { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '80' }] }),
  '/containers/db/json': inspected('db', { '5432/tcp': null }),
};
const asked: string[] = [];
const server = createServer(({ url = '' }, response) => {
  const { pathname } = new URL(url, 'http://engine');
  asked.push(pathname);
  response.setHeader('content-type', 'application/json');
  response.statusCode = pathname in answers ? 200 : 500;
  response.end(JSON.stringify(answers[pathname] ?? { message: 'not asked for here' }));
});
before(() => new Promise<void>((resolve) => server.listen(dockerSocket, resolve)));
after(() => {
  server.close();
  server.closeAllConnections();
});

const machineWith = (given: Partial<typeof settings> | null) =>
  thisMachine({
    daemon: healthy,
    settings: given === null ? null : { ...settings, dockerSocket, ...given },
    configurationErrors: [],
    signal: AbortSignal.timeout(60_000),
  });

test('the engine is asked once, and containers without a published port are left out', async () => {
  const machine = await machineWith({});
  const [engine, again] = await Promise.all([machine.docker(), machine.docker()]);
  assert.equal(engine, again);
  assert.ok(engine !== null && !(engine instanceof Error), String(engine));
  assert.deepEqual(engine.info, {
    version: '28.1.1',
    firewallDriver: 'nftables',
    rootless: false,
    swarm: false,
  });
  assert.deepEqual(
    engine.published.map(({ name }) => name),
    ['web'],
  );
  assert.deepEqual(
    engine.networks?.map(({ name }) => name),
    ['shop'],
  );
  assert.deepEqual(asked.filter((path) => path === '/info').length, 1);
  assert.equal(asked.includes('/containers/old/json'), false);
});

test('where there is none, or it is not to be asked', async () => {
  for (const given of [{ docker: false }, { dockerSocket: join(folder, 'none') }, null])
    assert.equal(await (await machineWith(given)).docker(), null);
});

test('one that does not answer is told, not thrown', async () => {
  const silent = createServer((_, response) => response.destroy());
  const path = join(folder, 'silent.sock');
  await new Promise<void>((resolve) => silent.listen(path, resolve));
  const engine = await (await machineWith({ dockerSocket: path })).docker();
  silent.close();
  assert.ok(engine instanceof BailiffError);
  assert.deepEqual([engine.code, engine.where], ['docker-unreachable', path]);
});

test("where the host's files are: as the configuration says, or not seen", async () => {
  const root = join(folder, 'host');
  assert.equal((await machineWith({ hostRoot: root })).hostRoot, root);
  assert.equal((await machineWith({ hostRoot: join(folder, 'nowhere') })).hostRoot, null);
});

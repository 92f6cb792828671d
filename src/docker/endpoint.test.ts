import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connectDocker } from './client.ts';
import { endpointOf, isEngineThere } from './endpoint.ts';

test('a socket is a path, a proxy a host and a port', () => {
  const http = { protocol: 'http' } as const;
  assert.deepEqual(endpointOf('/run/docker.sock'), {
    ...http,
    socketPath: '/run/docker.sock',
    host: undefined,
    port: undefined,
  });
  const tcp = { ...http, socketPath: undefined };
  assert.deepEqual(endpointOf('tcp://proxy:2375'), { ...tcp, host: 'proxy', port: 2375 });
  assert.deepEqual(endpointOf('tcp://proxy:80'), { ...tcp, host: 'proxy', port: 80 });
  assert.deepEqual(endpointOf('tcp://[::1]:2375'), { ...tcp, host: '[::1]', port: 2375 });
  assert.equal(isEngineThere('/nowhere/docker.sock'), false);
  assert.equal(isEngineThere(import.meta.filename), false);
  assert.equal(isEngineThere('tcp://proxy:2375'), true);
});

test('what is asked goes to the address, whatever DOCKER_HOST says', async (t) => {
  const asked: string[] = [];
  const server = createServer((question, answer) => {
    asked.push(`${question.method} ${decodeURIComponent(question.url ?? '')}`);
    answer.end('[]');
  });
  t.after(() => server.close());
  process.env['DOCKER_HOST'] = 'tcp://192.0.2.1:1';
  t.after(() => {
    delete process.env['DOCKER_HOST'];
  });
  for (const host of ['127.0.0.1', '::1']) {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const address = host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`;
    const client = await connectDocker(address, new AbortController().signal);
    assert.deepEqual(await client.containers(), []);
    for await (const event of client.events(5, new AbortController().signal)) assert.fail(event.action);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
  const events =
    'GET /events?since=5&filters={"type":["container","network","daemon"],' +
    '"event":["start","die","rename","destroy","unpause","create","connect","disconnect","reload"]}';
  assert.deepEqual(asked, ['GET /containers/json?all=true', events, 'GET /containers/json?all=true', events]);
});

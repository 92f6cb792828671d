import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Protection } from '../core/allowlist.ts';
import { describeFindings, HiddenClients } from './hidden-clients.ts';

const gateway: Protection = { section: 'docker', reason: 'the gateway of Docker network bridge' };
const proxy: Protection = { section: 'proxies', reason: 'a trusted proxy' };
const loopback: Protection = { section: 'always', reason: 'loopback' };
const own: Protection = { section: 'own', reason: 'an own address (eth0)' };
const ignored: Protection = { section: 'ignoreip', reason: 'ignoreip' };

function hit(clients: HiddenClients, times: number, address: string, protection: Protection): HiddenClients {
  for (let time = 0; time < times; time++) clients.protectedHit('web', address, protection);
  return clients;
}

function named(clients: HiddenClients, times: number): HiddenClients {
  for (let time = 0; time < times; time++) clients.namedHit('web');
  return clients;
}

const count = (clients: HiddenClients) => clients.findings().length;

test('a container that logs an address of Docker is found at once, and for each jail', () => {
  const clients = hit(new HiddenClients('docker:web'), 1, '172.17.0.1', gateway);
  clients.protectedHit('scan', '172.17.0.1', gateway);
  assert.deepEqual(
    clients.findings().map(({ id, jail, source, page }) => [id, jail, source, page]),
    ['web', 'scan'].map((jail) => ['client-hidden', jail, 'docker:web', 'docs/behind-a-proxy.md']),
  );
  assert.deepEqual(describeFindings(clients.findings()), [
    'source masked: the log names 172.17.0.1, the gateway of Docker network bridge, instead of the client, so that ' +
      'nobody can be banned for it (web, scan); docs/behind-a-proxy.md says how to have the client logged behind ' +
      'Docker, traefik, nginx, caddy, haproxy or Cloudflare',
  ]);
});

test("a pod that logs addresses of nodes is behind a Service that hides its clients, and one client's is not", () => {
  const cluster: Protection = { section: 'cluster', reason: 'a network of the cluster' };
  const pod = 'kubernetes:shop/web-1/nginx@0123456789ab';
  for (const protection of [cluster, own]) {
    const [finding, ...others] = hit(new HiddenClients(pod), 3, '10.0.0.7', protection).findings();
    assert.deepEqual(others, []);
    assert.equal(finding?.page, 'docs/kubernetes.md');
    assert.deepEqual(finding?.remedies[0]?.behind, 'Kubernetes');
    assert.match(finding?.remedies[0]?.remedy ?? '', /externalTrafficPolicy: Local/);
  }
  assert.equal(count(named(hit(new HiddenClients(pod), 3, '10.0.0.7', cluster), 40)), 0);
  assert.equal(count(hit(new HiddenClients(pod), 2, '10.0.0.7', cluster)), 0);
  assert.equal(count(hit(new HiddenClients('file:/var/log/auth.log'), 3, '10.0.0.7', cluster)), 1);
});

test('a remedy is told for each proxy', () => {
  const [finding] = hit(new HiddenClients('file:/a.log'), 3, '198.51.100.1', proxy).findings();
  const told = new Map(finding?.remedies.map(({ behind, remedy }) => [behind, remedy]));
  assert.deepEqual([...told.keys()], ['traefik', 'nginx', 'caddy', 'haproxy', 'Cloudflare']);
  assert.match(told.get('nginx') ?? '', /set_real_ip_from/);
  assert.match(told.get('haproxy') ?? '', /set-header X-Forwarded-For/);
  assert.match(told.get('Cloudflare') ?? '', /CF-Connecting-IP/);
});

test('a trusted proxy in the log of a host is found at the third attempt', () => {
  const clients = new HiddenClients('journal:web');
  assert.equal(count(hit(clients, 2, '198.51.100.1', proxy)), 0);
  assert.equal(count(hit(clients, 1, '198.51.100.2', proxy)), 1);
  assert.match(clients.findings()[0]?.text ?? '', /198\.51\.100\.2, a trusted proxy/);
});

test('this host itself is taken for a proxy only where its log names nobody else', () => {
  for (const [address, protection] of [
    ['127.0.0.1', loopback],
    ['198.51.100.4', own],
  ] as const) {
    const clients = new HiddenClients('file:/a.log');
    assert.equal(count(hit(clients, 9, address, protection)), 0);
    assert.equal(count(hit(clients, 1, address, protection)), 1);
    assert.equal(count(named(clients, 1)), 0);
  }
});

test('an ignored address is somebody, and hides nobody', () => {
  assert.equal(count(hit(new HiddenClients('docker:web'), 20, '192.0.2.9', ignored)), 0);
  const clients = hit(new HiddenClients('file:/a.log'), 20, '127.0.0.1', loopback);
  assert.equal(count(hit(clients, 1, '192.0.2.9', ignored)), 0);
});

test('once the service names its clients, nothing is found any more; a mixture still is', () => {
  const clients = hit(new HiddenClients('docker:web'), 50, '172.17.0.1', gateway);
  assert.equal(count(named(clients, 50)), 1);
  assert.equal(count(named(clients, 300)), 0);
});

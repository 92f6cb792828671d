import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { controlOf, socketOf } from '../../test/setup/fake-control.ts';
import { jailOf, sourceOf } from '../../test/setup/machine-status.ts';
import { HiddenClients } from '../app/hidden-clients.ts';
import type { Status } from '../control/protocol.ts';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));

const hidden = new HiddenClients('docker:web');
hidden.protectedHit('shop', '172.18.0.2', { section: 'docker', reason: 'Docker network proxy' });

const jail = jailOf({ name: 'shop', filter: 'nginx-http-auth', forgeable: 'nginx writes decoded paths' });

const status: Status = {
  version: '1',
  revision: null,
  started: 0,
  ready: true,
  problems: [],
  warnings: [],
  enforcement: {
    backend: 'fake',
    state: 'enforcing',
    detail: '',
    hooks: [],
    dropped: [],
    gaps: [],
    elements: 0,
  },
  jails: [jail, { ...jail, name: 'blog' }],
  sources: [
    sourceOf({ id: 'docker:web', jails: ['shop'], lag: 2_048, lagSeconds: 95.4 }),
    sourceOf({ lag: 2_048, lagSeconds: 0.2 }),
  ],
  findings: hidden.findings(),
  labels: [],
  ranges: [],
  notifiers: [
    {
      name: 'ops',
      type: 'mail',
      waiting: 2,
      sent: 3,
      failed: 4,
      dropped: 0,
      problem: 'no \u001b[31mroute',
    },
  ],
  metrics: null,
  reload: null,
};

const control = controlOf({
  status: () => status,
  bans: () => [],
});
const socket = socketOf(control);

const bailiff = (...args: string[]) =>
  execa(process.execPath, [cli, 'status', ...args], { env: { BAILIFF_SOCKET: socket } });

test('status of a jail whose clients are hidden says what to do behind which proxy', async () => {
  const { stdout } = await bailiff('shop');
  assert.match(stdout, /What may stand in front, and what to do \(docs\/behind-a-proxy\.md\):/);
  for (const front of ['Docker', 'traefik', 'nginx', 'caddy', 'haproxy', 'Cloudflare'])
    assert.match(stdout, new RegExp(`^    ${front}: `, 'm'));
  assert.doesNotMatch((await bailiff('blog')).stdout, /in front/);
});

test('status of a jail says that its log can be forged, and why', async () => {
  const { stdout } = await bailiff('shop');
  assert.match(
    stdout,
    /! Clients can write lines of this log with any address: nginx writes decoded paths\./,
  );
});

test('status says how far behind a source is, in time where that is known and more than a moment', async () => {
  const { stdout } = await bailiff();
  assert.match(stdout, /^docker:web .* 1m 35s +0 +shop/m);
  assert.match(stdout, /^file:\/var\/log\/auth.log .* 2(?:\.0)? KiB +0 +sshd/m);
  assert.match((await bailiff('shop')).stdout, /^ {2}its lines are 1m 35s old when they are read$/m);
});

test('status --json of it has the finding whole, as doctor will take it', async () => {
  const { findings } = JSON.parse((await bailiff('shop', '--json')).stdout) as Pick<Status, 'findings'>;
  assert.deepEqual(findings, status.findings);
});

test('status names the notifiers, and what a server said cannot paint the terminal', async () => {
  const { stdout } = await bailiff();
  assert.match(stdout, /^ops {7}mail {2}2 {8}3 {5}4 {7}0 {8}fails: no \\x1b\[31mroute$/m);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said } from '../../../test/setup/machine.ts';
import { HiddenClients } from '../../app/hidden-clients.ts';
import { clientAddresses } from './client-addresses.ts';

test('logs that name their clients', async () => {
  assert.match((await said(clientAddresses, machineOf())).join(), /^ok: no log names a proxy/);
});

test('a log that names a proxy, with what to do behind each', async () => {
  const hidden = new HiddenClients('docker:web');
  hidden.protectedHit('shop', '172.18.0.2', { section: 'docker', reason: 'Docker network proxy' });
  const machine = machineOf({ daemon: { ...healthy, findings: hidden.findings() } });
  assert.match(
    (await said(clientAddresses, machine)).join(),
    /^problem: docker:web \(jail shop\): source masked/,
  );
  const advice = await remedies(clientAddresses, machine);
  for (const front of ['Docker', 'traefik', 'nginx', 'caddy', 'haproxy', 'Cloudflare'])
    assert.match(advice, new RegExp(`^behind ${front}: `, 'm'));
  assert.match(advice, /^More: docs\/behind-a-proxy\.md$/m);
});

test('without the daemon nobody knows', async () => {
  const machine = machineOf({ daemon: noDaemon });
  assert.deepEqual(await said(clientAddresses, machine), ['not made: the daemon does not answer']);
});

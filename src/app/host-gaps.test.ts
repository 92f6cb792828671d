import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostGaps } from './host-gaps.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-gaps-'));
after(() => rmSync(folder, { recursive: true }));

const socketHeading =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue\n';

/** The gaps of a host with these interfaces, whose nft prints this. */
async function gaps(
  interfaces: readonly string[],
  listing = '{"nftables": []}',
  sockets = '',
): Promise<readonly string[]> {
  const root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'proc/self/net'), { recursive: true });
  const heading =
    'Inter-|   Receive                |  Transmit\n face |bytes    packets errs|bytes    packets errs\n';
  const rows = interfaces.map((name) => `${name.padStart(6)}: 1 2 3 4 5 6 7 8\n`);
  writeFileSync(join(root, 'proc/self/net/dev'), heading + rows.join(''));
  writeFileSync(join(root, 'proc/self/net/tcp6'), socketHeading + sockets);
  return hostGaps({ root, listFlowtables: async () => listing });
}

test('an ordinary host has none', async () => {
  assert.deepEqual(
    await gaps(['lo', 'eth0', 'docker0', 'br-0123456789ab', 'cilium', 'cali123', 'xbpfin.cali']),
    [],
  );
});

test('data planes of eBPF are known by their interfaces, and said once', async () => {
  const cilium = await gaps(['lo', 'cilium_net', 'cilium_host', 'lxc1']);
  assert.equal(cilium.length, 1);
  assert.match(
    cilium.join(),
    /^Cilium .* \(eBPF, interfaces cilium_net, cilium_host, no kube-proxy\).*kubeProxyReplacement=false/,
  );
  const calico = await gaps(['bpfin.cali', 'bpfout.cali']);
  assert.equal(calico.length, 1);
  assert.match(calico.join(), /^Calico .*bpfEnabled: false/);
});

test('Cilium beside kube-proxy goes through netfilter; what is only connected to that port is no kube-proxy', async () => {
  const socket = (state: string) =>
    `   1: 00000000000000000000000000000000:2809 00000000000000000000000000000000:0000 ${state} 00000000:00000000\n`;
  assert.deepEqual(await gaps(['cilium_host'], '', socket('0A')), []);
  assert.equal((await gaps(['cilium_host'], '', socket('01'))).length, 1);
  assert.equal((await gaps(['bpfin.cali'], '', socket('0A'))).length, 1);
});

test('flowtables are named, not all of them', async () => {
  const named = (name: unknown) => ({ flowtable: { family: 'inet', table: 'filter', name } });
  const metainfo = { metainfo: { version: '1.0.6', json_schema_version: 1 } };
  const one = await gaps([], JSON.stringify({ nftables: [metainfo, named('fast')] }));
  assert.match(one.join(), /flowtable of nftables \(inet filter fast\).*NftablesFlowtable=off\)$/);
  const many = await gaps(
    [],
    JSON.stringify({ nftables: Array.from({ length: 50 }, (_, n) => named(`f${n}`)) }),
  );
  assert.equal(many.length, 1);
  assert.match(many.join(), /inet filter f4\)/);
});

test('what cannot be asked is not said', async () => {
  for (const listing of [
    '',
    'table inet filter {',
    'null',
    '[]',
    '{"nftables": 5}',
    '{"nftables": [null, 5, {"flowtable": {}}]}',
  ]) {
    assert.deepEqual(await gaps([], listing), []);
  }
  const refused = () => Promise.reject(new Error('no nft'));
  assert.deepEqual(await hostGaps({ root: join(folder, 'nowhere'), listFlowtables: refused }), []);
});

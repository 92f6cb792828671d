import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Namespace } from './namespace.ts';

const driver = fileURLToPath(new URL('./host-gaps-driver.ts', import.meta.url));

describe('what goes past netfilter', () => {
  let host: Namespace;

  beforeEach(async () => {
    host = await Namespace.create();
  });
  afterEach(() => host.remove());

  async function gaps(): Promise<string[]> {
    return JSON.parse(await host.must(process.execPath, '--disable-warning=ExperimentalWarning', driver));
  }

  test('a flowtable, as nft itself lists it', async (t) => {
    assert.deepEqual(await gaps(), []);
    await host.must('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
    await host.must('nft', 'add table inet own');
    const fast = 'add flowtable inet own fast { hook ingress priority filter; devices = { eth0, eth1 }; }';
    const made = await host.run('nft', fast);
    // Where the kernel has none (CONFIG_NF_FLOW_TABLE), none is to be found.
    if (!made.ok) t.diagnostic(`no flowtables here: ${made.complaint}`);
    const found = await gaps();
    assert.equal(found.length, made.ok ? 1 : 0);
    if (made.ok) assert.match(found.join(), /flowtable of nftables \(inet own fast\)/);
    await host.must('nft', 'delete table inet own');
    assert.deepEqual(await gaps(), []);
    assert.equal((await host.must('nft', 'list ruleset')).trim(), '', 'asking leaves nothing behind');
  });

  test('the interfaces of a data plane of eBPF', async () => {
    await host.must('ip', 'link', 'add', 'cilium_host', 'type', 'veth', 'peer', 'name', 'cilium_net');
    const found = await gaps();
    assert.equal(found.length, 1);
    assert.match(found.join(), /^Cilium forwards packets for pods itself/);
    // Beside kube-proxy, which listens there, it goes through netfilter.
    const besideKubeProxy = `require('node:net').createServer().listen(10249, '127.0.0.1', function () {
      this.unref();
      import(${JSON.stringify(driver)});
    })`;
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--eval'] as const;
    assert.deepEqual(JSON.parse(await host.must(...node, besideKubeProxy)), []);
  });
});

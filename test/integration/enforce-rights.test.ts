import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Hook } from '../../src/enforce/backend.ts';
import { Remote } from './enforce-remote.ts';
import { Namespace } from './namespace.ts';

interface Chosen {
  readonly backend: string;
  readonly dryRun: string | null;
  readonly detail: string;
}

/** Runs the rest in a mount namespace of its own, after `line`. */
function mounted(line: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `${line}; exec "$@"`, 'sh'];
}

describe('what can be enforced here', () => {
  let host: Namespace;
  let bailiff: Remote | undefined;

  beforeEach(async () => {
    host = await Namespace.create();
  });

  afterEach(async () => {
    await bailiff?.end();
    await host.remove();
  });

  test('auto takes iptables where it works, and says which', async () => {
    bailiff = new Remote(host);
    const chosen = await bailiff.call<Chosen>('choose', 'auto');
    assert.equal(chosen.backend, 'iptables');
    assert.equal(chosen.dryRun, null);
    assert.match(chosen.detail, /iptables v1.*ipset v/);
  });

  for (const [name, before, reason] of [
    [
      'without NET_ADMIN',
      ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
      /no right to change the packet filter .*NET_ADMIN/,
    ],
    [
      'as root of a user namespace only',
      ['unshare', '--user', '--map-root-user'],
      /no right to change the packet filter .*NET_ADMIN/,
    ],
    [
      'without the programs',
      mounted('mount -t tmpfs none /usr/sbin'),
      /iptables and ipset not installed; apt-get/,
    ],
  ] as const) {
    test(`${name}: dry-run, with the reason, and no silent wish`, async () => {
      bailiff = new Remote(host, before);
      const chosen = await bailiff.call<Chosen>('choose', 'auto');
      assert.equal(chosen.backend, 'dry-run');
      assert.equal(chosen.dryRun, 'fallback');
      assert.match(chosen.detail, reason);
      await assert.rejects(bailiff.call('choose', 'iptables'), /enforcement-unavailable/);
      await bailiff.call('start');
      const status = await bailiff.call<{ state: string; detail: string }>('status');
      assert.equal(status.state, 'degraded');
      assert.notEqual(status.detail, '');
    });
  }

  /** A program that fails, in place of the one behind both ip6tables-nft-save and its legacy sister. */
  const withoutIp6tables = mounted(
    [
      'mount -t tmpfs none /mnt',
      'cp -a /usr/sbin/. /mnt/',
      ...['nft-save', 'nft-restore', 'legacy-save', 'legacy-restore'].map(
        (name) => `ln -sf /bin/false /mnt/ip6tables-${name}`,
      ),
      'mount --bind /mnt /usr/sbin',
    ].join(' && '),
  );

  test('where ip6tables does not work IPv4 is enforced, and IPv6 is said to be not', async () => {
    bailiff = new Remote(host, withoutIp6tables);
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7'], 600);
    const status = await bailiff.call<{ state: string; detail: string; hooks: Hook[] }>('status');
    assert.equal(status.state, 'degraded');
    assert.match(status.detail, /^INPUT \(IPv6\): /);
    assert.deepEqual(
      status.hooks.map(({ family, ok }) => `${family} ${ok}`),
      ['4 true', '4 true', '4 true', '6 false', '6 false', '6 false'],
    );
    assert.match(await host.must('ipset', 'save', 'bailiff4'), /add bailiff4 203\.0\.113\.7 timeout/);
  });

  test('a machine without IPv6 is enforced whole, and the probe says so', async () => {
    bailiff = new Remote(host, ['NO_IPV6=1', ...withoutIp6tables]);
    const probe = await bailiff.call<{ usable: boolean; detail: string }>('probe');
    assert.equal(probe.usable, true);
    assert.match(probe.detail, /, no IPv6 on this machine$/);
    await bailiff.call('start');
    // A log line may name an IPv6 address all the same.
    await bailiff.call('ban', ['203.0.113.7', '2001:db8:1:2::/64'], 600);
    const status = await bailiff.call<{ state: string; detail: string; hooks: Hook[] }>('status');
    assert.deepEqual([status.state, status.detail], ['enforcing', '']);
    assert.deepEqual(
      status.hooks.map(({ family, ok }) => `${family} ${ok}`),
      ['4 true', '4 true', '4 true'],
    );
    await bailiff.call('events');
    await bailiff.call('reconcile');
    assert.deepEqual(await bailiff.call('events'), []);
    await bailiff.call('teardown');
    assert.equal((await host.must('ipset', 'list', '-n')).trim(), '');
  });
});

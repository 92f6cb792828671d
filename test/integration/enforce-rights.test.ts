import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { Hook } from '../../src/enforce/backend.ts';
import { Remote } from './enforce-remote.ts';
import { Namespace } from './namespace.ts';

interface Chosen {
  readonly backend: string;
  readonly outcome: string;
  readonly detail: string;
}

/** Runs the rest in a mount namespace of its own, after `line`. The host's own hosts.deny is out of reach there. */
function mounted(line: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `${line}; exec "$@"`, 'sh'];
}

/** A copy of /usr/sbin in which each of these programs only complains. */
function failing(programs: readonly string[], complaint: string): string[] {
  return mounted(
    [
      'mount -t tmpfs none /mnt',
      'cp -a /usr/sbin/. /mnt/',
      `printf '#!/bin/sh\necho "${complaint}" >&2\nexit 1\n' >/mnt/complain`,
      'chmod 755 /mnt/complain',
      ...programs.map((name) => `ln -sf complain /mnt/${name}`),
      'mount --bind /mnt /usr/sbin',
    ].join(' && '),
  );
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
    assert.equal(chosen.outcome, 'met');
    assert.match(chosen.detail, /iptables v1.*ipset v.*; no rules of Docker seen/);
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
      assert.equal(chosen.outcome, 'fallback');
      assert.match(chosen.detail, reason);
      const asked = await bailiff.call<Chosen>('choose', 'iptables');
      assert.deepEqual([asked.backend, asked.outcome], ['iptables', 'unmet']);
      await bailiff.call('start');
      const status = await bailiff.call<{ state: string; detail: string }>('status');
      assert.equal(status.state, 'degraded');
      assert.notEqual(status.detail, '');
    });
  }

  const withoutIp6tables = failing(
    ['nft-save', 'nft-restore', 'legacy-save', 'legacy-restore'].map((name) => `ip6tables-${name}`),
    'no ip6tables in this kernel',
  );

  test('a teardown without rights takes nothing away, and says so', async () => {
    bailiff = new Remote(host);
    await bailiff.call('start');
    await bailiff.call('end');
    const denied = new Remote(host, ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']);
    const { removed, problems } = await denied.call<{ removed: string[]; problems: string[] }>('removeAll');
    await denied.end();
    assert.deepEqual(removed, []);
    assert.match(problems.join(), /iptables: no right .*nftables: no right/);
    assert.match(await host.must('ipset', 'list', '-n'), /bailiff4/);
  });

  test('without ipset in the kernel: nftables, and why is said', async () => {
    bailiff = new Remote(host, failing(['ipset'], 'ipset v7.17: Cannot open session to kernel.'));
    const chosen = await bailiff.call<Chosen>('choose', 'auto');
    assert.deepEqual([chosen.backend, chosen.outcome], ['nftables', 'met']);
    assert.match(chosen.detail, /iptables: the kernel has no ip_set .*load the modules/);
  });

  test('where ip6tables does not work: nftables, which does both families', async () => {
    bailiff = new Remote(host, withoutIp6tables);
    const chosen = await bailiff.call<Chosen>('choose', 'auto');
    assert.equal(chosen.backend, 'nftables');
    assert.match(chosen.detail, /iptables: IPv6 cannot be enforced: ip6tables-nft-save does not work/);
  });

  test('what Docker is seen to use is used, and said', async () => {
    bailiff = new Remote(host);
    for (const variant of ['nft', 'legacy']) await host.must(`iptables-${variant}`, '-w', '-N', 'DOCKER');
    const both = await bailiff.call<Chosen>('choose', 'auto', 'iptables');
    assert.equal(both.backend, 'iptables');
    assert.match(
      both.detail,
      /Docker's rules are in iptables-nft and iptables-legacy, its engine says iptables/,
    );
    await host.must('nft', 'add table ip docker-bridges');
    const nftables = await bailiff.call<Chosen>('choose', 'auto', 'nftables');
    assert.equal(nftables.backend, 'nftables');
  });

  test('without the REJECT of iptables, what should be rejected is dropped, and that is said', async () => {
    const find = 'find /usr/lib -name "libip*t_REJECT.so" -print';
    const hidden = mounted(`for each in $(${find}); do mount --bind /dev/null $each; done`);
    bailiff = new Remote(host, hidden);
    await bailiff.call('policies', ['reject', 'drop 80/tcp']);
    await bailiff.call('start');
    const status = await bailiff.call<{ state: string; detail: string; remarks: string[] }>('status');
    assert.deepEqual([status.state, status.detail], ['enforcing', '']);
    assert.match(status.remarks.join(), /REJECT or LOG is not to be had here, so bans that reject drop/);
    const rules = await host.must('iptables-nft-save');
    assert.match(rules, /bailiff4-reject-[0-9a-f]+ src -j DROP/);
    assert.match(rules, /--dports 80 .*-j DROP/);
  });

  test('a table that the kernel lacks makes the other no simpler, and is said to be missing', async () => {
    const line = [
      'mount -t tmpfs none /mnt',
      'cp -a /usr/sbin/. /mnt/',
      ...['iptables', 'ip6tables'].flatMap((name) => [
        `rm /mnt/${name}-nft-restore`,
        // The restore of a kernel without the table raw.
        `printf '%s\\n' '#!/bin/sh' 'text=$(cat)' 'case "$text" in "*raw"*) echo "can not initialize raw" >&2; exit 1;; esac' 'printf "%s\\n" "$text" | /mnt/xtables-nft-multi ${name}-restore "$@"' >/mnt/${name}-nft-restore`,
        `chmod 755 /mnt/${name}-nft-restore`,
      ]),
      'mount --bind /mnt /usr/sbin',
    ];
    bailiff = new Remote(host, mounted(line.join(' && ')));
    await bailiff.call('policies', ['reject 80/tcp']);
    await bailiff.call('start');
    const status = await bailiff.call<{ state: string; remarks: string[]; hooks: Hook[] }>('status');
    assert.deepEqual(
      status.hooks.map(({ name, family, ok }) => `${family} ${name} ${ok}`),
      [4, 6].flatMap((family) => [
        `${family} INPUT true`,
        `${family} FORWARD > DOCKER-USER true`,
        `${family} raw/PREROUTING false`,
      ]),
    );
    assert.deepEqual(status.remarks, []);
    assert.match(
      await host.must('iptables-nft-save'),
      /--ctorigdstport 80 .*-j REJECT --reject-with tcp-reset/,
    );
  });

  test('a lock that somebody holds makes no rule simpler', async (t) => {
    await host.must('iptables-legacy', '-w', '-N', 'DOCKER');
    // Not the machine's: other tests wait for that.
    const lock = path.join(tmpdir(), `bailiff-xtables-${process.pid}.lock`);
    t.after(() => rmSync(lock, { force: true }));
    bailiff = new Remote(host, [`XTABLES_LOCKFILE=${lock}`]);
    await bailiff.call('policies', ['reject 80/tcp']);
    await bailiff.call('start');
    await host.must('iptables-legacy', '-w', '-F', 'BAILIFF');
    const holder = execa('flock', [lock, 'sleep', '8'], { reject: false });
    await bailiff.call('reconcile');
    await holder;
    await bailiff.call('reconcile');
    const { remarks, state } = await bailiff.call<{ remarks: string[]; state: string }>('status');
    assert.deepEqual([remarks, state], [[], 'enforcing']);
    assert.match(
      await host.must('iptables-legacy-save'),
      /--ctorigdstport 80 .*-j REJECT --reject-with tcp-reset/,
    );
  });

  test('left-overs that somebody’s rule holds stop nothing, and are said', async () => {
    await host.must('iptables-nft', '-w', '-N', 'DOCKER');
    await host.must('iptables-legacy', '-w', '-N', 'BAILIFF');
    await host.must('iptables-legacy', '-w', '-A', 'INPUT', '-p', 'tcp', '-j', 'BAILIFF');
    bailiff = new Remote(host);
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7'], 600);
    const { remarks, state } = await bailiff.call<{ remarks: string[]; state: string }>('status');
    assert.equal(state, 'enforcing');
    assert.match(remarks.join(), /our rules could not be taken away/);
    assert.match(await host.must('ipset', 'save', 'bailiff4'), /203\.0\.113\.7/);
  });

  test('without ports, bans shut all of them', async () => {
    const find = 'find /usr/lib -name "libxt_multiport.so" -print';
    bailiff = new Remote(host, mounted(`for each in $(${find}); do mount --bind /dev/null $each; done`));
    await bailiff.call('policies', ['drop 80/tcp']);
    await bailiff.call('start');
    const status = await bailiff.call<{ state: string; remarks: string[] }>('status');
    assert.equal(status.state, 'enforcing');
    assert.match(status.remarks.join(), /ports cannot be told apart here, so bans shut all ports/);
  });

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
    await bailiff.call('end');
    await bailiff.call('removeAll');
    assert.equal((await host.must('ipset', 'list', '-n')).trim(), '');
  });
});

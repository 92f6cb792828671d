import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Element, Hook } from '../../src/enforce/backend.ts';
import { proofAddress } from '../../src/enforce/proof.ts';
import { Remote } from './enforce-remote.ts';
import { destroySets, Namespace } from './namespace.ts';

describe('the kernel sets', () => {
  let host: Namespace;
  let bailiff: Remote;

  beforeEach(async () => {
    host = await Namespace.create();
    bailiff = new Remote(host);
  });

  afterEach(async () => {
    await bailiff.end();
    await host.remove();
  });

  async function entries(set: string): Promise<number> {
    const header = await host.must('ipset', 'list', set, '-t');
    return Number(/^Number of entries: (\d+)$/m.exec(header)?.[1]);
  }

  test('a ban stands in the set with its remaining time', async () => {
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7', '2001:db8:1:2::/64'], 600);
    assert.match(await host.must('ipset', 'list', 'bailiff4'), /^203\.0\.113\.7 timeout (600|59\d) /m);
    assert.match(await host.must('ipset', 'list', 'bailiff6'), /^2001:db8:1:2::\/64 timeout (600|59\d) /m);
    assert.equal((await bailiff.call<{ state: string }>('status')).state, 'enforcing');
  });

  test('what stands in the sets when Bailiff starts stays, is refreshed, or goes', async () => {
    await bailiff.call('install');
    const now = ['203.0.113.1', '203.0.113.2'].map((address) => ({ kind: 'add', address, remaining: 60 }));
    await bailiff.call('apply', now);
    await bailiff.call('install');
    assert.equal(await entries('bailiff4'), 2);
    await bailiff.call('ban', ['203.0.113.1'], null).catch(() => undefined);
    await bailiff.call('start');
    const elements = await bailiff.call<Element[]>('list');
    assert.deepEqual(
      elements.map(({ address }) => address),
      ['203.0.113.1'],
    );
    assert.ok(Number(elements[0]?.remaining) > 2_000_000);
  });

  for (const [kind, ...options] of [
    ['of another type', 'hash:ip', 'timeout', '0'],
    ['of the other family', 'hash:net', 'family', 'inet6', 'timeout', '0'],
    ['without timeouts', 'hash:net', 'counters'],
    ['without counters', 'hash:net', 'timeout', '0', 'maxelem', '1048576'],
    ['that is too small', 'hash:net', 'timeout', '0', 'maxelem', '100'],
  ] as const) {
    test(`a set with our name ${kind} is replaced, under rules that use it`, async () => {
      await host.must('ipset', 'create', 'bailiff4', ...options);
      await host.must('iptables', '-N', 'BAILIFF');
      await host.run(
        'iptables',
        '-A',
        'BAILIFF',
        '-m',
        'set',
        '--match-set',
        'bailiff4',
        'src',
        '-j',
        'DROP',
      );
      await bailiff.call('start');
      await bailiff.call('ban', ['203.0.113.7'], 600);
      assert.match(
        await host.must('ipset', 'list', 'bailiff4'),
        /^Type: hash:net\n.*\nHeader: family inet .*maxelem 1048576.*timeout 0 counters/m,
      );
      const hooks = await bailiff.call<Hook[]>('install');
      assert.ok(hooks.every(({ ok }) => ok));
    });
  }

  test('a set that is too small is replaced with its elements, so nobody gets in meanwhile', async () => {
    await host.must('ipset', 'create', 'bailiff4', 'hash:net', 'timeout', '0', 'maxelem', '100');
    await host.must('ipset', 'add', 'bailiff4', '203.0.113.7', 'timeout', '600');
    await bailiff.call('install');
    assert.match(await host.must('ipset', 'save', 'bailiff4'), /maxelem 1048576/);
    assert.deepEqual(
      (await bailiff.call<Element[]>('list')).map(({ address }) => address),
      ['203.0.113.7'],
    );
    assert.equal((await host.must('ipset', 'list', '-n')).trim(), 'bailiff4\nbailiff6');
  });

  test('elements that are not ours go, also such as we would never write', async () => {
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7', '198.51.100.0/24'], 600);
    for (const foreign of [
      ['192.0.2.1'],
      ['192.0.2.64/26', 'nomatch'],
      ['192.0.2.2', 'timeout', '5000'],
      ['198.51.100.9', 'nomatch'],
    ]) {
      await host.must('ipset', 'add', 'bailiff4', ...foreign);
    }
    await host.must('ipset', 'del', 'bailiff4', '198.51.100.0/24');
    await host.must('ipset', 'add', 'bailiff4', '198.51.100.0/24', 'nomatch');
    await bailiff.call('reconcile');
    const saved = await host.must('ipset', 'save', 'bailiff4');
    const lines = saved.split('\n').filter((line) => line.startsWith('add'));
    assert.deepEqual(lines.map((line) => line.replace(/timeout \d+/, 'timeout N')).sort(), [
      'add bailiff4 198.51.100.0/24 timeout N packets 0 bytes 0',
      'add bailiff4 203.0.113.7 timeout N packets 0 bytes 0',
    ]);
    await bailiff.call('events');
    await bailiff.call('reconcile');
    assert.deepEqual(await bailiff.call('events'), [], 'a second look finds nothing to do');
  });

  test('20,000 bans at once', async (context) => {
    await bailiff.call('start');
    const addresses = Array.from({ length: 20_000 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
    const started = performance.now();
    await bailiff.call('ban', addresses, 600);
    const took = performance.now() - started;
    context.diagnostic(`20,000 bans acknowledged in ${took.toFixed(0)} ms`);
    assert.equal(await entries('bailiff4'), 20_000);
    await bailiff.call('unban', addresses);
    assert.equal(await entries('bailiff4'), 0);
  });

  test('one ban after another: how long the kernel takes', async (context) => {
    await bailiff.call('start');
    const took: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      const started = performance.now();
      await bailiff.call('ban', [`10.8.0.${index}`], 600);
      took.push(performance.now() - started);
    }
    took.sort((a, b) => a - b);
    context.diagnostic(
      `median ${took[100]?.toFixed(2)} ms, p99 ${took[198]?.toFixed(2)} ms (with the test's pipe)`,
    );
    assert.equal(await entries('bailiff4'), 200);
  });

  test('single bans beside 100,000 others and reconciliations without a pause', async (context) => {
    await bailiff.call('start');
    const standing = Array.from(
      { length: 100_000 },
      (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    );
    await bailiff.call('ban', standing, 3_600);
    await bailiff.call('events');
    const singles = Array.from({ length: 300 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
    const took = await bailiff.call<{ bans: number[]; reconciliations: number[] }>(
      'banBeside',
      singles,
      3_600,
    );
    const sorted = took.bans.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1);
    context.diagnostic(
      `300 bans: median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms, ` +
        `${sorted.filter((ms) => ms > 50).length} over 50 ms; beside ${took.reconciliations.length} ` +
        `reconciliations of up to ${Math.max(...took.reconciliations).toFixed(0)} ms`,
    );
    assert.equal(await entries('bailiff4'), 100_300);
    const events = await bailiff.call<string[]>('events');
    assert.deepEqual(
      events.filter((event) => !event.startsWith('applied')),
      [],
      'reconciling found nothing to put right, though bans were made beside it',
    );
  });

  test('a set that is full is made larger under its rules, and "Hash is full" is never the end', async () => {
    const small = new Remote(host, ['CAPACITY=100']);
    try {
      await small.call('start');
      const addresses = Array.from({ length: 2_000 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
      await small.call('ban', addresses.slice(0, 90), 600);
      await small.call('ban', addresses, 600);
      assert.equal(await entries('bailiff4'), 2_000);
      assert.match(await host.must('ipset', 'list', '-t', 'bailiff4'), /maxelem 6400/);
      assert.equal((await host.must('ipset', 'list', '-n')).trim(), 'bailiff4\nbailiff6');
      const events = await small.call<string[]>('events');
      assert.ok(!events.some((event) => event.startsWith('failed')), events.join());
      await small.call('reconcile');
      assert.deepEqual(await small.call('events'), [], 'the larger set is right, and stays');
      const { remarks } = await small.call<{ remarks: string[] }>('status');
      assert.deepEqual(remarks, ['the set bailiff4 was full and takes 6400 bans now']);
    } finally {
      await small.end();
    }
  });

  test('a set taken away between two looks spoils no later one', async () => {
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7'], 600);
    for (const iptables of ['iptables', 'ip6tables']) {
      await host.must(iptables, '-F', 'BAILIFF');
      await host.must(iptables, '-t', 'raw', '-F', 'BAILIFF');
    }
    await destroySets(host);
    await assert.rejects(bailiff.call('list'), /does not exist/);
    await bailiff.call('reconcile');
    assert.deepEqual(
      // Beside it the proof's address may stand, since the rules have just been made anew.
      (await bailiff.call<Element[]>('list'))
        .map(({ address }) => address)
        .filter((each) => each !== proofAddress),
      ['203.0.113.7'],
    );
  });

  test('sets of policies that nobody wants any more go with the second look, and those of others stay', async () => {
    await host.must('ipset', 'create', 'somebodys', 'hash:net');
    await host.must('ipset', 'create', 'bailiff4-old-1a2b3c4d', 'hash:net', 'timeout', '0');
    await bailiff.call('policies', ['reject', 'drop 80/tcp']);
    await bailiff.call('start');
    await bailiff.call('ban', ['203.0.113.7'], 600, 'reject');
    assert.equal((await host.must('ipset', 'list', '-n')).trim().split('\n').length, 7);
    await bailiff.call('unban', ['203.0.113.7'], 'reject');
    await bailiff.call('policies', []);
    // One more look, so that nobody is let in who goes from one policy to another.
    await bailiff.call('reconcile');
    assert.equal((await host.must('ipset', 'list', '-n')).trim().split('\n').length, 7);
    await bailiff.call('reconcile');
    assert.deepEqual((await host.must('ipset', 'list', '-n')).trim().split('\n').sort(), [
      'bailiff4',
      'bailiff6',
      'somebodys',
    ]);
  });

  test('counts are those of both sets', async () => {
    await bailiff.call('install');
    assert.equal(await bailiff.call('count'), 0);
    const changes = ['203.0.113.7', '2001:db8:1:2::/64', '2001:db8:1:3::/64'].map((address) => ({
      kind: 'add',
      address,
      remaining: 600,
    }));
    await bailiff.call('apply', changes);
    assert.equal(await bailiff.call('count'), 3);
  });

  test('a killed child is replaced, and no ban is lost', async () => {
    await bailiff.call('start');
    const first = await bailiff.call<number>('childPid');
    process.kill(first, 'SIGKILL');
    await bailiff.call('ban', ['203.0.113.7'], 600);
    const addresses = Array.from({ length: 20_000 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
    const second = await bailiff.call<number>('childPid');
    assert.notEqual(second, first);
    const banned = bailiff.call('ban', addresses, 600);
    // In the middle of the batch, wherever that is by now.
    process.kill(second, 'SIGKILL');
    await banned;
    assert.equal(await entries('bailiff4'), 20_001);
    assert.equal((await bailiff.call<{ state: string }>('status')).state, 'enforcing');
  });

  test('only addresses reach ipset', async () => {
    await bailiff.call('install');
    for (const address of [
      'localhost',
      '203.0.113.9\nflush bailiff4',
      '203.0.113.0-203.0.113.9',
      '0.0.0.0/0',
      '',
    ]) {
      const changes = [
        { kind: 'add', address, remaining: 600 },
        { kind: 'add', address: '203.0.113.7', remaining: 600 },
      ];
      await assert.rejects(bailiff.call('apply', changes), /address-invalid/);
    }
    const elements = await bailiff.call<Element[]>('list');
    assert.deepEqual(
      elements.map(({ address }) => address),
      ['203.0.113.7'],
    );
  });

  test('without Docker the chains are ours, and all of it goes again', async () => {
    const rules = async () =>
      (await host.must('iptables-nft-save')).split('\n').filter((line) => /^(-|:\S+ - )/.test(line));
    assert.deepEqual(await rules(), []);
    await bailiff.call('start');
    assert.ok((await rules()).includes('-A FORWARD -j DOCKER-USER'));
    await bailiff.call('ban', ['203.0.113.7'], 600);
    await bailiff.call('end');
    await bailiff.call('removeAll');
    assert.deepEqual(await rules(), []);
    assert.equal((await host.must('ipset', 'list', '-n')).trim(), '');
  });

  test('beside Podman, which knows no DOCKER-USER, it is made and kept first', async () => {
    await host.must('iptables', '-N', 'NETAVARK_FORWARD');
    await host.must('iptables', '-A', 'NETAVARK_FORWARD', '-j', 'ACCEPT');
    await host.must('iptables', '-I', 'FORWARD', '-j', 'NETAVARK_FORWARD');
    await bailiff.call('start');
    const forward = (await host.must('iptables-save'))
      .split('\n')
      .filter((line) => line.startsWith('-A FORWARD'));
    assert.deepEqual(forward, ['-A FORWARD -j DOCKER-USER', '-A FORWARD -j NETAVARK_FORWARD']);
    await bailiff.call('end');
    await bailiff.call('removeAll');
    assert.doesNotMatch(await host.must('iptables-save'), /DOCKER-USER|BAILIFF/);
  });

  test('where both variants hold chains of Docker, both get the rules', async () => {
    for (const variant of ['nft', 'legacy']) await host.must(`iptables-${variant}`, '-w', '-N', 'DOCKER');
    const hooks = await bailiff.call<Hook[]>('install');
    assert.equal(hooks.length, 6);
    assert.ok(hooks.every(({ ok }) => ok));
    for (const variant of ['nft', 'legacy']) {
      for (const iptables of ['iptables', 'ip6tables']) {
        const rules = await host.must(`${iptables}-${variant}-save`);
        assert.ok(rules.includes('-A PREROUTING -j BAILIFF') && rules.includes('-A INPUT -j BAILIFF'));
      }
    }
    await bailiff.call('uninstall');
    for (const variant of ['nft', 'legacy']) {
      assert.ok(!(await host.must(`iptables-${variant}-save`)).includes('BAILIFF'));
    }
  });
});

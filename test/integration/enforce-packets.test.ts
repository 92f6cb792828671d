import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Element, Hook, Taken, Untold } from '../../src/enforce/backend.ts';
import { Remote } from './enforce-remote.ts';
import { cable, destroySets, knockOn, Namespace, talkTo } from './namespace.ts';

/** ms of silence that count as dropped, and ms to wait where an answer is expected: a busy machine fails no test. */
const silence = 1_500;
const patience = 20_000;

/** Lines of iptables-save that are rules or chains of somebody; base chains without rules are nobody's. */
async function rulesOf(host: Namespace, program: string): Promise<string[]> {
  const lines = (await host.must(program)).split('\n');
  return lines.filter((line) => line.startsWith('-') || /^:[^ ]+ - /.test(line));
}

// Each variant has namespaces of its own; most of the time is spent on waiting for packets that do not come.
describe('packets', { concurrency: true }, () => {
  for (const variant of ['nft', 'legacy'] as const) {
    describe(`iptables-${variant}`, { concurrency: false }, () => {
      let host: Namespace;
      let attacker: Namespace;
      let service: Namespace;
      let bailiff: Remote;
      let listener: Remote;
      let hostPort = 0;
      let servicePort = 0;

      before(async () => {
        [host, attacker, service] = await Promise.all([
          Namespace.create(),
          Namespace.create(),
          Namespace.create(),
        ]);
        await cable(host, attacker, 'out', {
          near: ['198.18.7.1/24', 'fd00:7::1/64'],
          far: ['198.18.7.2/24', '198.18.7.3/24', 'fd00:7::2/64', 'fd00:7::3/64'],
        });
        await cable(host, service, 'in', {
          near: ['198.18.8.1/24', 'fd00:8::1/64'],
          far: ['198.18.8.2/24', 'fd00:8::2/64'],
        });
        for (const each of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']) {
          await host.must('sysctl', '-qw', each);
        }
        for (const [end, four, six] of [
          [attacker, '198.18.7.1', 'fd00:7::1'],
          [service, '198.18.8.1', 'fd00:8::1'],
        ] as const) {
          await end.must('ip', 'route', 'add', 'default', 'via', four);
          await end.must('ip', '-6', 'route', 'add', 'default', 'via', six);
        }
        // Where Docker's chains are, ours must be.
        await host.must(`iptables-${variant}`, '-w', '-N', 'DOCKER');
        for (const iptables of [`iptables-${variant}`, `ip6tables-${variant}`]) {
          await host.must(iptables, '-w', '-N', 'DOCKER-USER');
          await host.must(iptables, '-w', '-A', 'DOCKER-USER', '-p', 'tcp', '--dport', '9', '-j', 'DROP');
          await host.must(iptables, '-w', '-A', 'FORWARD', '-j', 'DOCKER-USER');
          await host.must(iptables, '-w', '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT');
        }
        bailiff = new Remote(host);
        listener = new Remote(service);
        [hostPort, servicePort] = await Promise.all([
          bailiff.call<number>('listen'),
          listener.call<number>('listen'),
        ]);
      });

      after(async () => {
        await Promise.all([bailiff?.end(), listener?.end()]);
        await Promise.all([host, attacker, service].map((each) => each?.remove()));
      });

      test('the rules go where Docker is, and read back right', async () => {
        const hooks = await bailiff.call<Hook[]>('install');
        assert.deepEqual(
          hooks.map(({ name, family, ok }) => `${family} ${name} ${ok}`),
          [4, 6].flatMap((family) =>
            ['INPUT', 'FORWARD > DOCKER-USER', 'raw/PREROUTING'].map((name) => `${family} ${name} true`),
          ),
        );
        const other = variant === 'nft' ? '/proc/net/ip_tables_names' : null;
        if (other === null) assert.deepEqual(await rulesOf(host, 'iptables-nft-save'), []);
        else assert.equal((await host.must('cat', other)).trim(), '', 'legacy tables were loaded by a look');
        const again = await bailiff.call<Hook[]>('install');
        assert.ok(again.every(({ ok, repaired }) => ok && repaired === undefined));
      });

      /** Asserts which ways an address of the attacker finds open: `host`, `published` or both. */
      async function opens(source: string, ...expected: string[]): Promise<void> {
        const six = source.includes(':');
        const ways = [
          ['host', six ? 'fd00:7::1' : '198.18.7.1', hostPort],
          ['published', six ? 'fd00:8::2' : '198.18.8.2', servicePort],
        ] as const;
        const found = await Promise.all(
          ways.map(async ([name, target, port]) => {
            const wait = expected.includes(name) ? patience : silence;
            return [name, await knockOn(attacker, source, target, port, wait)];
          }),
        );
        const wanted = ways.map(([name]) => [name, expected.includes(name) ? 'open' : 'dropped']);
        assert.deepEqual(found, wanted, `the ways of ${source}`);
      }

      for (const [banned, neighbour] of [
        ['198.18.7.2', '198.18.7.3'],
        ['fd00:7::2', 'fd00:7::3'],
      ] as const) {
        test(`packets of ${banned} are dropped while it is banned, its neighbour's are not`, async () => {
          await bailiff.call('start');
          await opens(banned, 'host', 'published');
          await bailiff.call('ban', [banned], 600);
          await opens(banned);
          await opens(neighbour, 'host', 'published');
          await bailiff.call('unban', [banned]);
          await opens(banned, 'host', 'published');
        });

        test(`INPUT and DOCKER-USER drop ${banned} also without raw/PREROUTING`, async () => {
          await bailiff.call('ban', [banned], 600);
          const iptables = `${banned.includes(':') ? 'ip6tables' : 'iptables'}-${variant}`;
          await host.must(iptables, '-w', '-t', 'raw', '-F', 'PREROUTING');
          await opens(banned);
          await host.must(iptables, '-w', '-D', 'INPUT', '-j', 'BAILIFF');
          await opens(banned, 'host');
          await host.must(iptables, '-w', '-D', 'DOCKER-USER', '-j', 'BAILIFF');
          await opens(banned, 'host', 'published');
          await bailiff.call('reconcile');
          await opens(banned);
          await bailiff.call('unban', [banned]);
        });
      }

      for (const [banned, neighbour, target] of [
        ['198.18.7.2', '198.18.7.3', '198.18.7.1'],
        ['fd00:7::2', 'fd00:7::3', 'fd00:7::1'],
      ] as const) {
        test(`what was dropped of ${banned} is counted, by its ban alone, and not forgotten when that is renewed`, async () => {
          const port = await bailiff.call<number>('listenUdp');
          await bailiff.call('ban', [banned], 600);
          const talks = (source: string) => talkTo(attacker, source, target, port, () => setTimeout(100));
          const { sent, heard } = await talks(banned);
          assert.equal(heard, 0);
          const taken = async (...args: unknown[]) =>
            (await bailiff.call<(Taken | null)[]>('taken', ...args))[0] ?? null;
          const first = await taken([banned]);
          // An address that is resolved first, or a packet of the kernel's own, counts as well.
          assert.ok(
            first !== null && first.packets >= sent && first.packets < sent + 20,
            `${first?.packets}`,
          );
          assert.ok(first.bytes >= sent * 29);
          await bailiff.call('ban', [banned], 700);
          assert.ok(((await taken([banned]))?.packets ?? 0) >= sent, 'a new time keeps the count');
          assert.ok((await talks(neighbour)).heard > 0);
          assert.equal(await taken([neighbour]), null);
          assert.equal(await taken([banned], 'reject'), null);
          await bailiff.call('unban', [banned]);
          assert.equal(await taken([banned]), null);
          await bailiff.call('ban', [banned], 600);
          assert.ok(((await taken([banned]))?.packets ?? sent) < sent, 'a new ban counts anew');
          await bailiff.call('unban', [banned]);
        });
      }

      test('sets of a version that did not count make way under a flood, and no packet comes through', async () => {
        const many = Array.from({ length: 6_000 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
        const port = await bailiff.call<number>('listenUdp');
        await bailiff.call('ban', [...many, '198.18.7.2'], 600);
        const old = `ipset save bailiff4 | sed 's/ bailiff4 / old /; s/ counters//; s/ packets .*//' | ipset restore`;
        await host.must('sh', '-c', `${old} && ipset swap old bailiff4 && ipset destroy old`);
        assert.doesNotMatch(await host.must('ipset', 'list', '-t', 'bailiff4'), /counters/);
        assert.deepEqual(await bailiff.call('taken', ['198.18.7.2']), [null]);
        await bailiff.call('events');
        const { sent, heard } = await talkTo(attacker, '198.18.7.2', '198.18.7.1', port, async () => {
          await setTimeout(100);
          await bailiff.call('install');
          await setTimeout(100);
        });
        assert.ok(sent > 100, `${sent} sent`);
        assert.equal(heard, 0);
        assert.match(await host.must('ipset', 'list', '-t', 'bailiff4'), /counters/);
        const [taken] = await bailiff.call<(Taken | null)[]>('taken', ['198.18.7.2']);
        assert.ok(taken !== null && taken !== undefined && taken.packets > 0 && taken.packets < sent);
        const report = await bailiff.call<{ adds: number; deletes: number }>('reconcile');
        assert.deepEqual([report.adds, report.deletes], [0, 0], 'nothing was lost on the way');
        await bailiff.call('unban', [...many, '198.18.7.2']);
      });

      test('flushed rules and destroyed sets come back, with the bans', async () => {
        await bailiff.call('ban', ['198.18.7.2', 'fd00:7::2'], 600);
        for (const iptables of [`iptables-${variant}`, `ip6tables-${variant}`]) {
          for (const table of ['filter', 'raw']) {
            await host.must(iptables, '-w', '-t', table, '-F');
            await host.must(iptables, '-w', '-t', table, '-X');
          }
          // Somebody's own rule, which must not come before ours and must stay.
          await host.must(iptables, '-w', '-I', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
        }
        // Docker's own are made anew by Docker.
        await host.must(`iptables-${variant}`, '-w', '-N', 'DOCKER');
        await destroySets(host);
        await bailiff.call('events');
        const report = await bailiff.call<{ adds: number; hooks: Hook[] }>('reconcile');
        assert.equal(report.adds, 2);
        assert.ok(report.hooks.every(({ ok }) => ok));
        const events = await bailiff.call<string[]>('events');
        assert.ok(
          events.some((event) => event.startsWith('repaired rules: INPUT (IPv4)')),
          events.join('\n'),
        );
        assert.ok(events.includes('repaired elements: 2 put right, 0 removed'), events.join('\n'));
        await opens('198.18.7.2');
        await opens('fd00:7::2');
        const input = (await rulesOf(host, `iptables-${variant}-save`)).filter((rule) =>
          rule.includes('INPUT'),
        );
        assert.deepEqual(input, ['-A INPUT -j BAILIFF', '-A INPUT -p tcp -j ACCEPT']);
        await bailiff.call('unban', ['198.18.7.2', 'fd00:7::2']);
      });

      test('jumps pushed from the first place go back to it, others keep theirs', async () => {
        const iptables = `iptables-${variant}`;
        await host.must(iptables, '-w', '-I', 'DOCKER-USER', '-s', '203.0.113.9', '-j', 'RETURN');
        await host.must(iptables, '-w', '-A', 'DOCKER-USER', '-j', 'BAILIFF');
        await host.must(iptables, '-w', '-I', 'FORWARD', '-p', 'udp', '-j', 'ACCEPT');
        await bailiff.call('reconcile');
        const rules = await rulesOf(host, `${iptables}-save`);
        assert.deepEqual(
          rules.filter((rule) => rule.startsWith('-A DOCKER-USER')),
          ['-A DOCKER-USER -j BAILIFF', '-A DOCKER-USER -s 203.0.113.9/32 -j RETURN'],
        );
        assert.deepEqual(
          rules.filter((rule) => rule.startsWith('-A FORWARD')),
          ['-A FORWARD -j DOCKER-USER', '-A FORWARD -p udp -j ACCEPT'],
        );
      });

      test('the address that must never be banned never reaches the kernel', async () => {
        await bailiff.call('events');
        await bailiff.call('ban', ['198.18.99.99'], 600);
        assert.ok((await bailiff.call<string[]>('events')).includes('refused 198.18.99.99 own address'));
        await bailiff.call('reconcile');
        const elements = await bailiff.call<Element[]>('list');
        assert.ok(elements.every(({ address }) => address !== '198.18.99.99'));
      });

      test('uninstall takes ours and leaves what is others', async () => {
        await bailiff.call('uninstall');
        assert.deepEqual(await rulesOf(host, `iptables-${variant}-save`), [
          ':DOCKER - [0:0]',
          ':DOCKER-USER - [0:0]',
          '-A INPUT -p tcp -j ACCEPT',
          '-A FORWARD -j DOCKER-USER',
          '-A FORWARD -p udp -j ACCEPT',
          '-A DOCKER-USER -s 203.0.113.9/32 -j RETURN',
        ]);
        // Here nobody used the DOCKER-USER that we had made, so it went.
        assert.deepEqual(await rulesOf(host, `ip6tables-${variant}-save`), ['-A INPUT -p tcp -j ACCEPT']);
        assert.equal((await host.must('ipset', 'list', '-n')).trim(), '');
      });
    });
  }

  describe('nftables', { concurrency: false }, () => {
    let host: Namespace;
    let attacker: Namespace;
    let bailiff: Remote;
    let port = 0;

    before(async () => {
      [host, attacker] = await Promise.all([Namespace.create(), Namespace.create()]);
      await cable(host, attacker, 'out', {
        near: ['198.18.7.1/24', 'fd00:7::1/64'],
        far: [
          ...[2, 3, 4, 5].map((n) => `198.18.7.${n}/24`),
          'fd00:7::9/64',
          ...['2::1', '2::2', '3::1'].map((end) => `fd00:7:0:${end}/128`),
        ],
      });
      await host.must('ip', '-6', 'route', 'add', 'fd00:7:0:2::/63', 'via', 'fd00:7::9');
      bailiff = new Remote(host, ['BACKEND=nftables', 'CAPACITY=2']);
      port = await bailiff.call<number>('listenUdp');
      await bailiff.call('policies', ['reject', 'log', `drop ${port}/udp`, 'drop 9/udp']);
      await bailiff.call('start');
      // Neighbours that know each other by then: who is banned is not told where the host is.
      await talkTo(attacker, 'fd00:7:0:2::1', 'fd00:7::1', port, () => setTimeout(100));
    });

    after(async () => {
      await bailiff?.end();
      await Promise.all([host, attacker].map((each) => each?.remove()));
    });

    const targets = { 4: '198.18.7.1', 6: 'fd00:7::1' } as const;
    const talks = (source: string, meanwhile: () => Promise<unknown> = () => setTimeout(100)) =>
      talkTo(attacker, source, targets[source.includes(':') ? 6 : 4], port, meanwhile);
    const taken = async (...args: unknown[]) =>
      (await bailiff.call<(Taken | Untold | null)[]>('taken', ...args))[0] ?? null;

    /** Asserts that so many packets were counted, or few more: the kernel's own count as well. */
    function assertCounted(answer: Taken | Untold | null, sent: number): void {
      assert.ok(answer !== null && 'packets' in answer, JSON.stringify(answer));
      assert.ok(answer.packets >= sent && answer.packets < sent + 20, `${answer.packets} of ${sent}`);
      assert.ok(answer.bytes >= sent * 29);
    }

    for (const [banned, sources, neighbour] of [
      ['198.18.7.2', ['198.18.7.2'], '198.18.7.3'],
      ['198.18.7.2/31', ['198.18.7.2', '198.18.7.3'], '198.18.7.4'],
      ['fd00:7:0:2::/64', ['fd00:7:0:2::1', 'fd00:7:0:2::2'], 'fd00:7:0:3::1'],
    ] as const) {
      for (const policy of ['drop', 'reject']) {
        test(`what ${policy} takes of ${banned} is counted, by its ban alone, and not forgotten when that is renewed`, async () => {
          await bailiff.call('ban', [banned], 600, policy);
          assert.deepEqual(await taken([banned], policy), { packets: 0, bytes: 0 });
          let sent = 0;
          for (const source of sources) {
            const talked = await talks(source);
            assert.equal(talked.heard, 0);
            sent += talked.sent;
          }
          assertCounted(await taken([banned], policy), sent);
          await bailiff.call('ban', [banned], 700, policy);
          await bailiff.call('reconcile');
          assertCounted(await taken([banned], policy), sent);
          assert.ok((await talks(neighbour)).heard > 0);
          assert.equal(await taken([neighbour], policy), null);
          assert.equal(await taken([banned], 'drop 9/udp'), null);
          await bailiff.call('unban', [banned], policy);
          assert.equal(await taken([banned], policy), null);
          assert.ok((await talks(sources[0])).heard > 0);
          await bailiff.call('ban', [banned], 600, policy);
          assert.deepEqual(await taken([banned], policy), { packets: 0, bytes: 0 }, 'a new ban counts anew');
          await bailiff.call('unban', [banned], policy);
        });
      }
    }

    test('what comes to other ports, or is only logged, is not counted', async () => {
      for (const policy of ['drop 9/udp', 'log']) await bailiff.call('ban', ['198.18.7.2'], 600, policy);
      const { heard } = await talks('198.18.7.2');
      assert.ok(heard > 0);
      assert.deepEqual(await taken(['198.18.7.2'], 'drop 9/udp'), { packets: 0, bytes: 0 });
      assert.equal(await taken(['198.18.7.2'], 'log'), null);
      for (const policy of ['drop 9/udp', 'log']) await bailiff.call('unban', ['198.18.7.2'], policy);
      const shut = `drop ${port}/udp`;
      await bailiff.call('ban', ['198.18.7.2'], 600, shut);
      const talked = await talks('198.18.7.2');
      assert.equal(talked.heard, 0);
      assertCounted(await taken(['198.18.7.2'], shut), talked.sent);
      await bailiff.call('unban', ['198.18.7.2'], shut);
    });

    test('a count outlives rules that are made anew, and is not shown for a later ban than its own', async () => {
      await bailiff.call('ban', ['198.18.7.2'], 600);
      const { sent } = await talks('198.18.7.2');
      await host.must('nft', 'flush', 'chain', 'inet', 'bailiff', 'took_ban4_32');
      const hooks = await bailiff.call<Hook[]>('install');
      assert.ok(hooks.every(({ ok, repaired }) => ok && repaired === 'made'));
      assertCounted(await taken(['198.18.7.2']), sent);
      const later = Date.now() / 1000 + 5;
      assert.match(((await taken(['198.18.7.2'], 'drop', later)) as Untold).untold, /an earlier ban/);
      const long = Date.now() / 1000 - 31 * 86_400;
      assert.match(((await taken(['198.18.7.2'], 'drop', long)) as Untold).untold, /30 days/);
      await bailiff.call('unban', ['198.18.7.2']);
    });

    test('a set that is full drops all the same, says that it does not know, and lets go of bans that end', async () => {
      const all = [2, 3, 4].map((n) => `198.18.7.${n}`);
      await bailiff.call('ban', all, 600);
      for (const source of all) assert.equal((await talks(source)).heard, 0, source);
      assert.equal(
        (await host.must('nft', 'list', 'set', 'inet', 'bailiff', 'took_ban4_32')).match(/counter/g)?.length,
        2,
      );
      for (const address of all) {
        assert.match(((await taken([address])) as Untold).untold, /more addresses were dropped at a time/);
      }
      await bailiff.call('unban', all);
      for (const source of all) assert.ok((await talks(source)).heard > 0, source);
      await bailiff.call('ban', all.slice(0, 1), 600);
      assertCounted(await taken(all), 0);
      const { sent } = await talks('198.18.7.2');
      assertCounted(await taken(all), sent);
      await bailiff.call('unban', all);
    });

    test('a table of a version that did not count makes way under a flood, and no packet comes through', async () => {
      await bailiff.call('ban', ['198.18.7.2'], 600);
      const { sent, heard } = await talks('198.18.7.2', async () => {
        await setTimeout(100);
        const table = ['list', 'table', 'inet', 'bailiff'];
        await host.must('nft', uncounting(await host.must('nft', ...table)));
        assert.doesNotMatch(await host.must('nft', ...table), /took/);
        await setTimeout(100);
        const hooks = await bailiff.call<Hook[]>('install');
        assert.ok(hooks.every(({ ok }) => ok));
        await setTimeout(100);
      });
      assert.ok(sent > 100, `${sent} sent`);
      assert.equal(heard, 0);
      const answer = (await taken(['198.18.7.2'])) as Taken;
      assert.ok(answer.packets > 0 && answer.packets < sent, JSON.stringify(answer));
      const report = await bailiff.call<{ adds: number; deletes: number }>('reconcile');
      assert.deepEqual([report.adds, report.deletes], [0, 0], 'nothing was lost on the way');
    });

    test('uninstall takes all of it', async () => {
      await bailiff.call('uninstall');
      assert.equal((await host.must('nft', 'list', 'ruleset')).trim(), '');
    });
  });
});

/** What makes a table one of the version before packets were counted by address, as far as plain bans go. */
function uncounting(table: string): string {
  const named = (kind: string) =>
    [...table.matchAll(new RegExp(`${kind} (took_\\S+) `, 'g'))].map(([, name]) => name);
  const lines = [
    'flush chain inet bailiff prerouting',
    ...named('chain').flatMap((name) => [
      `flush chain inet bailiff ${name}`,
      `delete chain inet bailiff ${name}`,
    ]),
    ...named('set').map((name) => `delete set inet bailiff ${name}`),
    ...[4, 6].map((family) => `delete counter inet bailiff uncounted${family}`),
    'add rule inet bailiff prerouting ip saddr @ban4_32 counter name "dropped4" drop',
    'add rule inet bailiff prerouting ip6 saddr & ffff:ffff:ffff:ffff:: @ban6_64 counter name "dropped6" drop',
  ];
  return lines.join('; ');
}

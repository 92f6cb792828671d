import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Element, Hook, Taken } from '../../src/enforce/backend.ts';
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
});

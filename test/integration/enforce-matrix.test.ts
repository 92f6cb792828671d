import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Remote } from './enforce-remote.ts';
import { cable, Namespace } from './namespace.ts';

/** ms of silence that count as dropped, and ms to wait where an answer is expected: a busy machine fails no test. */
const silence = 1_200;
const patience = 20_000;

/** Ports as the client addresses them. 8443 and 5353 have another number inside. */
const ports = {
  host: 2222,
  published: 8080,
  renumbered: 8443,
  hostUdp: 2253,
  publishedUdp: 5353,
  nodePort: 30080,
} as const;
const inside = { published: 8080, renumbered: 443, publishedUdp: 53 } as const;
type Way = keyof typeof ports;
const allWays = Object.keys(ports) as Way[];

const addresses = {
  4: {
    host: '198.18.7.1',
    service: '198.18.8.2',
    banned: '198.18.7.2',
    neighbour: '198.18.7.3',
    range: '198.18.7.2/31',
    others: '198.18.7.4',
  },
  6: {
    host: 'fd00:7::1',
    service: 'fd00:8::2',
    banned: 'fd00:7:0:2::1',
    neighbour: 'fd00:7:0:3::1',
    range: 'fd00:7:0:2::/63',
    others: 'fd00:7:0:4::1',
  },
} as const;

/** Publishes the service's ports on the host, as Docker does: rewritten before routing. */
const publishing = {
  iptables: async (host: Namespace, program: string, service: string) => {
    for (const way of ['published', 'renumbered', 'publishedUdp'] as const) {
      const protocol = way === 'publishedUdp' ? 'udp' : 'tcp';
      const to = service.includes(':') ? `[${service}]` : service;
      const rule = [
        '-p',
        protocol,
        '--dport',
        `${ports[way]}`,
        '-j',
        'DNAT',
        '--to-destination',
        `${to}:${inside[way]}`,
      ];
      await host.must(program, '-w', '-t', 'nat', '-A', 'PREROUTING', ...rule);
    }
  },
  nftables: async (host: Namespace, family: 4 | 6, service: string) => {
    const ip = family === 4 ? 'ip' : 'ip6';
    const to = family === 4 ? service : `[${service}]`;
    const rules = (['published', 'renumbered', 'publishedUdp'] as const).map(
      (way) => `${way === 'publishedUdp' ? 'udp' : 'tcp'} dport ${ports[way]} dnat to ${to}:${inside[way]}`,
    );
    await host.must(
      'nft',
      `table ${ip} published { chain prerouting { type nat hook prerouting priority dstnat; ${rules.join('; ')}; }; }`,
    );
  },
};

/**
 * A Service of type NodePort as kube-proxy publishes it, each kind with its own chains: what comes is marked, rewritten before
 * routing and, as under `externalTrafficPolicy: Cluster`, gets the node's address on the way out. A Service of type LoadBalancer
 * enters the same chains.
 */
const kubeProxy = {
  iptables: async (host: Namespace, program: string, service: string) => {
    const endpoint = service.includes(':')
      ? `[${service}]:${inside.published}`
      : `${service}:${inside.published}`;
    const local = ['-m', 'addrtype', '--dst-type', 'LOCAL'];
    const rules = [
      ['KUBE-SERVICES', ...local, '-j', 'KUBE-NODEPORTS'],
      ['KUBE-NODEPORTS', '-p', 'tcp', '--dport', `${ports.nodePort}`, '-j', 'KUBE-EXT-WEB'],
      ['KUBE-EXT-WEB', '-j', 'MARK', '--or-mark', '0x4000'],
      ['KUBE-EXT-WEB', '-j', 'KUBE-SVC-WEB'],
      ['KUBE-SVC-WEB', '-j', 'KUBE-SEP-WEB'],
      ['KUBE-SEP-WEB', '-p', 'tcp', '-j', 'DNAT', '--to-destination', endpoint],
      ['KUBE-POSTROUTING', '-m', 'mark', '--mark', '0x4000/0x4000', '-j', 'MASQUERADE'],
    ];
    for (const chain of new Set(rules.map(([chain = '']) => chain)))
      await host.must(program, '-w', '-t', 'nat', '-N', chain);
    for (const rule of rules) await host.must(program, '-w', '-t', 'nat', '-A', ...rule);
    await host.must(program, '-w', '-t', 'nat', '-I', 'PREROUTING', '-j', 'KUBE-SERVICES');
    await host.must(program, '-w', '-t', 'nat', '-I', 'POSTROUTING', '-j', 'KUBE-POSTROUTING');
  },
  nftables: async (host: Namespace, family: 4 | 6, service: string) => {
    const ip = family === 4 ? 'ip' : 'ip6';
    const to = family === 4 ? service : `[${service}]`;
    await host.must(
      'nft',
      `table ${ip} kube-proxy {
        chain external-web { meta mark set meta mark | 0x4000; meta l4proto tcp dnat to ${to}:${inside.published}; }
        map service-nodeports { type inet_proto . inet_service : verdict; elements = { tcp . ${ports.nodePort} : goto external-web }; }
        chain services { fib daddr type local meta l4proto . th dport vmap @service-nodeports; }
        chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
        chain nat-postrouting { type nat hook postrouting priority srcnat; meta mark & 0x4000 == 0x4000 masquerade; }
      }`,
    );
  },
};

// Each has namespaces of its own; most of the time is spent on waiting for packets that do not come.
describe('packets', { concurrency: true }, () => {
  for (const kind of ['iptables-nft', 'iptables-legacy', 'nftables'] as const) {
    describe(`under ${kind}`, { concurrency: false, timeout: 280_000 }, () => {
      let host: Namespace;
      let internet: Namespace;
      let service: Namespace;
      let bailiff: Remote;
      let client: Remote;
      let listener: Remote;

      before(async () => {
        [host, internet, service] = await Promise.all([
          Namespace.create(),
          Namespace.create(),
          Namespace.create(),
        ]);
        await cable(host, internet, 'out', {
          near: ['198.18.7.1/24', 'fd00:7::1/64'],
          far: [
            ...[2, 3, 4].map((n) => `198.18.7.${n}/24`),
            'fd00:7::9/64',
            ...[2, 3, 4].map((n) => `fd00:7:0:${n}::1/128`),
          ],
        });
        await cable(host, service, 'in', {
          near: ['198.18.8.1/24', 'fd00:8::1/64'],
          far: ['198.18.8.2/24', 'fd00:8::2/64'],
        });
        for (const each of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']) {
          await host.must('sysctl', '-qw', each);
        }
        await host.must('ip', '-6', 'route', 'add', 'fd00:7:0:2::/62', 'via', 'fd00:7::9');
        await host.must('ip', '-6', 'route', 'add', 'fd00:7:0:4::/64', 'via', 'fd00:7::9');
        for (const [end, four, six] of [
          [internet, '198.18.7.1', 'fd00:7::1'],
          [service, '198.18.8.1', 'fd00:8::1'],
        ] as const) {
          await end.must('ip', 'route', 'add', 'default', 'via', four);
          await end.must('ip', '-6', 'route', 'add', 'default', 'via', six);
        }
        for (const family of [4, 6] as const) {
          const target = addresses[family].service;
          if (kind === 'nftables') {
            await publishing.nftables(host, family, target);
            await kubeProxy.nftables(host, family, target);
          } else {
            const program = `${family === 4 ? 'iptables' : 'ip6tables'}${kind.slice('iptables'.length)}`;
            await host.must(program, '-w', '-N', 'DOCKER');
            await publishing.iptables(host, program, target);
            await kubeProxy.iptables(host, program, target);
          }
        }
        bailiff = new Remote(host, [`BACKEND=${kind === 'nftables' ? 'nftables' : 'iptables'}`]);
        client = new Remote(internet, [], './client-driver.ts');
        listener = new Remote(service);
        await Promise.all([bailiff.call('listen', ports.host), listener.call('listen', inside.published)]);
        await Promise.all([
          bailiff.call('listenUdp', ports.hostUdp),
          listener.call('listen', inside.renumbered),
        ]);
        await listener.call('listenUdp', inside.publishedUdp);
        await bailiff.call('start');
      });

      after(async () => {
        await Promise.all([bailiff, client, listener].map((each) => each?.end()));
        await Promise.all([host, internet, service].map((each) => each?.remove()));
      });

      type Expected = Partial<Record<Way, string>>;

      /** Asserts what each address meets at each way, all at once: `open` where nothing is said. */
      async function allMeet(...sources: readonly (readonly [string, Expected])[]): Promise<void> {
        const knocks = sources.flatMap(([source, expected]) =>
          allWays.map((way) => ({
            source,
            target: addresses[source.includes(':') ? 6 : 4].host,
            port: ports[way],
            udp: way.endsWith('Udp'),
            patience: expected[way] === 'dropped' ? silence : patience,
          })),
        );
        const words = await client.call<string[]>('knock', knocks);
        const met = words.map((word, index) => `${allWays[index % allWays.length]} ${word}`);
        const wanted = sources.flatMap(([, expected]) =>
          allWays.map((way) => `${way} ${expected[way] ?? 'open'}`),
        );
        assert.deepEqual(met, wanted, `the ways of ${sources.map(([source]) => source).join(', ')}`);
      }

      const meets = (source: string, expected: Expected = {}) => allMeet([source, expected]);

      const everywhere = (word: string) => Object.fromEntries(allWays.map((way) => [way, word]));

      for (const family of [4, 6] as const) {
        const { host: target, banned, neighbour, range, others } = addresses[family];
        const whole = family === 4 ? banned : banned.replace(/::1$/, '::/64');

        test(`IPv${family}: a banned address is shut out on every way, its neighbour on none, and let in again`, async () => {
          await meets(banned);
          await bailiff.call('ban', [whole], 600);
          await allMeet([banned, everywhere('dropped')], [neighbour, {}]);
          await bailiff.call('unban', [whole]);
          await meets(banned);
        });

        test(`IPv${family}: connections that were open before the ban end, to the host and to a container`, async () => {
          for (const way of ['host', 'renumbered'] as const) {
            const kept = await client.call<number>('keep', { source: banned, target, port: ports[way] });
            const other = await client.call<number>('keep', { source: neighbour, target, port: ports[way] });
            assert.equal(await client.call('echo', kept, patience), true);
            await bailiff.call('ban', [whole], 600);
            assert.equal(await client.call('echo', kept, silence), false, way);
            assert.equal(await client.call('echo', other, patience), true, way);
            await bailiff.call('unban', [whole]);
          }
        });

        test(`IPv${family}: a ban of ports shuts these alone, by the number that the client addresses`, async () => {
          const policy = 'drop 2222/tcp,8443/tcp,5353/udp';
          await bailiff.call('ban', [whole], 600, policy);
          await meets(banned, { host: 'dropped', renumbered: 'dropped', publishedUdp: 'dropped' });
          await meets(neighbour);
          await bailiff.call('unban', [whole], policy);
          await meets(banned);
          // The container's own number, behind 8443, is nobody's business; nor does TCP mean UDP.
          const numbersInside = 'drop 443/tcp,53/udp,5353/tcp';
          await bailiff.call('ban', [whole], 600, numbersInside);
          await meets(banned);
          await bailiff.call('unban', [whole], numbersInside);
        });

        test(`IPv${family}: ranges of ports, and more ports than one rule takes`, async () => {
          const many = Array.from({ length: 20 }, (_, index) => `${9001 + 2 * index}/tcp`).join(',');
          const policy = `drop 2000-2300/tcp,8000-8100/tcp,${many},2253/udp`;
          await bailiff.call('ban', [whole], 600, policy);
          await meets(banned, { host: 'dropped', published: 'dropped', hostUdp: 'dropped' });
          await bailiff.call('unban', [whole], policy);
        });

        test(`IPv${family}: reject answers at once, everywhere or on some ports`, async () => {
          await bailiff.call('ban', [whole], 600, 'reject');
          await meets(banned, everywhere('ECONNREFUSED'));
          await meets(neighbour);
          await bailiff.call('unban', [whole], 'reject');
          const policy = 'reject 8443/tcp,5353/udp';
          await bailiff.call('ban', [whole], 600, policy);
          await meets(banned, { renumbered: 'ECONNREFUSED', publishedUdp: 'ECONNREFUSED' });
          await bailiff.call('unban', [whole], policy);
        });

        test(`IPv${family}: a trial lets everything through`, async () => {
          await bailiff.call('ban', [whole], 600, 'log');
          await meets(banned);
          // What the kernel logs in a namespace nobody reads; that the rule met the packets shows in its counter.
          const counted = async () => {
            if (kind === 'nftables')
              return host.must('nft', 'list', 'chain', 'inet', 'bailiff', 'prerouting');
            return host.must(
              `${family === 4 ? 'iptables' : 'ip6tables'}${kind.slice(8)}-save`,
              '-c',
              '-t',
              'raw',
            );
          };
          const rule =
            kind === 'nftables'
              ? /@\S+ .*log prefix "BAILIFF trial: "/
              : /^\[[1-9]\d*:\d+\] -A BAILIFF .*-j LOG/m;
          assert.match(await counted(), rule);
          await bailiff.call('unban', [whole], 'log');
        });

        test(`IPv${family}: a range and an address in it, banned and unbanned in either order`, async () => {
          for (const [first, second] of [
            [range, whole],
            [whole, range],
          ] as const) {
            await bailiff.call('ban', [first], 600);
            await bailiff.call('ban', [second], 600);
            await allMeet([banned, everywhere('dropped')], [neighbour, everywhere('dropped')]);
            await bailiff.call('unban', [first]);
            const still = second === range ? everywhere('dropped') : {};
            await allMeet([banned, everywhere('dropped')], [neighbour, still]);
            await bailiff.call('unban', [second]);
            await allMeet([banned, {}], [neighbour, {}]);
          }
          await meets(others);
        });

        test(`IPv${family}: the ports that containers publish are followed, and all are shut while none is known`, async () => {
          const policy = `drop published web${family}`;
          await bailiff.call('ban', [whole], 600, policy);
          await meets(banned, everywhere('dropped'));
          await bailiff.call('publish', `web${family}`, [{ protocol: 'tcp', first: 8443, last: 8443 }]);
          await bailiff.call('reconcile');
          await meets(banned, { renumbered: 'dropped' });
          await bailiff.call('publish', `web${family}`, [{ protocol: 'tcp', first: 8080, last: 8080 }]);
          await bailiff.call('reconcile');
          await meets(banned, { published: 'dropped' });
          await bailiff.call('unban', [whole], policy);
        });
      }

      test('what was dropped is counted, and the path of a banned packet is proved', async () => {
        interface Seen {
          state: string;
          detail: string;
          remarks: string[];
          hooks: { family: number; verified: boolean; ok: boolean }[];
          dropped: { family: number; packets: number }[];
        }
        await bailiff.call('reconcile');
        const { state, detail, remarks, hooks, dropped } = await bailiff.call<Seen>('status');
        assert.deepEqual([state, detail, remarks], ['enforcing', '', []]);
        assert.equal(hooks.filter(({ family, verified }) => family === 4 && verified).length, 1);
        assert.equal(hooks.filter(({ family, verified }) => family === 6 && verified).length, 0);
        for (const family of [4, 6]) {
          const packets = dropped.reduce((sum, each) => sum + (each.family === family ? each.packets : 0), 0);
          assert.ok(packets > 10, `IPv${family}: ${packets} packets`);
        }
      });

      test('the host’s own tools list everything, and nothing is left at the end', async () => {
        for (const program of [
          'nft',
          'iptables-nft-save',
          'ip6tables-nft-save',
          'iptables-legacy-save',
          'ipset',
        ]) {
          if (program === 'iptables-legacy-save' && kind !== 'iptables-legacy') continue;
          const args = program === 'nft' ? ['list', 'ruleset'] : program === 'ipset' ? ['save'] : [];
          assert.notEqual(await host.must(program, ...args), null);
        }
        await bailiff.call('end');
        const { removed, problems } = await bailiff.call<{ removed: string[]; problems: string[] }>(
          'removeAll',
        );
        assert.deepEqual([removed, problems], [[kind === 'nftables' ? 'nftables' : 'iptables'], []]);
        for (const [program, ...args] of [
          ['nft', 'list', 'ruleset'],
          ['iptables-nft-save'],
          ['ip6tables-nft-save'],
          ['ipset', 'save'],
          ...(kind === 'iptables-legacy'
            ? ([['iptables-legacy-save'], ['ip6tables-legacy-save']] as const)
            : []),
        ] as const) {
          assert.doesNotMatch(await host.must(program, ...args), /bailiff/i, program);
        }
      });
    });
  }
});

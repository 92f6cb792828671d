import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCommand } from '../../src/enforce/command.ts';
import { Connections } from '../../src/enforce/connections.ts';
import { Namespace } from './namespace.ts';

let host: Namespace;

before(async () => {
  host = await Namespace.create();
});

after(() => host.remove());

/** Makes the kernel track a connection from this address. */
async function track(source: string): Promise<void> {
  const target = source.includes(':') ? 'fd00:7::1' : '198.18.7.1';
  const ports = ['-p', 'tcp', '--sport', '1000', '--dport', '22', '--state', 'ESTABLISHED'];
  await host.must('conntrack', '-I', '-s', source, '-d', target, ...ports, '-t', '600');
}

/** The addresses that connections are tracked of. */
async function tracked(): Promise<string[]> {
  const lists = await Promise.all(['ipv4', 'ipv6'].map((each) => host.must('conntrack', '-L', '-f', each)));
  return [...lists.join('\n').matchAll(/src=(\S+) dst=\S+ sport=1000/g)]
    .map(([, source = '']) => source)
    .sort();
}

async function count(): Promise<number> {
  return Number(await host.must('cat', '/proc/sys/net/netfilter/nf_conntrack_count'));
}

test('the connections of what was banned are gone, those beside it stay', async () => {
  const inside = ['203.0.113.7', '198.51.100.9', '2001:db8:1:2::9'];
  const outside = ['203.0.113.8', '198.51.101.9', '2001:db8:1:3::9'];
  for (const source of [...inside, ...outside]) await track(source);
  assert.deepEqual(await tracked(), [...inside, ...outside].sort());
  const said: string[] = [];
  const done = Promise.withResolvers<void>();
  const connections = new Connections({
    unavailable: (detail) => said.push(detail),
    readCount: count,
    run: (file, args, options) => {
      const [program, ...rest] = host.entering(file, args);
      return runCommand(program, rest, options);
    },
    // A pass is over when it asks for its rest.
    schedule: () => {
      done.resolve();
      return () => undefined;
    },
  });
  // One of them has no connection, which is no failure.
  connections.ended(['192.0.2.1', '203.0.113.7', '198.51.100.0/24', '2001:db8:1:2::/64']);
  await done.promise;
  connections.stop();
  assert.deepEqual(await tracked(), outside.sort());
  assert.deepEqual(said, []);
});

test('without NET_ADMIN it says so', async () => {
  await track('203.0.113.7');
  const said = Promise.withResolvers<string>();
  const connections = new Connections({
    unavailable: said.resolve,
    readCount: count,
    run: (file, args, options) => {
      const bounded = ['--bounding-set', '-net_admin', '--inh-caps', '-net_admin', file, ...args];
      const [program, ...rest] = host.entering('setpriv', bounded);
      return runCommand(program, rest, options);
    },
  });
  connections.ended(['203.0.113.7']);
  assert.match(await said.promise, /no right to delete connections .*NET_ADMIN/);
  connections.stop();
});

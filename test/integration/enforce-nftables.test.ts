import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type PolicyRule, type PortRange, plainPolicy, ruleOf } from '../../src/core/policy.ts';
import type { Change, Hook } from '../../src/enforce/backend.ts';
import { NftablesBackend } from '../../src/enforce/nftables.ts';
import { assertGolden } from './golden.ts';
import { cable, Namespace } from './namespace.ts';

/** Every combination of options that comes to other rules. */
const combinations: Record<string, readonly PolicyRule[]> = {
  plain: policies(),
  ports: policies('drop 80/tcp,443/tcp,1000-2000/tcp,53/udp'),
  'no-ports': [...policies(), { policy: 'drop published web', action: 'drop', ports: [] }],
  reject: policies('reject'),
  'reject-ports': policies('reject 25/tcp,53/udp'),
  log: policies('log'),
  'log-ports': policies('log 22/tcp'),
  several: policies('log', 'reject 443/tcp', 'drop 80/tcp', 'reject'),
};

function policies(...texts: readonly string[]): PolicyRule[] {
  return [plainPolicy, ...texts].map((text) => ruleOf(text, () => null));
}

function add(address: string, remaining: number | null = 600, policy = plainPolicy): Change {
  return { kind: 'add', address, policy, remaining };
}

function remove(address: string, policy = plainPolicy): Change {
  return { kind: 'delete', address, policy };
}

describe('the table of nftables', () => {
  let host: Namespace;
  let backend: NftablesBackend;
  const standing: NftablesBackend[] = [];

  beforeEach(async () => {
    host = await Namespace.create();
    backend = start();
  });

  afterEach(async () => {
    await Promise.all(standing.splice(0).map((each) => each.close()));
    await host.remove();
  });

  /** A backend in the namespace; `program` may stand for nft. */
  function start(program = 'nft', hasIpv6 = true): NftablesBackend {
    const options = { command: host.entering(program, []), hasIpv6: async () => hasIpv6 };
    const started = new NftablesBackend(options);
    standing.push(started);
    return started;
  }

  const nft = (...args: string[]) => host.must('nft', ...args);
  const rules = async () => (await nft('-t', 'list', 'table', 'inet', 'bailiff')).split('\n');
  const addresses = async () => (await backend.list()).map(({ address }) => address).sort();

  function assertStands(hooks: readonly Hook[], repaired?: 'made'): void {
    assert.deepEqual(
      hooks.map((hook) => [hook.name, hook.family, hook.ok, hook.repaired]),
      [4, 6].map((family) => ['prerouting', family, true, repaired]),
      JSON.stringify(hooks),
    );
  }

  test('to ask whether elements stand changes none, and finds one that is gone', async () => {
    await backend.install(policies());
    const all = ['198.51.100.0/24', '2001:db8:1:2::/64', '203.0.113.7'];
    await backend.apply(all.map((address) => add(address)));
    const held = () => backend.holds(all.map((address) => ({ address, policy: plainPolicy })));
    for (let look = 0; look < 3; look += 1) assert.equal(await held(), true);
    assert.deepEqual(await addresses(), all);
    await nft('flush set inet bailiff ban4_32');
    assert.equal(await held(), false);
    await backend.apply([add('203.0.113.7')]);
    assert.equal(await held(), true);
    assert.deepEqual(await addresses(), all);
    await nft('delete table inet bailiff');
    assert.equal(await held(), false);
    assert.equal(await backend.holds([]), true);
  });

  for (const [name, wanted] of Object.entries(combinations)) {
    test(`the rules: ${name}`, async () => {
      assertStands(await backend.install(wanted), 'made');
      assertGolden(`nftables-${name}`, printed(await nft('list', 'table', 'inet', 'bailiff')));
      assertStands(await backend.install(wanted));
      assertStands(await start().install(wanted));
    });
  }

  test('elements stand with their time, in sets of their prefix length', async () => {
    await backend.install(policies('reject'));
    await backend.apply([
      add('203.0.113.7'),
      add('2001:db8:1:2::/64', null),
      add('203.0.113.9', 0.5, 'reject'),
    ]);
    await backend.apply([add('203.0.113.0/24', 60), add('2001:db8::1'), add('128.0.0.0/1')]);
    assertGolden('nftables-ranges', printed(await nft('list', 'table', 'inet', 'bailiff')));
    assertStands(await backend.install(policies('reject')));
    const elements = await backend.list();
    assert.deepEqual(
      elements.map(({ address, policy, remaining }) => `${address} ${policy} ${remaining}`).sort(),
      [
        '128.0.0.0/1 drop 600',
        '2001:db8:1:2::/64 drop 2147483',
        '2001:db8::1 drop 600',
        '203.0.113.0/24 drop 60',
        '203.0.113.7 drop 600',
        '203.0.113.9 reject 1',
      ],
    );
  });

  test('adding again refreshes, in either direction; deleting what is not there is no error', async () => {
    await backend.install(policies());
    for (const seconds of [600, 60, 6_000]) {
      await backend.apply([add('203.0.113.7', seconds)]);
      assertNear((await backend.list())[0]?.remaining, seconds);
    }
    await backend.apply([remove('203.0.113.8'), remove('198.51.100.0/24'), remove('203.0.113.7', 'unknown')]);
    assert.deepEqual(await addresses(), ['203.0.113.7']);
    await backend.apply([remove('203.0.113.7'), remove('203.0.113.7')]);
    assert.deepEqual(await addresses(), []);
  });

  test('a ban ends by itself', async () => {
    await backend.install(policies());
    await backend.apply([add('203.0.113.7', 1)]);
    while ((await backend.list()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  const disturbances: Record<string, string> = {
    'a foreign rule before ours': 'insert rule inet bailiff prerouting accept',
    'a foreign rule behind ours': 'add rule inet bailiff prerouting tcp dport 9 drop',
    'an emptied chain': 'flush chain inet bailiff prerouting',
    'an emptied chain that takes packets': 'flush chain inet bailiff took_ban4_32',
    'a foreign rule where packets are taken': 'insert rule inet bailiff took_ban4_24 accept',
    'a chain that takes packets like ours': 'add chain inet bailiff took_ban4_1',
    'a rule that counts in another set':
      'flush chain inet bailiff took_ban4_32; add rule inet bailiff took_ban4_32 add @took_ban4_24 { ip saddr counter } counter name dropped4 drop; add rule inet bailiff took_ban4_32 counter name uncounted4 counter name dropped4 drop',
    'a table put to sleep': 'add table inet bailiff { flags dormant; }',
    'a chain elsewhere':
      'flush chain inet bailiff prerouting; delete chain inet bailiff prerouting; add chain inet bailiff prerouting { type filter hook input priority 0; policy drop; }',
  };
  for (const [what, command] of Object.entries(disturbances)) {
    test(`${what} is put right, and no element is lost`, async () => {
      await backend.install(policies('reject'));
      await backend.apply([add('203.0.113.7'), add('198.51.100.0/24')]);
      const before = await rules();
      await nft(command);
      assertStands(await repaired(), 'made');
      assert.deepEqual(await rules(), before);
      assert.deepEqual(await addresses(), ['198.51.100.0/24', '203.0.113.7']);
      assertStands(await backend.install(policies('reject')));
    });
  }

  /** Where a busy machine makes a look at the rules dear, a smaller one stands in for some seconds. */
  async function repaired(): Promise<readonly Hook[]> {
    for (;;) {
      const hooks = await backend.install(policies('reject'));
      if (hooks.some((hook) => hook.repaired !== undefined)) return hooks;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('after a flushed ruleset everything is made anew, and a change before that is refused', async () => {
    await backend.install(policies());
    await backend.apply([add('203.0.113.7')]);
    await nft('flush', 'ruleset');
    await assert.rejects(backend.apply([add('203.0.113.8')]), { code: 'enforcement-failed' });
    assert.deepEqual(await backend.list(), []);
    assertStands(await backend.install(policies()), 'made');
    await backend.apply([add('203.0.113.8')]);
    assert.deepEqual(await addresses(), ['203.0.113.8']);
  });

  for (const [kind, declaration] of [
    ['an interval set', 'add set inet bailiff ban4_32 { typeof ip saddr; flags interval,timeout; }'],
    ['a set without times', 'add set inet bailiff ban4_32 { typeof ip saddr; }'],
    ['a set of the other family', 'add set inet bailiff ban4_32 { typeof ip6 saddr; flags timeout; }'],
    ['a small set', 'add set inet bailiff ban4_32 { typeof ip saddr; size 10; flags timeout; }'],
    [
      'a set that counts in another way',
      'add set inet bailiff took_ban4_32 { typeof ip saddr; size 10; flags dynamic,timeout; }',
    ],
    ['a map', 'add map inet bailiff ban4_32 { type ipv4_addr : verdict; }'],
    [
      'a quota',
      'add quota inet bailiff dropped4 { over 1 mbytes; }; add map inet bailiff ban6_64 { type ipv4_addr : verdict; }',
    ],
  ] as const) {
    test(`${kind} that bears our name makes way`, async () => {
      await nft(`add table inet bailiff; ${declaration}`);
      assertStands(await backend.install(policies()), 'made');
      await backend.apply([add('203.0.113.7')]);
      assertStands(await backend.install(policies()));
      assert.deepEqual(await addresses(), ['203.0.113.7']);
    });
  }

  test('a set that somebody else’s chain holds makes way all the same', async () => {
    await nft(
      'add table inet bailiff; add set inet bailiff ban4_32 { typeof ip saddr; }; add chain inet bailiff mine; add rule inet bailiff mine ip saddr @ban4_32 accept',
    );
    assertStands(await backend.install(policies()), 'made');
  });

  test('sets of policies that are gone go, others keep their elements', async () => {
    await backend.install(policies('reject', 'log'));
    await backend.apply([
      add('203.0.113.7'),
      add('203.0.113.8', 600, 'reject'),
      add('203.0.113.0/24', 600, 'log'),
    ]);
    assertStands(await backend.install(policies('log')), 'made');
    assert.deepEqual(await addresses(), ['203.0.113.0/24', '203.0.113.7']);
    assert.ok(!(await rules()).some((line) => line.includes('reject')));
    await assert.rejects(backend.apply([add('203.0.113.8', 600, 'reject'), add('203.0.113.9')]), {
      code: 'enforcement-failed',
      message: /"reject" was not installed/,
    });
    assert.deepEqual(await addresses(), ['203.0.113.0/24', '203.0.113.7', '203.0.113.9']);
  });

  test('a second life takes over what stands, elements and all', async () => {
    await backend.install(policies('reject'));
    await backend.apply([add('203.0.113.7'), add('198.51.100.0/24', 600, 'reject')]);
    const second = start();
    assertStands(await second.install(policies('reject')));
    assert.equal((await second.list()).length, 2);
    await second.apply([remove('198.51.100.0/24', 'reject')]);
    assert.equal((await second.list()).length, 1);
  });

  test('policies of five hundred containers are more than one argument holds', async () => {
    const many = Array.from(
      { length: 500 },
      (_, index) => `drop published nginx-http-auth@container-${index}`,
    );
    const ports: readonly PortRange[] = [{ protocol: 'tcp', first: 8080, last: 8080 }];
    const wanted = [...policies(), ...many.map((text) => ruleOf(text, () => ports))];
    assertStands(await backend.install(wanted), 'made');
    await backend.apply([add('203.0.113.7', 600, many[499])]);
    assert.deepEqual(await addresses(), ['203.0.113.7']);
    assertStands(await backend.install(wanted));
  });

  test('rules of other policies, of an earlier run, stand until the sets of the new ones are filled', async () => {
    await backend.install(policies('reject'));
    await backend.apply([add('203.0.113.7', 60, 'reject')]);
    const second = start();
    const seen: string[] = [];
    const fill = async () => {
      await second.apply([add('203.0.113.7', 60, 'drop 80/tcp')]);
      seen.push(await nft('list chain inet bailiff prerouting'));
    };
    assertStands(await second.install(policies('drop 80/tcp'), new Set(), fill), 'made');
    assert.match(seen.join(), /reject/);
    const after = await nft('list chain inet bailiff prerouting');
    assert.doesNotMatch(after, /reject/);
    assert.match(after, /dport 80/);
    const standing = (await second.list()).map(({ address, policy }) => `${address} ${policy}`);
    assert.deepEqual(standing, ['203.0.113.7 drop 80/tcp']);
  });

  test('elements that are not ours have no time left', async () => {
    await backend.install(policies());
    await nft(
      'add element inet bailiff ban4_32 { 203.0.113.1, 203.0.113.2 timeout 1h comment "x", 203.0.113.3 timeout 1h }',
    );
    const remaining = new Map((await backend.list()).map((each) => [each.address, each.remaining]));
    assert.equal(remaining.get('203.0.113.1'), 0);
    assert.equal(remaining.get('203.0.113.2'), 0);
    assertNear(remaining.get('203.0.113.3'), 3_600);
    await backend.apply([remove('203.0.113.1'), add('203.0.113.2')]);
    assertNear((await backend.list()).find(({ address }) => address === '203.0.113.2')?.remaining, 600);
  });

  test('only addresses reach nft, and the others are applied', async () => {
    await backend.install(policies());
    for (const address of [
      'localhost',
      '203.0.113.9 }; flush ruleset',
      '203.0.113.0-203.0.113.9',
      '0.0.0.0/0',
      '',
    ]) {
      await assert.rejects(backend.apply([add(address), add('203.0.113.7')]), { code: 'address-invalid' });
    }
    assert.deepEqual(await addresses(), ['203.0.113.7']);
  });

  test('nothing is added before the first install', async () => {
    await assert.rejects(backend.apply([add('203.0.113.7')]), { code: 'enforcement-failed' });
    await backend.apply([remove('203.0.113.7')]);
    assert.deepEqual(await backend.list(), []);
  });

  test('a killed child is replaced, and no ban is lost', async () => {
    await backend.install(policies());
    await backend.apply([add('203.0.113.7')]);
    const first = backend.childPid;
    assert.ok(first !== undefined);
    process.kill(first, 'SIGKILL');
    await backend.apply([add('203.0.113.8')]);
    assert.deepEqual(await addresses(), ['203.0.113.7', '203.0.113.8']);
  });

  test('changes while the rules are repaired come through, in new sets too', async () => {
    await backend.install(policies());
    const changes = Array.from({ length: 30 }, (_, index) =>
      add(`${10 + index}.0.0.0/${index % 2 ? 24 : 8 + (index >> 2)}`),
    );
    await Promise.all([
      ...changes.map((change) => backend.apply([change])),
      ...[1, 2, 3].map(() => backend.install(policies('reject'))),
    ]);
    assert.equal((await backend.list()).length, 30);
    assertStands(await backend.install(policies('reject')));
  });

  test('20,000 bans at once, and singles beside them', async (context) => {
    await backend.install(policies());
    const many = Array.from({ length: 20_000 }, (_, index) => `10.9.${index >> 8}.${index & 255}`);
    const started = performance.now();
    await backend.apply(many.map((address) => add(address)));
    const took: number[] = [];
    context.diagnostic(`20,000 in ${(performance.now() - started).toFixed(0)} ms`);
    for (let index = 0; index < 200; index += 1) {
      const one = performance.now();
      await backend.apply([add(`10.8.0.${index}`)]);
      took.push(performance.now() - one);
    }
    took.sort((a, b) => a - b);
    context.diagnostic(`one: median ${took[100]?.toFixed(2)} ms, p99 ${took[198]?.toFixed(2)} ms`);
    assert.equal((await backend.list()).length, 20_200);
    const counted = ['10.8.0.1', ...many.slice(0, 5_000)].map((address) => `${address} counter`);
    await nft(...['add element inet bailiff took_ban4_32 {', ...counted.map((each) => `${each},`), '}']);
    await backend.apply(many.map((address) => remove(address)));
    assert.equal((await backend.list()).length, 200);
    const left = await nft('list', 'set', 'inet', 'bailiff', 'took_ban4_32');
    assert.deepEqual(
      left.match(/\S+ counter/g),
      ['10.8.0.1 counter'],
      'what was counted of them has gone, too',
    );
  });

  test('uninstall takes the table and says whether it stood', async () => {
    await nft('add table inet mine');
    assert.equal(await backend.uninstall(), false);
    await backend.install(policies());
    await backend.apply([add('203.0.113.7')]);
    assert.equal(await start().uninstall(), true);
    assert.equal((await nft('list', 'tables')).trim(), 'table inet mine');
  });

  test('the probe says what it found; without IPv6 there is one hook', async () => {
    const { usable, detail } = await backend.probe(new AbortController().signal);
    assert.ok(usable && detail.startsWith('nftables v'), detail);
    assert.equal((await nft('list', 'ruleset')).trim(), '', 'a probe changes nothing');
    const hooks = await start('nft', false).install(policies());
    assert.deepEqual(
      hooks.map(({ family, ok }) => [family, ok]),
      [[4, true]],
    );
  });

  describe('with an nft of another kind', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bailiff-nft-'));
    });

    afterEach(async () => {
      await rm(folder, { recursive: true });
    });

    /** An nft that first does as this line of shell says. */
    async function changed(line: string): Promise<NftablesBackend> {
      const program = join(folder, 'nft');
      await writeFile(program, `#!/bin/sh\n${line}\nexec nft "$@"\n`);
      await chmod(program, 0o755);
      return start(program);
    }

    test('where the kernel rejects nothing here, the policy drops, and that is said', async () => {
      const old = await changed(
        'case "$*" in *reject\\ with*) echo "Error: Could not process rule: Operation not supported" >&2; exit 1;; esac',
      );
      assertStands(await old.install(policies('reject 25/tcp')), 'made');
      const standing = (await rules()).join('\n');
      assert.match(standing, /@reject4_32_\w+ tcp dport 25 goto took_reject4_32_/);
      assert.doesNotMatch(standing, /reject with/);
      assert.match(old.remarks()[0] ?? '', /"reject 25\/tcp" drops/);
      assert.deepEqual(backend.remarks(), []);
    });

    test('where listing is dear, a check stands in for it, and finds what was flushed', async () => {
      const log = join(folder, 'log');
      const slow = await changed(`echo "$1" >>${log}; if [ "$1" = -t ]; then sleep 0.3; fi`);
      await slow.install(policies());
      await slow.apply([add('203.0.113.7')]);
      await writeFile(log, '');
      for (let turn = 0; turn < 3; turn += 1) assertStands(await slow.install(policies()));
      assert.equal(await readFile(log, 'utf8'), '-c\n-c\n-c\n');
      await nft('flush chain inet bailiff prerouting');
      assertStands(await slow.install(policies()), 'made');
      await nft('flush ruleset');
      assertStands(await slow.install(policies()), 'made');
      assertStands(await slow.install(policies('log')), 'made');
    });

    test('what cannot be read is an error, not an empty table', async () => {
      const broken = await changed('echo "Error: Operation not permitted" >&2; exit 1');
      await assert.rejects(broken.install(policies()), { code: 'enforcement-failed' });
      await assert.rejects(broken.list(), { code: 'enforcement-failed' });
      await assert.rejects(broken.uninstall(), { code: 'enforcement-failed' });
    });

    test('where nft has no -i, bans go through processes', async () => {
      const plain = await changed('case "$*" in *-i) echo "Error: no interactive mode" >&2; exit 1;; esac');
      await plain.install(policies());
      await plain.apply([add('203.0.113.7')]);
      await plain.apply([add('203.0.113.8')]);
      assert.equal((await plain.list()).length, 2);
      assert.equal(await plain.holds([add('203.0.113.8')]), true);
    });

    test('no history of bans is kept: it would be read at each start', async () => {
      const log = join(folder, 'log');
      const watched = await changed(`if [ "$1" = -i ]; then echo "$HOME" >${log}; fi`);
      await watched.install(policies());
      await watched.apply([add('203.0.113.7')]);
      assert.equal(await readFile(log, 'utf8'), '/dev/null\n');
    });
  });

  test('no packet comes through while rules are made anew, and what was dropped only grows', async () => {
    const attacker = await Namespace.create();
    try {
      await cable(host, attacker, 'out', { near: ['198.18.7.1/24'], far: ['198.18.7.2/24'] });
      await backend.install(policies());
      await backend.apply([add('198.18.7.2')]);
      const listening = host.must(process.execPath, '-e', listener);
      const sending = attacker.must(process.execPath, '-e', sender);
      const done = sending.then(() => 'done');
      let rebuilt = 0;
      for (let over = ''; over === ''; rebuilt += 1) {
        await backend.install(policies(...(rebuilt % 2 === 0 ? ['reject', 'log'] : [])));
        over = await Promise.race([done, Promise.resolve('')]);
      }
      assert.equal((await listening).trim(), '0', `packets heard in ${rebuilt} rebuildings`);
      await backend.install(policies());
      const packets = () => backend.dropped().find(({ family }) => family === 4)?.packets ?? 0;
      const sent = Number(await sending);
      assert.ok(sent > 100 && packets() >= sent, `${sent} sent, ${packets()} dropped`);
      const counted = packets();
      await nft('flush ruleset');
      await backend.install(policies());
      assert.equal(packets(), counted);
    } finally {
      await attacker.remove();
    }
  });
});

/** Counts the datagrams it hears in three seconds. */
const listener = `
  let heard = 0;
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', () => { heard += 1; });
  socket.bind(9);
  setTimeout(() => { console.log(heard); process.exit(0); }, 3_000);
`;

/** Sends as many as it can in two seconds, and says how many. */
const sender = `
  let sent = 0;
  const socket = require('node:dgram').createSocket('udp4');
  const until = Date.now() + 2_000;
  const next = () => {
    if (Date.now() > until) { console.log(sent); process.exit(0); }
    socket.send('x', 9, '198.18.7.1', (error) => { if (!error) sent += 1; setTimeout(next, 1); });
  };
  next();
`;

/** Without what differs from run to run, and what newer versions of nft print in addition. */
function printed(table: string): string {
  const text = table
    .replace(/\n\t\telements = \{[^}]*\}/g, '')
    .replace(/packets \d+ bytes \d+/g, 'packets 0 bytes 0')
    .replaceAll(' burst 5 packets', '');
  return `${text.trimEnd()}\n`;
}

/** nft tells whole seconds, which are rounded up: right after the change one more, later on a busy machine one less. */
function assertNear(remaining: number | null | undefined, seconds: number): void {
  assert.ok(remaining !== null && remaining !== undefined, 'it stands, with an end');
  assert.ok(Math.abs(remaining - seconds) <= 1, `${remaining} s remain, not ${seconds}`);
}

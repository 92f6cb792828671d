import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jailWith } from '../../test/setup/jail.ts';
import { Allowlist } from '../core/allowlist.ts';
import { plainPolicy } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Backend } from '../enforce/backend.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Evidence } from './evidence.ts';
import { Jails } from './jails.ts';
import { Policies } from './policies.ts';
import { explain } from './why.ts';
import { withDrops } from './why-drops.ts';

const enforcement = { backend: 'fake', state: 'enforcing' as const, detail: '' };

function setUp() {
  const clock = { seconds: 10_000, now: () => clock.seconds };
  const allowlist = new Allowlist();
  const ledger = new Ledger({ path: ':memory:', clock, allowlist, sessions: new Sessions() });
  for (const _ of ledger.readBans());
  const jails = new Jails(
    {
      jails: [
        jailWith('sshd', {
          maxretry: 3,
          'bantime.increment': true,
          'bantime.rndtime': 60,
        }),
        jailWith('web', { ignoreip: ['192.0.2.0/24'], ports: 'published' }),
        jailWith('near', {
          bans: ['*'],
          ranges: { 4: 24, 6: 48 },
          bantime: 3_600,
          'bantime.times': [3_600, null],
        }),
      ],
      maxTracked: 1_000,
    },
    ledger,
  );
  const evidence = new Evidence({ mode: 'full', mostTold: () => null });
  const policies = new Policies({ jails: () => [], bans: () => [] });
  const enforcer = {
    status: () => ({ ...enforcement, hooks: [], dropped: [], remarks: [], elements: 0 }),
  } as never;
  const why = (address: string) =>
    explain(address, { allowlist, clock, enforcer, evidence, jails, ledger, policies });
  const note = (jail: string, address: string, line: string) => {
    const time = clock.seconds;
    jails.get(jail)?.jail.judge(address, time, 1, time);
    evidence.note(jail, address, { host: address, time, source: 'file:/log', line, fields: {} });
  };
  const ban = (address: string, jail = 'sshd', policy = plainPolicy) => {
    const lines = evidence.kept(jail, address);
    const request = { address, jail, bantime: 600, hits: 3, policy, evidence: lines };
    const outcome = ledger.ban({ ...request, before: ledger.bansBefore(address, jail, false) });
    ledger.commit();
    return 'ban' in outcome ? outcome.ban : assert.fail('protected');
  };
  return { clock, allowlist, ledger, jails, why, note, ban };
}

test('of a banned address: who bans it, which lines led to it, and how long the next ban would be', () => {
  const { clock, ledger, why, note, ban } = setUp();
  note('sshd', '203.0.113.7', 'one');
  const first = ban('203.0.113.7');
  clock.seconds += 600;
  ledger.unban(first, 'expired');
  ledger.commit();
  note('sshd', '203.0.113.7', 'two');
  const second = ban('203.0.113.7');
  const answer = why('203.0.113.7');
  assert.equal(answer.verdict, 'banned');
  assert.deepEqual(answer.enforcement, enforcement);
  assert.deepEqual(
    answer.bans.map(({ since, count, ports, evidence }) => [
      since,
      count,
      ports,
      evidence.map(({ line }) => line),
    ]),
    [[second.since, 2, 'all', ['one', 'two']]],
  );
  assert.deepEqual(
    answer.earlier.map(({ since, reason, evidence }) => [since, reason, evidence.map(({ line }) => line)]),
    [[first.since, 'expired', ['one']]],
  );
  assert.deepEqual(answer.next, [
    {
      jail: 'sshd',
      address: '203.0.113.7',
      seconds: 2_400,
      more: 60,
      attempts: 1,
      counts: 'attempts',
      growth: { ban: 3, ofAll: false, forget: 86_400 },
    },
  ]);
});

test('what a ban has dropped is that of its address under its policy, which bans of several jails share', async () => {
  const { clock, why, ban } = setUp();
  const first = clock.seconds;
  ban('203.0.113.7');
  clock.seconds += 10;
  ban('203.0.113.7', 'web');
  ban('203.0.113.7', 'near', 'reject 80/tcp');
  ban('203.0.113.7', 'other', 'log');
  const asked: unknown[] = [];
  const backend = {
    strength: 'full',
    taken: async (elements: readonly { policy: string }[]) => {
      asked.push(...elements);
      return elements.map(({ policy }) => ({ packets: policy.length, bytes: 60 }));
    },
  } as unknown as Backend;
  const { bans, dropsUnknown } = await withDrops(why('203.0.113.7'), backend);
  assert.deepEqual(
    bans.map(({ jail, dropped }) => [jail, dropped?.packets ?? null]),
    [
      ['sshd', 4],
      ['web', 4],
      ['near', 13],
      ['other', null],
    ],
  );
  assert.equal(dropsUnknown, null);
  assert.deepEqual(asked, [
    { address: '203.0.113.7', policy: 'drop', since: first },
    { address: '203.0.113.7', policy: 'reject 80/tcp', since: first + 10 },
  ]);
});

for (const [what, backend, reason] of [
  ['a dry run', { strength: 'none' }, /^a dry run drops nothing$/],
  ['hosts.deny', { strength: 'partial' }, /hosts\.deny/],
  ['a packet filter that counts all in one', { strength: 'full' }, /bailiff status/],
  [
    'a count that is not the ban’s',
    { taken: async () => [{ untold: 'others are in it' }] },
    /^others are in it$/,
  ],
  ['an element that is gone', { taken: async () => [null] }, /does not stand/],
  [
    'a refusal',
    { taken: () => Promise.reject(new Error('ipset died\nof hunger')) },
    /^ipset died of hunger$/,
  ],
  ['one that never answers', { taken: () => new Promise(() => undefined) }, /did not tell within 3000 ms/],
] as const) {
  test(`what was dropped is not known, and why: ${what}`, async (t) => {
    const { why, ban } = setUp();
    ban('203.0.113.7');
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answering = withDrops(why('203.0.113.7'), backend as unknown as Backend);
    await nextTurn();
    t.mock.timers.tick(3_000);
    const { bans, dropsUnknown } = await answering;
    assert.match(dropsUnknown ?? '', reason);
    assert.equal(bans[0]?.dropped, null);
  });
}

test('the kernel is asked of nobody who is not kept out', async () => {
  const { why, ban } = setUp();
  const backend = { strength: 'full', taken: () => assert.fail('asked') } as unknown as Backend;
  ban('203.0.113.7', 'sshd', 'log');
  for (const address of ['203.0.113.7', '203.0.113.8'])
    assert.equal((await withDrops(why(address), backend)).dropsUnknown, null);
});

test('of one that is counted: how far, when it falls out, the lines', () => {
  const { clock, why, note } = setUp();
  note('sshd', '203.0.113.7', 'one');
  clock.seconds += 100;
  note('sshd', '203.0.113.7', 'two');
  const { verdict, windows, bans } = why('203.0.113.7');
  assert.deepEqual([verdict, bans], ['counted', []]);
  assert.deepEqual(
    windows.map(({ jail, hits, maxretry, nextOut, lastOut, evidence }) => [
      jail,
      hits,
      maxretry,
      nextOut,
      lastOut,
      evidence.length,
    ]),
    [['sshd', 2, 3, 10_600, 10_700, 2]],
  );
  clock.seconds += 550;
  assert.deepEqual(
    why('203.0.113.7').windows.map(({ hits }) => hits),
    [1],
    'the older one fell out',
  );
  clock.seconds += 550;
  assert.equal(why('203.0.113.7').verdict, 'free');
});

test('of one that is protected: by which entry, of all or of one jail', () => {
  const { allowlist, why } = setUp();
  allowlist.replace('ignoreip', [{ range: '198.51.100.0/24', reason: 'ignoreip' }]);
  const { verdict, protectedBy } = why('198.51.100.7');
  assert.equal(verdict, 'protected');
  assert.deepEqual(protectedBy, [{ jail: null, entry: '198.51.100.0/24', reason: 'ignoreip' }]);
  const one = why('192.0.2.1');
  assert.equal(one.verdict, 'free');
  assert.deepEqual(
    one.protectedBy,
    ['web', 'near'].map((jail) => ({ jail, entry: '192.0.2.0/24', reason: 'ignoreip of jail web' })),
  );
});

test('ranges around an address shut it out, and of a range it is told who is banned inside', () => {
  const { why, ban } = setUp();
  ban('203.0.113.0/24');
  ban('203.0.113.9', 'web', 'drop 80/tcp');
  assert.deepEqual(
    why('203.0.113.9').bans.map(({ address, ports }) => [address, ports]),
    [
      ['203.0.113.9', '80/tcp'],
      ['203.0.113.0/24', 'all'],
    ],
  );
  const range = why('203.0.113.0/24');
  assert.deepEqual(
    [range.bans.length, range.inside.count, range.inside.bans[0]?.address],
    [1, 1, '203.0.113.9'],
  );
  assert.equal(why('203.0.112.0/20').inside.count, 2);
  assert.equal(why('198.51.100.1').verdict, 'free');
});

test('of an address in a range: which range, which addresses brought its ban about, what comes next', () => {
  const { why, ban, note, clock, ledger } = setUp();
  note('near', '203.0.113.0/24', '203.0.113.7 was banned by sshd');
  const innocent = why('203.0.113.200');
  assert.deepEqual(
    [innocent.verdict, innocent.windows.map(({ address, counts }) => [address, counts])],
    ['free', [['203.0.113.0/24', 'addresses']]],
  );
  const first = ban('203.0.113.0/24', 'near');
  const shut = why('203.0.113.200');
  assert.equal(shut.verdict, 'banned');
  assert.deepEqual(
    shut.bans.map(({ address, counts, evidence }) => [address, counts, evidence.map(({ line }) => line)]),
    [['203.0.113.0/24', 'addresses', ['203.0.113.7 was banned by sshd']]],
  );
  assert.deepEqual(shut.next, [
    {
      jail: 'near',
      address: '203.0.113.0/24',
      seconds: null,
      more: 0,
      attempts: 5,
      counts: 'addresses',
      growth: { ban: 2, ofAll: false, forget: 86_400 },
    },
  ]);
  clock.seconds += 600;
  ledger.unban(first, 'expired');
  ledger.commit();
  clock.seconds += 86_401;
  ban('203.0.113.0/24', 'near');
  assert.equal(why('203.0.113.200').next[0]?.growth?.ban, 2, 'the one that is over is forgotten');
});

test('an IPv6 address is its /64', () => {
  const { why, ban, note } = setUp();
  note('web', '2001:db8:1:2::/64', 'one');
  ban('2001:db8:1:2::/64');
  const { address, counted, bans, windows } = why('2001:db8:1:2::5');
  assert.deepEqual([address, counted], ['2001:db8:1:2::5', '2001:db8:1:2::/64']);
  assert.deepEqual([bans.length, windows.length], [1, 1]);
  assert.throws(() => why('no address'), { code: 'address-invalid' });
});

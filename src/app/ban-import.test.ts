import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { jailWith } from '../../test/setup/jail.ts';
import { targetsOf } from '../../test/setup/targets.ts';
import { Allowlist } from '../core/allowlist.ts';
import { plainPolicy, splitTarget } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Ban } from '../core/types.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { FakeBackend } from '../enforce/fake.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { BanImport } from './ban-import.ts';
import { Jails } from './jails.ts';

const now = 10_000;
const since = now - 100;

/** A ledger with a kernel, and the jails `sshd` and `growing`. */
async function assemble() {
  const clock = { now: () => now };
  const allowlist = new Allowlist();
  const backend = new FakeBackend(clock);
  const ledger = new Ledger({ path: ':memory:', clock, allowlist, sessions: new Sessions() });
  const sshd = jailWith('sshd', { ignoreip: ['192.0.2.0/24'] });
  const growing = jailWith('growing', { 'bantime.increment': true });
  const jails = new Jails({ jails: [sshd, growing], maxTracked: 1_000 }, ledger);
  const enforcer = new Enforcer({
    backend,
    clock,
    desired: () => ledger.active.merged,
    policies: () => [{ policy: plainPolicy, action: 'drop', ports: null }],
    protectedReason: (target) => allowlist.reason(splitTarget(target).address),
    events: { applied: () => {}, failed: () => {}, repaired: () => {}, refused: () => {} },
    schedule: () => () => {},
  });
  await enforcer.start();
  const metrics = new Metrics();
  const commit = () => {
    ledger.commit();
    return true;
  };
  const log = pino({ level: 'silent' });
  const told: string[] = [];
  const tell = (what: string) => (bans: readonly Ban[]) =>
    told.push(...bans.map(({ address }) => `${what} ${address}`));
  const [restored, banned] = [tell('restored'), tell('banned')];
  const parts = { clock, ledger, jails, enforcer, metrics, log, allowlist, commit, banned, restored };
  const take = (bans: Parameters<BanImport['take']>[0]) =>
    new BanImport({ ...parts, defaultBantime: 60 }).take(bans);
  return { allowlist, backend, ledger, take, told };
}

/** `until` left out: the database does not say. */
function imported(address: string, jail: string, until?: number | null) {
  return { address, jail, since, ...(until !== undefined && { until }), bancount: 2, failures: 7 };
}

test('bans are taken over for the time that is left, but for those who are protected', async () => {
  const { take, backend, allowlist, ledger } = await assemble();
  allowlist.replace('ssh', [{ range: '198.51.100.9', reason: 'the peer of an SSH session' }]);
  const answer = await take([
    imported('203.0.113.7', 'sshd', now + 50),
    imported('203.0.113.7', 'sshd', now + 40),
    imported('203.0.113.8', 'sshd', null),
    imported('203.0.113.9', 'sshd'),
    imported('2001:db8:2::5', 'gone', now + 50),
    imported('203.0.113.10', 'a name of its own', now + 50),
    imported('203.0.113.11', 'sshd', now),
    imported('203.0.113.12', 'gone'),
    imported('192.0.2.1', 'sshd', null),
    imported('198.51.100.0/24', 'gone', null),
    imported('127.0.0.1', 'gone', null),
  ]);
  assert.deepEqual(answer, {
    imported: 5,
    already: 1,
    ended: 2,
    protected: [
      { address: '192.0.2.1', jail: 'sshd', reason: 'ignoreip of jail sshd' },
      { address: '198.51.100.0/24', jail: 'gone', reason: 'the peer of an SSH session' },
      { address: '127.0.0.1', jail: 'gone', reason: 'loopback' },
    ],
    unknownJails: { gone: 1, imported: 1 },
    state: 'enforcing',
    stored: true,
  });
  assert.deepEqual(
    [...ledger.active.all()].map(({ address, jail, until, hits, count }) => [
      address,
      jail,
      until,
      hits,
      count,
    ]),
    [
      ['203.0.113.7', 'sshd', now + 50, 7, 2],
      ['203.0.113.8', 'sshd', null, 7, 2],
      ['203.0.113.9', 'sshd', since + 600, 7, 2],
      ['2001:db8:2::/64', 'gone', now + 50, 7, 2],
      ['203.0.113.10', 'imported', now + 50, 7, 2],
    ],
  );
  for (const { address } of ledger.active.all()) assert.ok(backend.drops(address), address);
  assert.equal(ledger.dirty, false);
});

test('what is no address is refused before anything is banned', async () => {
  const { take, ledger } = await assemble();
  const bans = [imported('203.0.113.7', 'sshd', null), imported('alice', 'sshd')];
  await assert.rejects(take(bans), { code: 'address-invalid' });
  assert.equal(ledger.active.size, 0);
});

test('an IPv6 address is banned by the /64, unless that is the owner’s as well', async () => {
  const { take, ledger, allowlist } = await assemble();
  allowlist.replace('own', [{ range: '2001:db8:1::1', reason: 'an own address (eth0)' }]);
  await take([imported('2001:db8:1::bad', 'sshd', null), imported('2001:db8:2::bad', 'sshd', null)]);
  assert.deepEqual(targetsOf(ledger), ['2001:db8:1::bad', '2001:db8:2::/64']);
});

test('of jails that are not here, so many keep their names as metrics can bear', async () => {
  const { take, ledger } = await assemble();
  const bans = Array.from({ length: 150 }, (_, index) => imported(`10.0.0.${index}`, `jail${index}`, null));
  const { imported: count, unknownJails } = await take(bans);
  assert.deepEqual([count, Object.keys(unknownJails).length, unknownJails['imported']], [150, 101, 50]);
  assert.equal(ledger.active.size, 150);
});

test('where bans grow, those that are over are remembered for the next; they end no ban that stands', async () => {
  const { take, ledger } = await assemble();
  const over = (address: string, jail: string) => imported(address, jail, now - 1);
  await take([imported('203.0.113.9', 'growing', null)]);
  const { ended } = await take([
    over('203.0.113.7', 'growing'),
    over('203.0.113.8', 'sshd'),
    over('203.0.113.9', 'growing'),
  ]);
  assert.equal(ended, 3);
  assert.equal(ledger.bansBefore('203.0.113.7', 'growing', false), 2);
  assert.equal(ledger.bansBefore('203.0.113.8', 'sshd', false), 0, 'its jail does not ask');
  assert.deepEqual([...ledger.active.merged], [['203.0.113.9', null]]);
});

test('nobody is told of them as of news; one that is made longer is told of as such', async () => {
  const { take, told } = await assemble();
  await take([imported('203.0.113.7', 'sshd', now + 50)]);
  await take([imported('203.0.113.7', 'sshd', now + 50), imported('203.0.113.7', 'sshd', now + 60)]);
  assert.deepEqual(told, ['restored 203.0.113.7', 'banned 203.0.113.7', 'banned 203.0.113.7']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { jailWith } from '../../test/setup/jail.ts';
import { targetsOf } from '../../test/setup/targets.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { Allowlist } from '../core/allowlist.ts';
import { BatchPacker } from '../core/batch.ts';
import { plainPolicy, ruleOf, splitTarget } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Clock, Match, MatchBatch } from '../core/types.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { FakeBackend } from '../enforce/fake.ts';
import { Ledger } from '../ledger/ledger.ts';
import { expose } from '../metrics/exposition.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Allowances } from './allowances.ts';
import { BanNews } from './ban-news.ts';
import { BusyRanges } from './busy-ranges.ts';
import { Desk } from './desk.ts';
import { Events } from './events.ts';
import { Evidence } from './evidence.ts';
import { HostNames } from './host-names.ts';
import { Ineffective } from './ineffective.ts';
import { Intake } from './intake.ts';
import { Jails } from './jails.ts';
import { Neighbours } from './neighbours.ts';
import { Pipeline, type PipelineParts } from './pipeline.ts';

const jail = jailWith('sshd', { logpath: ['/log'], maxretry: 3, ignoreip: ['192.0.2.0/24'] });

/** The daemon's middle, with a fake scanner before it and a fake kernel behind it. */
async function assemble(
  configured: readonly JailConfiguration[] = [jail],
  recognise: PipelineParts['recognise'] = () => null,
) {
  const clock: Clock & { seconds: number } = { seconds: 10_000, now: () => clock.seconds };
  const allowlist = new Allowlist();
  const sessions = new Sessions();
  const backend = new FakeBackend(clock);
  const ledger = new Ledger({ path: ':memory:', clock, allowlist, sessions });
  const jails = new Jails({ jails: configured, maxTracked: 1_000 }, ledger, {
    ignores: (name) =>
      name === 'asks' ? async ({ host }) => (host === '203.0.113.1' ? 'ignored' : 'counts') : null,
  });
  const metrics = new Metrics();
  const enforcer = new Enforcer({
    backend,
    clock,
    desired: () => ledger.active.merged,
    policies: () => [plainPolicy, 'log'].map((policy) => ruleOf(policy, () => null)),
    protectedReason: (target) =>
      allowlist.reason(splitTarget(target).address, [], ledger.active.isForced(target)),
    events: { applied: () => {}, failed: () => {}, repaired: () => {}, refused: () => {} },
    schedule: () => () => {},
  });
  await enforcer.start();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const ineffective = new Ineffective(clock, () => {});
  const evidence = new Evidence({ mode: 'redacted', mostTold: () => null });
  const events = new Events();
  const pipeline = new Pipeline({
    clock,
    sessions,
    allowlist,
    ledger,
    enforcer,
    metrics,
    log,
    ineffective,
    merging: (filter) => (filter === 'names' ? 'fail2ban' : undefined),
    names: new HostNames({
      now: () => 0,
      addresses: async (name) => (name === 'bad.example' ? ['203.0.113.77'] : []),
    }),
    recognise,
    neighbours: new Neighbours(ledger, jails),
    counting: (name) => jails.counting(name),
    news: new BanNews({ notifiers: new Map(), evidence, jails: () => [], log: null }),
    evidence,
    events,
    attempted: () => {},
    banned: () => {},
  });
  const acknowledged: MatchBatch[] = [];
  const failures: unknown[] = [];
  const intake = new Intake({
    scanner: {
      open: () => 1,
      write: async () => {},
      end: async () => {},
      close: () => {},
      acknowledge: (batch) => acknowledged.push(batch),
    },
    jail: (configuration) => jails.add(configuration),
    cursor: (key) => ledger.cursor(key),
    judge: (batch, source) => pipeline.judge(batch, source),
    counted: () => {},
    failed: (error) => failures.push(error),
    closed: () => {},
    timeZone: undefined,
    setupOf: (filter) => (filter === 'sshd' ? 'Set UseDNS.' : null),
    clock,
  });
  const desk = new Desk({
    allowances: new Allowances(ledger, allowlist, clock),
    clock,
    ledger,
    jails,
    enforcer,
    metrics,
    log,
    defaultBantime: 60,
    commit: () => pipeline.commit(),
    allowlist,
    status: () => {
      throw new Error('not asked here');
    },
    refreshProtection: async () => {},
    banned: () => {},
    restored: () => {},
    explain: () => assert.fail('not asked here'),
    events,
    ended: (ban) => ineffective.ended(ban),
    teardown: async () => ({ removed: [], problems: [] }),
    notifyTest: async () => assert.fail('not asked here'),
    reload: async () => ({ applied: true, changes: [], restart: [], errors: [] }),
    apiJails: () => assert.fail('not asked here'),
  });
  const send = (source: string, hosts: readonly string[], time = clock.seconds, generation = 1) =>
    sendMatches(
      source,
      hosts.map((host) => hit(host, time)),
      generation,
    );
  const sendMatches = async (source: string, hosts: readonly Match[], generation = 1) => {
    const packer = new BatchPacker();
    for (const match of hosts) packer.add(match);
    intake.batch({
      source,
      generation,
      cursor: `after ${hosts.length}`,
      lines: hosts.length,
      bytes: 0,
      oversize: 0,
      readAtMs: 0,
      lagBytes: 0,
      ...packer.take(),
    });
    await enforcer.reconcile();
  };
  return {
    allowlist,
    backend,
    ledger,
    jails,
    intake,
    desk,
    lines,
    send,
    sendMatches,
    acknowledged,
    failures,
    clock,
    ineffective,
    evidence,
    events,
    metrics,
  };
}

function hit(host: string, time: number): Match {
  return { filter: 0, kind: 'hit', time, host, session: '', user: '', fields: '', line: '' };
}

const file = {
  id: 'file:/log',
  input: { kind: 'file', path: '/log', readers: ['j'] },
  jails: [jail],
} as const;

test('what a ban takes is measured, and times ahead of the clock are counted', async () => {
  const { intake, send, clock, metrics } = await assemble();
  intake.open(file);
  const read = async () => (await expose(metrics.series)).text.split('\n');
  await send(file.id, ['203.0.113.7', '203.0.113.7', '203.0.113.7'], clock.seconds - 20);
  await send(file.id, ['203.0.113.8'], clock.seconds + 50);
  const lines = await read();
  for (const line of [
    'bailiff_detection_delay_seconds_sum 20',
    'bailiff_detection_delay_seconds_count 1',
    'bailiff_read_to_kernel_seconds_count 1',
    'bailiff_hits_total{jail="sshd"} 4',
    'bailiff_bans_total{jail="sshd"} 1',
    'bailiff_checkpoint_duration_seconds_count 1',
  ])
    assert.ok(lines.includes(line), line);
  assert.ok(!lines.some((line) => line.startsWith('bailiff_future_hits_total{')));
  await send(file.id, ['203.0.113.8'], clock.seconds + 100);
  assert.ok((await read()).includes('bailiff_future_hits_total{jail="sshd"} 1'));
});

test('the first place in a log is stored at once: nothing that comes after it is missed over a restart', async () => {
  const { intake, send, ledger } = await assemble();
  intake.open(file);
  await send(file.id, []);
  assert.equal(ledger.dirty, false);
  await send(file.id, ['203.0.113.7']);
  assert.equal(ledger.dirty, true);
});

test('what was learned of a log is stored with the place in it, and stays until it is another', async () => {
  const { intake, ledger } = await assemble();
  intake.open(file);
  const batch = {
    source: file.id,
    generation: 1,
    lines: 0,
    bytes: 0,
    oversize: 0,
    readAtMs: 0,
    lagBytes: 0,
    ...new BatchPacker().take(),
  };
  const stored = () => [ledger.cursor(file.id), ledger.cursor(`${file.id}\nlearned`)];
  intake.batch({ ...batch, cursor: 'one', learned: 'this' });
  assert.deepEqual(stored(), ['one', 'this']);
  assert.equal(ledger.dirty, false, 'with the first place, at once');
  intake.batch({ ...batch, cursor: 'two' });
  assert.deepEqual(stored(), ['two', 'this']);
});

test('the attempt that reaches maxretry is banned in ledger and kernel, and said in one line each', async () => {
  const { intake, send, backend, ledger, lines, jails } = await assemble();
  intake.open(file);
  await send(file.id, ['203.0.113.7', '203.0.113.7', '203.0.113.8']);
  assert.equal(backend.drops('203.0.113.7'), false);
  await send(file.id, ['203.0.113.7', '203.0.113.7', '203.0.113.7']);
  assert.equal(backend.drops('203.0.113.7'), true);
  assert.equal(backend.drops('203.0.113.8'), false);
  assert.deepEqual(
    [...ledger.active.all()],
    [
      {
        address: '203.0.113.7',
        jail: 'sshd',
        since: 10_000,
        until: 10_600,
        hits: 3,
        policy: 'drop',
        count: 1,
        forced: false,
      },
    ],
  );
  assert.equal(ledger.cursor(file.id), 'after 3');
  const bans = lines.filter(({ msg }) => msg === 'ban');
  assert.equal(bans.length, 1, 'one burst is one ban');
  assert.deepEqual(
    [bans[0]?.['jail'], bans[0]?.['address'], bans[0]?.['hits'], bans[0]?.['duration']],
    ['sshd', '203.0.113.7', 3, '10m'],
  );
  const hits = lines.filter(({ msg }) => msg === 'hit');
  assert.deepEqual(
    hits.map(({ address, count }) => `${address} ${count}`),
    ['203.0.113.7 1', '203.0.113.7 2', '203.0.113.8 1', '203.0.113.7 3'],
  );
  assert.deepEqual([jails.get('sshd')?.hits, jails.get('sshd')?.bans], [6, 1]);
});

test('protected addresses are never banned, from the global list or the jail’s own', async () => {
  const { intake, send, ledger, allowlist } = await assemble();
  allowlist.replace('own', [{ range: '198.51.100.4', reason: 'an own address (eth0)' }]);
  intake.open(file);
  for (const address of ['127.0.0.1', '198.51.100.4', '192.0.2.9', '::1', 'fe80::1']) {
    await send(file.id, Array(10).fill(address));
  }
  assert.equal(ledger.active.size, 0);
  assert.equal(intake.status()[0]?.warning, null, 'a file names nobody’s gateway');
});

test('a ban waits for who has to be asked, and others do not; whoever is spoken for is not banned', async () => {
  const answers = new Map<string, () => void>();
  const { intake, send, ledger, backend, allowlist, lines } = await assemble([jail], (_jail, host) => {
    const answer = Promise.withResolvers<void>();
    if (host === '203.0.113.9') return null;
    answers.set(host, answer.resolve);
    return answer.promise;
  });
  intake.open(file);
  const hosts = ['203.0.113.7', '203.0.113.8', '203.0.113.9'];
  await send(file.id, [...hosts, ...hosts, ...hosts, ...hosts]);
  assert.deepEqual(targetsOf(ledger), ['203.0.113.9']);
  assert.deepEqual([...answers.keys()], ['203.0.113.7', '203.0.113.8']);
  allowlist.replace('ignoreip', [{ range: '203.0.113.8', reason: 'ignoreip: .example.jp' }]);
  for (const answer of answers.values()) answer();
  await new Promise(setImmediate);
  assert.deepEqual(targetsOf(ledger), ['203.0.113.9', '203.0.113.7']);
  assert.equal(ledger.active.get('sshd', '203.0.113.7')?.hits, 3, 'one burst is one ban');
  const spared = lines.filter(({ msg }) => msg === 'not banned');
  assert.deepEqual(
    spared.map(({ address, reason }) => [address, reason]),
    [['203.0.113.8', 'ignoreip: .example.jp']],
  );
  await send(file.id, []);
  assert.equal(backend.drops('203.0.113.7'), true);
});

test('IPv6 is banned by the /64, unless that is the owner’s as well', async () => {
  const { intake, send, ledger, allowlist } = await assemble();
  allowlist.replace('own', [{ range: '2001:db8:1::1', reason: 'an own address (eth0)' }]);
  intake.open(file);
  await send(file.id, ['2001:db8:2::1', '2001:db8:2::2', '2001:db8:2::3']);
  await send(file.id, Array(3).fill('2001:db8:1::bad'));
  assert.deepEqual(targetsOf(ledger), ['2001:db8:2::/64', '2001:db8:1::bad']);
});

test('Docker’s gateway in a container’s log is reported as a masked source', async () => {
  const { intake, send, ledger, allowlist } = await assemble();
  allowlist.replace('docker', [{ range: '172.17.0.1', reason: 'the gateway of Docker network bridge' }]);
  const web = { id: 'docker:web', input: { kind: 'stream', framing: 'docker-raw' }, jails: [jail] } as const;
  intake.open(web);
  await send(web.id, Array(9).fill('172.17.0.1'));
  assert.equal(ledger.active.size, 0);
  assert.match(
    intake.status()[0]?.warning ?? '',
    /source masked: the log names 172\.17\.0\.1, the gateway of Docker network bridge/,
  );
  const [finding] = intake.findings();
  assert.deepEqual(
    [finding?.jail, finding?.remedies[0]],
    ['sshd', { behind: 'the service', remedy: 'Set UseDNS.' }],
  );
  for (let address = 1; address <= 100; address++) await send(web.id, [`203.0.113.${address}`]);
  assert.equal(intake.status()[0]?.warning, null, 'the clients are named now');
});

test('batches of a request that was replaced are acknowledged and not judged', async () => {
  const { intake, send, jails, acknowledged } = await assemble();
  intake.open(file);
  await send(file.id, ['203.0.113.7'], 10_000, 0);
  await send('file:/unknown', ['203.0.113.7']);
  assert.equal(jails.get('sshd')?.hits, 0);
  assert.equal(acknowledged.length, 2);
});

test('what a removed container handed over is judged before its source is forgotten', async () => {
  const { intake, send, jails } = await assemble();
  const web = { id: 'docker:web', input: { kind: 'stream', framing: 'docker-raw' }, jails: [jail] } as const;
  const source = intake.open(web);
  const ended = source.end('the container stopped');
  source.close();
  await send(web.id, ['203.0.113.7']);
  assert.equal(jails.get('sshd')?.hits, 1);
  assert.equal(intake.status().length, 1);
  intake.state(web.id, 'ended', '');
  await ended;
  assert.deepEqual(intake.status(), []);
});

test('a stream that ended says why, until its container is removed', async () => {
  const { intake } = await assemble();
  const web = { id: 'docker:web', input: { kind: 'stream', framing: 'docker-raw' }, jails: [jail] } as const;
  const source = intake.open(web);
  const ended = source.end('the container stopped');
  intake.state(web.id, 'ended', '');
  await ended;
  assert.deepEqual(
    intake.status().map(({ state, detail }) => [state, detail]),
    [['ended', 'the container stopped']],
  );
  source.close();
  assert.deepEqual(intake.status(), []);
});

test('a fault in judging is said, and the batches that follow are judged', async () => {
  const { intake, send, jails, acknowledged, failures, allowlist, ledger, backend } = await assemble();
  intake.open(file);
  allowlist.protection = (address) => {
    if (address === '203.0.113.66') throw new Error('a fault');
    return null;
  };
  await send(file.id, [...Array(3).fill('203.0.113.9'), '203.0.113.66', '203.0.113.7']);
  assert.equal(String(failures[0]), 'Error: a fault');
  assert.equal(backend.drops('203.0.113.9'), true, 'what was decided before it holds');
  assert.equal(ledger.cursor(file.id), 'after 5');
  Reflect.deleteProperty(allowlist, 'protection');
  await send(file.id, ['203.0.113.7']);
  assert.equal(jails.get('sshd')?.hits, 4);
  assert.equal(acknowledged.length, 2);
});

test('by hand: banned exactly as named, let in again also by an address of the /64', async () => {
  const { desk, backend, intake, send } = await assemble();
  const { ban, outcome, enforced } = await desk.ban({ address: '198.51.100.0/24' });
  assert.deepEqual([outcome, enforced, ban.jail, ban.until], ['banned', true, 'manual', 10_060]);
  assert.equal(backend.drops('198.51.100.0/24'), true);
  assert.equal((await desk.ban({ address: '203.0.113.9', jail: 'sshd' })).ban.until, 10_600);
  assert.equal((await desk.ban({ address: '203.0.113.10', for: '-1' })).ban.until, null);
  assert.equal((await desk.ban({ address: '203.0.113.10', for: '1h' })).outcome, 'already');
  intake.open(file);
  await send(file.id, Array(3).fill('2001:db8:2::1'));
  assert.deepEqual(
    (await desk.unban({ address: '2001:db8:2::99' })).unbanned.map(({ address }) => address),
    ['2001:db8:2::/64'],
  );
  assert.equal(backend.drops('2001:db8:2::/64'), false);
  assert.equal((await desk.unban({ address: '203.0.113.99' })).unbanned.length, 0);
  assert.equal((await desk.unban({ all: true })).unbanned.length, 3);
  assert.equal(desk.bans().length, 0);
});

test('by hand: what is protected, no address, or in no jail is refused with the reason', async () => {
  const { desk } = await assemble();
  await assert.rejects(desk.ban({ address: '127.0.0.0/8' }), {
    code: 'address-protected',
    message: /loopback/,
  });
  await assert.rejects(desk.ban({ address: '192.0.2.1', jail: 'sshd' }), { code: 'address-protected' });
  await assert.rejects(desk.ban({ address: 'example.com' }), { code: 'address-invalid' });
  await assert.rejects(desk.ban({ address: '203.0.113.1', jail: 'nope' }), { code: 'jail-not-found' });
  await assert.rejects(desk.ban({ address: '203.0.113.1', for: 'soon' }), { code: 'duration-invalid' });
  await assert.rejects(desk.unban({ address: '203.0.113.1', jail: 'nope' }), { code: 'jail-not-found' });
});

test('a range is let in with all that is banned inside it; a wider ban stands and is named', async () => {
  const { desk, backend } = await assemble();
  await desk.ban({ address: '198.51.100.0/24' });
  await desk.ban({ address: '198.51.100.7' });
  const inner = await desk.unban({ address: '198.51.100.7' });
  assert.deepEqual(
    inner.unbanned.map(({ address }) => address),
    ['198.51.100.7'],
  );
  assert.deepEqual(
    inner.covering.map(({ address }) => address),
    ['198.51.100.0/24'],
  );
  await desk.ban({ address: '198.51.100.7' });
  assert.equal((await desk.unban({ address: '198.51.100.0/24' })).unbanned.length, 2);
  assert.equal(backend.drops('198.51.100.7'), false);
});

test('who is put on an ignore list is let in, also by a jail’s own list', async () => {
  const { desk, backend, allowlist, ledger, intake, send } = await assemble();
  intake.open(file);
  await send(file.id, [...Array(3).fill('203.0.113.7'), ...Array(3).fill('203.0.113.8')]);
  allowlist.replace('ignoreip', [{ range: '203.0.113.7', reason: 'ignoreip' }]);
  assert.deepEqual(
    desk.releaseProtected().map(({ address }) => address),
    ['203.0.113.7'],
  );
  await send(file.id, []);
  assert.deepEqual([backend.drops('203.0.113.7'), backend.drops('203.0.113.8')], [false, true]);
  assert.deepEqual(targetsOf(ledger), ['203.0.113.8']);
});

test('a ban whose time is over leaves the kernel, and counting starts from nothing', async () => {
  const { desk, backend, intake, send, ledger, clock } = await assemble();
  intake.open(file);
  await send(file.id, Array(3).fill('203.0.113.7'));
  clock.seconds += 600;
  await desk.end(ledger.active.expired(clock.seconds), 'expired');
  assert.equal(backend.drops('203.0.113.7'), false);
  await send(file.id, Array(2).fill('203.0.113.7'));
  assert.equal(backend.drops('203.0.113.7'), false);
  await send(file.id, ['203.0.113.7']);
  assert.equal(backend.drops('203.0.113.7'), true);
});

test('a ban by force passes an ignore list and stays, but never one of an own address', async () => {
  const { desk, allowlist, backend } = await assemble();
  allowlist.replace('own', [{ range: '198.51.100.4', reason: 'an own address (eth0)' }]);
  allowlist.replace('ssh', [{ range: '198.51.100.9', reason: 'the peer of an SSH session' }]);
  await assert.rejects(desk.ban({ address: '198.51.100.9' }), { message: /SSH session/, remedy: /--force/ });
  for (const address of ['198.51.100.4', '198.51.100.0/24', '127.0.0.1']) {
    await assert.rejects(desk.ban({ address, force: true }), {
      code: 'address-protected',
      remedy: /Not even/,
    });
  }
  const { ban } = await desk.ban({ address: '198.51.100.9', force: true });
  assert.equal(ban.forced, true);
  assert.equal(backend.drops('198.51.100.9'), true);
  assert.deepEqual(desk.releaseProtected(), []);
});

test('hits long after a ban tell that it keeps nobody out, until it ends', async () => {
  const { intake, send, clock, ineffective, desk, ledger } = await assemble();
  intake.open({ ...file, id: 'docker:web' });
  await send('docker:web', Array(3).fill('203.0.113.7'));
  clock.seconds += 5;
  await send('docker:web', Array(5).fill('203.0.113.7'));
  assert.deepEqual(ineffective.warnings(), [], 'lines of before the ban come late');
  clock.seconds += 60;
  await send('docker:web', Array(2).fill('203.0.113.7'));
  assert.equal(ineffective.count, 0);
  await send('docker:web', ['203.0.113.7']);
  assert.equal(ineffective.count, 1);
  assert.match(
    ineffective.warnings()[0] ?? '',
    /^203\.0\.113\.7 is banned by sshd and yet docker:web shows 3 more hits: .*reverse proxy/,
  );
  await desk.end([...ledger.active.all()], 'manual');
  assert.deepEqual(ineffective.warnings(), []);
});

const fileOf = (of: JailConfiguration) => ({ ...file, jails: [of] }) as const;
const untilIdle = () => new Promise((resolve) => setImmediate(resolve));

test('who comes back is banned sooner and for longer; who was let in by hand begins from nothing', async () => {
  const growing = jailWith('sshd', { logpath: ['/log'], maxretry: 3, 'bantime.increment': true });
  const { intake, send, desk, ledger, clock } = await assemble([growing]);
  intake.open(fileOf(growing));
  const address = '203.0.113.7';
  const lasts = () => {
    const ban = ledger.active.get('sshd', address);
    return ban === undefined ? null : [Math.round((ban.until ?? 0) - ban.since), ban.count];
  };
  await send(file.id, Array(3).fill(address));
  assert.deepEqual(lasts(), [600, 1]);
  for (const [attempts, seconds, count] of [
    [2, 1_200, 2],
    [1, 2_400, 3],
  ] as const) {
    clock.seconds += 10_000;
    await desk.end(ledger.active.expired(clock.seconds), 'expired');
    await send(file.id, Array(attempts).fill(address));
    assert.deepEqual(lasts(), [seconds, count]);
  }
  await desk.unban({ address });
  await send(file.id, [address, address]);
  assert.equal(lasts(), null);
  await send(file.id, [address]);
  assert.deepEqual(lasts(), [600, 1]);
});

test('a jail may count the bans of others; what it bans is counted by none', async () => {
  const again = jailWith('again', { bans: ['*'], maxretry: 2, findtime: 86_400, bantime: 604_800 });
  const other = jailWith('other', { bans: ['again'], maxretry: 1 });
  const { intake, send, desk, ledger, clock } = await assemble([jail, again, other]);
  intake.open(file);
  for (const expected of [['sshd'], ['sshd', 'again']]) {
    await send(file.id, Array(3).fill('203.0.113.7'));
    assert.deepEqual(
      ledger.active.ofAddress('203.0.113.7').map((ban) => ban.jail),
      expected,
    );
    clock.seconds += 700;
    await desk.end(ledger.active.expired(clock.seconds), 'expired');
  }
});

test('bans by jails of labels count elsewhere only where a pattern names such ones', async () => {
  const labelled = jailWith('sshd@evil', { filter: 'sshd', maxretry: 1 });
  const growing = { 'bantime.times': [60, 600, null], 'bantime.overalljails': true, maxretry: 1 } as const;
  const counts = (name: string, ...bans: string[]) => jailWith(name, { bans, maxretry: 1 });
  const near = { ranges: { 4: 24, 6: 48 }, maxretry: 1 } as const;
  const { intake, send, ledger, jails } = await assemble([
    counts('again', '*'),
    counts('named', 'sshd*'),
    counts('trusting', '*', '*@*'),
    jailWith('range', { bans: ['*', 'sshd*'], ...near }),
    jailWith('trusting-range', { bans: ['*@evil'], ...near }),
    jailWith('web', { filter: 'sshd', logpath: ['/log'], ...growing }),
  ]);
  jails.add(labelled);
  intake.open({ ...file, jails: [labelled] });
  await send(file.id, ['203.0.113.7']);
  assert.deepEqual([...ledger.active.all()].map((ban) => `${ban.address} ${ban.jail}`).sort(), [
    '203.0.113.0/24 trusting-range',
    '203.0.113.7 sshd@evil',
    '203.0.113.7 trusting',
  ]);
  assert.equal(ledger.bansBefore('203.0.113.7', 'web', true), 1, 'of trusting');
  assert.equal(ledger.bansBefore('203.0.113.7', 'sshd@evil', true), 2, 'its own, and that');
});

test('a container that has everybody banned is stopped some time, and nobody else is', async () => {
  const labelled = jailWith('sshd@evil', { filter: 'sshd', maxretry: 1 });
  const own = jailWith('own', { filter: 'sshd', logpath: ['/log'], maxretry: 1 });
  const { intake, send, ledger, jails } = await assemble([own]);
  jails.add(labelled);
  intake.open({ ...file, jails: [labelled, own] });
  const addresses = Array.from({ length: 1_010 }, (_, n) => `198.51.${100 + Math.floor(n / 250)}.${n % 250}`);
  await send(file.id, addresses);
  const { byJail } = ledger.active;
  assert.deepEqual([byJail.get('sshd@evil'), byJail.get('own')], [1_000, 1_010], 'of 100 that it counts');
});

/** Bans a whole range where three of its addresses are banned, and counts them once each. */
const around = {
  bans: ['*'],
  ranges: { 4: 24, 6: 48 },
  maxretry: 3,
  findtime: 86_400,
  bantime: 604_800,
} as const;
const once = jailWith('sshd', { logpath: ['/log'], maxretry: 1, ignoreip: ['192.0.2.77'] });

test('where many addresses of a /24 or /48 are banned the range is, each counted once', async () => {
  const { intake, send, ledger, backend, clock, desk, evidence, jails } = await assemble([
    once,
    jailWith('web', { filter: 'sshd', logpath: ['/log'], maxretry: 1 }),
    jailWith('around', around),
  ]);
  const [web] = [...jails.all()].filter(({ configuration }) => configuration.name === 'web');
  intake.open({ ...file, jails: [once, web?.configuration ?? assert.fail()] });
  await send(file.id, ['203.0.113.1', '203.0.113.2', '203.0.113.1']);
  clock.seconds += 700;
  await desk.end(ledger.active.expired(clock.seconds), 'expired');
  await send(file.id, ['203.0.113.1', '198.51.100.1', '2001:db8:1:1::1', '2001:db8:1:2::1']);
  assert.equal(
    ledger.active.byJail.get('around'),
    undefined,
    'two addresses, though banned by two jails and again',
  );
  assert.equal(evidence.kept('around', '203.0.113.0/24').length, 2);
  await send(file.id, ['203.0.113.3', '2001:db8:1:3::1']);
  const ranges = [...ledger.active.all()].filter((ban) => ban.jail === 'around');
  assert.deepEqual(
    ranges.map(({ address, hits, policy }) => [address, hits, policy]),
    [
      ['203.0.113.0/24', 3, plainPolicy],
      ['2001:db8:1::/48', 3, plainPolicy],
    ],
  );
  assert.equal(backend.drops('203.0.113.0/24'), true);
  await send(file.id, ['203.0.113.4']);
  assert.equal(ledger.active.byJail.get('around'), 2, 'a range that is banned is');
});

test('no range is banned that holds somebody whom any jail spares, or that is protected', async () => {
  const { intake, send, ledger, allowlist, desk, jails } = await assemble([once, jailWith('around', around)]);
  allowlist.replace('own', [{ range: '198.51.100.200', reason: 'an own address (eth0)' }]);
  intake.open({ ...file, jails: [once] });
  const three = (prefix: string) => [1, 2, 3].map((last) => `${prefix}.${last}`);
  await send(file.id, [...three('192.0.2'), ...three('198.51.100'), ...three('203.0.113')]);
  const ranges = () =>
    [...ledger.active.all()].filter((ban) => ban.jail === 'around').map(({ address }) => address);
  assert.deepEqual(ranges(), ['203.0.113.0/24']);
  await assert.rejects(desk.ban({ address: '192.0.2.0/24', jail: 'around' }), { code: 'address-protected' });
  jails.add(jailWith('web', { filter: 'sshd', logpath: ['/log'], ignoreip: ['203.0.113.99'] }));
  desk.releaseProtected();
  assert.deepEqual(ranges(), [], 'whom another jail has come to spare is let in');
});

test('who lets somebody in by hand ends what was counted of the range', async () => {
  const { intake, send, ledger, desk } = await assemble([once, jailWith('around', around)]);
  intake.open({ ...file, jails: [once] });
  await send(file.id, ['203.0.113.1', '203.0.113.2']);
  await desk.unban({ address: '203.0.113.2' });
  await send(file.id, ['203.0.113.3', '203.0.113.4']);
  assert.equal(ledger.active.byJail.get('around'), undefined);
  await send(file.id, ['203.0.113.5']);
  assert.equal(ledger.active.get('around', '203.0.113.0/24')?.hits, 3);
});

test('where a program has to be asked of each address no range is banned, but in a trial', async () => {
  const asks = jailWith('asks', { filter: 'sshd', logpath: ['/log'], maxretry: 1 });
  const trial = jailWith('trial', { ...around, action: 'log' });
  const { intake, send, ledger } = await assemble([asks, jailWith('around', around), trial]);
  intake.open(fileOf(asks));
  await send(file.id, ['203.0.113.2', '203.0.113.3', '203.0.113.4']);
  await untilIdle();
  assert.deepEqual([...ledger.active.byJail.keys()].sort(), ['asks', 'trial']);
});

test('once somebody has to be asked about, ranges that are banned already are let in', async () => {
  const trial = jailWith('trial', { ...around, action: 'log' });
  const { intake, send, ledger, desk, jails } = await assemble([once, jailWith('around', around), trial]);
  intake.open(fileOf(once));
  await send(file.id, ['203.0.113.2', '203.0.113.3', '203.0.113.4']);
  await desk.ban({ address: '198.51.100.0/24', jail: 'around' });
  jails.add(jailWith('asks', { filter: 'sshd', logpath: ['/log'] }));
  desk.releaseProtected();
  const ranges = [...ledger.active.all()].filter(({ address }) => address.includes('/'));
  assert.deepEqual(ranges.map(({ address, jail: by }) => `${address} ${by}`).sort(), [
    '198.51.100.0/24 around',
    '203.0.113.0/24 trial',
  ]);
});

test('a range that comes back is banned for longer, and after as many addresses as before', async () => {
  const growing = jailWith('around', { ...around, bantime: 700, 'bantime.increment': true });
  const { intake, send, ledger, desk, clock } = await assemble([once, growing]);
  intake.open({ ...file, jails: [once] });
  for (const [first, lasts] of [
    [1, 700],
    [4, 1_400],
  ] as const) {
    await send(file.id, [`203.0.113.${first}`, `203.0.113.${first + 1}`]);
    assert.equal(ledger.active.byJail.get('around'), undefined);
    await send(file.id, [`203.0.113.${first + 2}`]);
    const ban = ledger.active.get('around', '203.0.113.0/24');
    assert.equal((ban?.until ?? 0) - (ban?.since ?? 0), lasts);
    clock.seconds += 2_000;
    await desk.end(ledger.active.expired(clock.seconds), 'expired');
  }
});

test('where no jail bans ranges, those of which many addresses are banned are known', async () => {
  const { intake, send, ledger, allowlist, jails } = await assemble([once]);
  let ms = 0;
  const busy = new BusyRanges({ active: ledger.active, allowlist, jails, monotonic: () => ms });
  intake.open({ ...file, jails: [once] });
  const some = (count: number, of: (last: number) => string) =>
    Array.from({ length: count }, (_, index) => of(index + 1));
  await send(file.id, [
    ...some(12, (last) => `192.0.2.${last}`),
    ...some(9, (last) => `198.51.100.${last}`),
    ...some(10, (last) => `2001:db8:7:${last}::1`),
  ]);
  assert.deepEqual(busy.all(), [], 'the bans of an earlier run go to the kernel first');
  ms += 10_000;
  assert.deepEqual(busy.all(), [
    { range: '192.0.2.0/24', addresses: 12, protected: 'ignoreip of jail sshd' },
    { range: '2001:db8:7::/48', addresses: 10, protected: null },
  ]);
  await send(file.id, ['198.51.100.10']);
  assert.equal(busy.all().length, 2, 'looking costs, and is done once a second');
  ms += 1_000;
  assert.equal(busy.all().length, 3);
  jails.add(jailWith('around', around));
  assert.deepEqual(busy.all(), []);
});

test('a trial of ranges bans none, and bans of trials and by hand count for none that would', async () => {
  const trial = jailWith('trial', { ...around, action: 'log' });
  const soft = jailWith('soft', { filter: 'sshd', logpath: ['/log'], maxretry: 1, action: 'log' });
  const { intake, send, ledger, desk } = await assemble([soft, trial, jailWith('around', around)]);
  intake.open({ ...file, jails: [soft] });
  for (const last of [10, 11, 12]) await desk.ban({ address: `203.0.113.${last}` });
  await send(file.id, ['203.0.113.1', '203.0.113.2', '203.0.113.3']);
  const ranges = [...ledger.active.all()].filter(({ address }) => address.includes('/'));
  assert.deepEqual(
    ranges.map(({ jail: by, policy }) => [by, policy]),
    [['trial', 'log']],
  );
  const { covering } = await desk.unban({ address: '203.0.113.1' });
  assert.deepEqual(covering, [], 'a trial shuts nobody out');
});

test("a host name in a line of fail2ban's filters counts for its addresses; nobody's name for nobody", async () => {
  const names = jailWith('names', { filter: 'names', logpath: ['/log'], maxretry: 2 });
  const { intake, send, ledger, failures } = await assemble([names]);
  intake.open(fileOf(names));
  const hosts = [
    'bad.example',
    'gone.example',
    'some-id',
    '::ffff:203.0.113.5',
    '0.0.0.0/1',
    '203.0.113.5',
    'bad.example',
  ];
  await send(file.id, hosts);
  await untilIdle();
  const banned = [...ledger.active.all()].map(({ address }) => address).sort();
  assert.deepEqual([banned, failures], [['203.0.113.5', '203.0.113.77'], []]);
  assert.equal(ledger.dirty, false, 'stored before the kernel is told');
});

test("the owner's command is asked before an attempt counts", async () => {
  const asks = jailWith('asks', { filter: 'sshd', logpath: ['/log'], maxretry: 2 });
  const { intake, send, ledger } = await assemble([asks]);
  intake.open(fileOf(asks));
  await send(file.id, ['203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.2']);
  await untilIdle();
  assert.deepEqual(
    [...ledger.active.all()].map(({ address }) => address),
    ['203.0.113.2'],
  );
});

test('a jail that shuts nobody out keeps its bans, and nothing of them comes near the kernel', async () => {
  const told = jailWith('sshd', { logpath: ['/log'], maxretry: 1, action: 'none' });
  const { intake, send, desk, ledger, backend } = await assemble([told]);
  intake.open(fileOf(told));
  await send(file.id, ['203.0.113.7', '203.0.113.7']);
  assert.equal(ledger.active.get('sshd', '203.0.113.7')?.policy, 'none');
  assert.deepEqual([ledger.active.merged.size, backend.drops('203.0.113.7')], [0, false]);
  assert.equal((await desk.unban({ address: '203.0.113.7' })).unbanned.length, 1);
});

test('the lines that led to a ban are stored with it, without what was typed; those of a flood have none', async () => {
  const { intake, sendMatches, ledger, evidence, clock } = await assemble();
  intake.open(file);
  const line = (text: string, fields = '') => ({
    ...hit('203.0.113.7', clock.seconds),
    user: 'hunter2',
    fields,
    line: text,
  });
  await sendMatches(file.id, [line('first hunter2'), line('second hunter2 x=/', '{"alt_user":"x=/"}')]);
  assert.equal(evidence.kept('sshd', '203.0.113.7').length, 2);
  await sendMatches(file.id, [line(''), hit('203.0.113.8', clock.seconds)]);
  assert.deepEqual(
    ledger.recordOf('203.0.113.7').evidence.map(({ lines }) => lines),
    [
      [
        { time: clock.seconds, source: 'file:/log', line: 'first ***' },
        { time: clock.seconds, source: 'file:/log', line: 'second *** ***' },
      ],
    ],
  );
  assert.deepEqual(evidence.kept('sshd', '203.0.113.7'), [], 'what comes next counts anew');
});

test('attempts are told to who follows them', async () => {
  const { intake, send, events, clock } = await assemble();
  intake.open(file);
  await send(file.id, ['203.0.113.7']);
  const told = new Promise<string>((resolve) => events.follow(resolve));
  await send(file.id, ['203.0.113.7']);
  assert.deepEqual(JSON.parse(await told), {
    event: 'found',
    time: clock.seconds,
    jail: 'sshd',
    address: '203.0.113.7',
    hits: 2,
    maxretry: 3,
    source: 'file:/log',
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { ControlClient } from '../../src/control/client.ts';
import type { Status } from '../../src/control/protocol.ts';
import { ask } from '../setup/ask.ts';
import { freePort } from '../setup/free-port.ts';
import { startWebReceiver } from '../setup/web-receiver.ts';

const command = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const node = ['--disable-warning=ExperimentalWarning', command];

type Options = Readonly<Record<string, unknown>>;

let folder: string;
let daemon: ReturnType<typeof start> | null;
let client: ControlClient;
/** What the daemon printed, if it has ended. */
let ended: string | null;
/** Where HTTP is answered; '': nowhere. */
let listen: string;

beforeEach(() => {
  listen = '';
  folder = mkdtempSync(join(tmpdir(), 'bailiff-reload-'));
  mkdirSync(at('filters'));
  client = new ControlClient(at('bailiff.sock'));
  daemon = null;
  ended = null;
  writeFilter('bad');
});

afterEach(async () => {
  daemon?.kill('SIGKILL');
  await daemon;
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const environment = () => ({
  BAILIFF_STATE_DIR: at('state'),
  BAILIFF_SOCKET: at('bailiff.sock'),
  BAILIFF_CONFIG: at('bailiff.yaml'),
  BAILIFF_DOCKER: 'false',
  BAILIFF_ENFORCE: 'dry-run',
  BAILIFF_LISTEN: listen,
});

function start() {
  return execa(process.execPath, [...node, 'run'], { reject: false, all: true, env: environment() });
}

/** What its lines look like: `2026-11-27T22:00:00Z bad from 203.0.113.7`. */
function writeFilter(word: string): void {
  const filter = { kind: 'regex', expressions: [{ hit: `^ ?${word} from <HOST>$` }] };
  const sample = {
    line: `2026-11-27T22:00:00Z ${word} from 203.0.113.7`,
    yields: 'hit',
    host: '203.0.113.7',
  };
  writeFileSync(
    at('filters/bad.yaml'),
    stringify({ name: 'bad', description: `lines with ${word}`, ...filter, samples: [sample] }),
  );
}

function configure(jails: Readonly<Record<string, Options>>, options: Options = {}): void {
  const all = { 'filter-directory': at('filters'), ...options, jails };
  writeFileSync(at('bailiff.yaml'), stringify(all));
}

const jail = (log: string, options: Options = {}): Options => ({
  filter: 'bad',
  logpath: at(log),
  ...options,
});

/** As many lines of an address at the end of a log. */
function write(log: string, address: string, count = 1, word = 'bad'): void {
  appendFileSync(at(log), `${new Date().toISOString()} ${word} from ${address}\n`.repeat(count));
}

async function begin(): Promise<void> {
  daemon = start();
  void daemon.then(({ all }) => {
    ended = String(all);
  });
  await statusWhere(({ sources, problems }) => !problems.includes('still starting') && isRead(sources));
}

const isRead = (sources: Status['sources']): boolean =>
  sources.length > 0 && sources.every(({ state }) => state === 'reading');

/** Waits for it; the run's own time limit ends a test that waits in vain. */
async function statusWhere(holds: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await client.status().catch(() => null);
    if (status !== null && holds(status)) return status;
    if (ended !== null) assert.fail(`the daemon ended: ${ended}`);
    await setTimeout(20);
  }
}

const hitsOf = ({ jails }: Status, name: string): number | undefined =>
  jails.find((each) => each.name === name)?.hits;

async function untilHits(name: string, hits: number): Promise<void> {
  await statusWhere((status) => (hitsOf(status, name) ?? 0) >= hits);
}

async function reload(...flags: string[]) {
  return execa(process.execPath, [...node, 'reload', ...flags], { reject: false, env: environment() });
}

const banned = async () =>
  (await client.bans()).map(({ address, jail: name }) => `${address} ${name}`).sort();

test('jails come, go and change; what was counted goes on, and bans stay', async () => {
  for (const log of ['a.log', 'b.log']) writeFileSync(at(log), '');
  configure({ one: jail('a.log', { maxretry: 3 }), two: jail('b.log', { maxretry: 5 }) });
  listen = `127.0.0.1:${await freePort()}`;
  await begin();
  write('a.log', '203.0.113.1', 2);
  write('a.log', '203.0.113.9', 3);
  write('b.log', '203.0.113.2', 1);
  await untilHits('one', 5);
  await untilHits('two', 1);
  configure({
    one: jail('a.log', { maxretry: 3, bantime: '1h' }),
    two: jail('b.log', { maxretry: 2 }),
    three: jail('c.log', { maxretry: 1 }),
  });
  const first = await reload();
  assert.deepEqual(first.stdout.split('\n'), ['jail three runs', 'jail one: bantime', 'jail two: maxretry']);
  assert.equal(first.exitCode, 0);
  write('a.log', '203.0.113.1');
  write('b.log', '203.0.113.2');
  write('c.log', '203.0.113.3');
  await statusWhere(({ jails }) => jails.reduce((sum, { active }) => sum + active, 0) === 4);
  assert.deepEqual(await banned(), [
    '203.0.113.1 one',
    '203.0.113.2 two',
    '203.0.113.3 three',
    '203.0.113.9 one',
  ]);
  const restarts = (await client.status()).sources.map(({ restarts: count }) => count);
  assert.deepEqual(restarts, [0, 0, 0], 'no source was opened again');

  configure({ one: jail('a.log', { maxretry: 3, bantime: '1h' }), two: jail('b.log', { enabled: false }) });
  const second = JSON.parse((await reload('--json')).stdout);
  assert.equal(second.applied, true);
  assert.deepEqual(second.changes, [
    'jail two runs no more; its bans stay until their time is over',
    'jail three runs no more; its bans stay until their time is over',
  ]);
  const after = await statusWhere(({ sources }) => sources.length === 1);
  assert.deepEqual(
    after.jails.map(({ name }) => name),
    ['one'],
  );
  assert.equal((await banned()).length, 4);
  const metrics = async () => (await fetch(`http://${listen}/metrics`)).text();
  assert.match(await metrics(), /jail="three"/);
  assert.equal((await client.unban({ address: '203.0.113.3', jail: 'three' })).unbanned.length, 1);
  assert.doesNotMatch(await metrics(), /jail="three"/, 'its series go with its last ban');
  write('c.log', '203.0.113.4');
  configure({ one: jail('a.log', { maxretry: 3, bantime: '1h' }), three: jail('c.log', { maxretry: 1 }) });
  await client.reload();
  await statusWhere((status) => hitsOf(status, 'three') === 1);
  assert.deepEqual(await banned(), [
    '203.0.113.1 one',
    '203.0.113.2 two',
    '203.0.113.4 three',
    '203.0.113.9 one',
  ]);
});

test('a wrong configuration changes nothing and says where; what needs a restart is told', async () => {
  writeFileSync(at('a.log'), '');
  configure({ one: jail('a.log', { maxretry: 3 }) });
  await begin();
  writeFileSync(
    at('bailiff.yaml'),
    `filter-directory: ${at('filters')}\njails:\n  one: {filter: bad, logpath: ${at('a.log')}, maxretry: 1}\n  two:\n    filtr: bad\n`,
  );
  const refused = await reload();
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stdout, /bailiff\.yaml:5:5: unknown key "jails\.two\.filtr"/);
  const checked = await execa(process.execPath, [...node, 'check'], { reject: false, env: environment() });
  assert.equal(refused.stdout, checked.stdout);
  const status = await client.status();
  assert.equal(status.reload?.applied, false);
  assert.ok(status.warnings.some((warning) => /not reloaded.*bailiff\.yaml:5:5/.test(warning)));
  assert.deepEqual(
    status.jails.map(({ name, maxretry }) => [name, maxretry]),
    [['one', 3]],
  );
  const shown = await execa(process.execPath, [...node, 'status'], { env: environment() });
  assert.match(shown.stdout, /Configuration: REFUSED/);

  configure({ one: jail('a.log', { maxretry: 2 }) }, { 'log-format': 'json' });
  const applied = await reload();
  assert.deepEqual(applied.stdout.split('\n'), ['jail one: maxretry', 'needs a restart: log-format']);
  assert.deepEqual((await client.reload()).restart, ['log-format'], 'it still does');
  assert.equal((await client.status()).jails[0]?.maxretry, 2);
});

test('a signal, or the file itself, where that is wanted; filters and lists are read again', async () => {
  writeFileSync(at('a.log'), '');
  configure({ one: jail('a.log', { maxretry: 2 }) });
  await begin();
  write('a.log', '203.0.113.1');
  await untilHits('one', 1);
  writeFilter('wrong');
  configure({ one: jail('a.log', { maxretry: 2 }) }, { 'reload-on-change': true });
  daemon?.kill('SIGHUP');
  const { reload: first } = await statusWhere((status) => status.reload !== null);
  assert.deepEqual(first?.changes, ['filter bad was read again', 'reload-on-change changed']);
  write('a.log', '203.0.113.1');
  write('a.log', '203.0.113.1', 1, 'wrong');
  await statusWhere(({ jails }) => jails[0]?.active === 1);
  assert.equal(hitsOf(await client.status(), 'one'), 2);
  configure(
    { one: jail('a.log', { maxretry: 2 }) },
    { 'reload-on-change': true, defaults: { ignoreip: '203.0.113.0/24' } },
  );
  await statusWhere((status) => status.reload?.time !== first?.time);
  assert.deepEqual(await banned(), []);
});

test('a jail of the API that the configuration comes to have is left out, and said', async () => {
  writeFileSync(at('a.log'), '');
  configure({ one: jail('a.log') });
  await begin();
  const body = jail('b.log', { maxretry: 7 });
  await ask({ socketPath: at('bailiff.sock') }, 'PUT', '/jails/two', { body });
  configure({ one: jail('a.log'), two: jail('b.log', { maxretry: 2 }) });
  assert.deepEqual((await client.reload()).changes, ['jail two: maxretry']);
  const { warnings } = await client.status();
  assert.ok(
    warnings.some((warning) => /^jail two of the API is left out/.test(warning)),
    warnings.join(),
  );
  await ask({ socketPath: at('bailiff.sock') }, 'DELETE', '/jails/two');
  assert.ok(!(await client.status()).warnings.some((warning) => warning.includes('left out')));
});

test('who is told, what the API asks for and how long the past is kept change with a reload', async (t) => {
  writeFileSync(at('a.log'), '');
  const receivers = [await startWebReceiver(), await startWebReceiver()] as const;
  t.after(() => receivers.map((receiver) => receiver.close()));
  const port = await freePort();
  const api = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token.repeat(32)}` };
    return (await ask({ host: '127.0.0.1', port }, 'GET', '/status', { headers })).status;
  };
  const variant = (url: string, token: string, options: Options = {}): void =>
    configure(
      { one: jail('a.log', { maxretry: 1 }) },
      {
        notify: { hook: { type: 'webhook', url, group: '1s', kinds: 'ban', ...options } },
        'api-listen': port,
        'api-read-token': token.repeat(32),
      },
    );
  // Nobody is there: what is to be told waits, and would be tried again later and later.
  variant('http://127.0.0.1:1/', 'a');
  await begin();
  write('a.log', '203.0.113.1');
  await statusWhere(({ notifiers }) => (notifiers[0]?.failed ?? 0) > 1);
  assert.deepEqual([await api('a'), await api('b')], [200, 401]);
  variant(receivers[0].url, 'b');
  const first = await client.reload();
  assert.deepEqual(
    [first.changes, first.restart],
    [['api-listen, api-read-token or api-write-token changed', 'notify changed'], []],
  );
  await receivers[0].until(1);
  assert.deepEqual([await api('a'), await api('b')], [401, 200]);
  variant(receivers[1].url, 'b', { lines: 0 });
  await client.reload();
  write('a.log', '203.0.113.2');
  await receivers[1].until(1);
  const told = receivers.map(({ requests }) =>
    requests.map(({ body }) => JSON.parse(body).title.split(' ').at(-1)),
  );
  assert.deepEqual(told, [['203.0.113.1'], ['203.0.113.2']]);
  configure({ one: jail('a.log', { maxretry: 1 }) }, { evidence: 'off' });
  const last = await client.reload();
  assert.deepEqual(
    [last.changes, last.restart],
    [['api-listen, api-read-token or api-write-token changed', 'evidence changed', 'notify changed'], []],
  );
  await assert.rejects(api('b'), { code: 'ECONNREFUSED' });
  write('a.log', '203.0.113.3');
  await statusWhere(({ jails, notifiers }) => jails[0]?.active === 3 && notifiers.length === 0);
  assert.deepEqual((await client.why('203.0.113.3')).bans[0]?.evidence, []);
  assert.equal(receivers[1].requests.length, 1);
});

/** Lines a second to each source, in portions; reloads, and how far apart. */
const rate = 1_000;
const portionMs = 20;
const reloads = 100;
const pauseMs = 100;

test(`under ${rate} lines a second to each source, over ${reloads} reloads no line is lost or doubled`, {
  timeout: 240_000,
}, async (t) => {
  const logs = ['a.log', 'b.log'];
  for (const log of logs) writeFileSync(at(log), '');
  const variant = (count: number): void => {
    const [odd, third] = [count % 2 === 1, count % 3 === 0];
    // Of both filters the lines are the same.
    if (third) writeFilter(count % 2 === 0 ? 'bad' : '(?:bad)');
    const rare = { maxretry: 10_000, findtime: '1d' };
    configure(
      {
        one: jail('a.log', { ...rare, maxretry: odd ? 9_000 : 10_000 }),
        two: jail('b.log', { ...rare, bantime: `${count + 1}m` }),
        three: { ...rare, filter: 'bad', syslog: 'message:service' },
        ...(odd ? { other: jail('a.log', { filter: 'sshd' }) } : {}),
      },
      { 'syslog-listen': `unix:${at('syslog.sock')}` },
    );
  };
  variant(0);
  await begin();
  const viaApi = async (count: number): Promise<void> => {
    const body = {
      filter: 'bad',
      logpath: at('b.log'),
      maxretry: 10_000,
      findtime: '1d',
      bantime: `${count + 1}m`,
    };
    const { status } = await ask({ socketPath: at('bailiff.sock') }, 'PUT', '/jails/four', { body });
    assert.equal(status, 200);
  };
  await viaApi(0);
  const sender = connect(at('syslog.sock'));
  t.after(() => sender.destroy());
  await once(sender, 'connect');
  let written = 0;
  const began = performance.now();
  const writing = setInterval(() => {
    const due = ((performance.now() - began) * rate) / 1_000;
    while (written < due) {
      const address = `203.0.113.${written++ % 250}`;
      for (const log of logs) write(log, address);
      sender.write(`<34>1 ${new Date().toISOString()} host service - - - bad from ${address}\n`);
    }
  }, portionMs);
  try {
    for (let count = 1; count <= reloads; count++) {
      variant(count);
      const answer = await client.reload();
      assert.equal(answer.applied, true, answer.errors.map(({ text }) => text).join());
      if (count % 5 === 0) await viaApi(count);
      if (count % 20 === 0) renameSync(at('a.log'), at('a.log.1'));
      await setTimeout(pauseMs);
    }
  } finally {
    clearInterval(writing);
  }
  const seconds = (performance.now() - began) / 1_000;
  const jails = ['one', 'two', 'three', 'four'];
  const settled = await statusWhere((status) =>
    jails.every((name) => (hitsOf(status, name) ?? 0) >= written),
  );
  // What comes twice would come after.
  await setTimeout(1_000);
  const last = await client.status();
  for (const status of [settled, last]) {
    const hits = jails.map((name) => hitsOf(status, name));
    const ids = [...logs.map((log) => `file:${at(log)}`), 'syslog:message:service'];
    const lines = ids.map((each) => status.sources.find(({ id }) => id === each)?.lines);
    assert.deepEqual([hits, lines], [jails.map(() => written), ids.map(() => written)]);
  }
  t.diagnostic(`${written} lines of each source, ${Math.round(written / seconds)} a second`);
});

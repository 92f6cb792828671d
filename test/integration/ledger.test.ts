import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import { Namespace } from './namespace.ts';

const bailiff = fileURLToPath(new URL('../../bin/bailiff', import.meta.url));

let host: Namespace;
let folder: string;
let state: string;
let log: string;
let daemon: ReturnType<typeof run> | null = null;

beforeEach(async () => {
  host = await Namespace.create();
  folder = mkdtempSync(join(tmpdir(), 'bailiff-ledger-'));
  state = join(folder, 'state');
  log = join(folder, 'auth.log');
  writeFileSync(log, '');
});
afterEach(async () => {
  await stop('SIGKILL');
  await host.remove();
  await execa('umount', [state], { reject: false });
  rmSync(folder, { recursive: true });
});

const client = (): ControlClient => new ControlClient(join(folder, 'bailiff.sock'));

/** Starts the real daemon in a network of its own. */
function run(environment: Readonly<Record<string, string>> = {}) {
  const [file, ...args] = host.entering(bailiff, ['run']);
  return execa(file, args, {
    reject: false,
    all: true,
    stdin: 'ignore',
    env: {
      BAILIFF_STATE_DIR: state,
      BAILIFF_SOCKET: join(folder, 'bailiff.sock'),
      BAILIFF_CONFIG: '',
      BAILIFF_DOCKER_SOCKET: join(folder, 'no-docker.sock'),
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: log,
      BAILIFF_JAIL_SSHD_MAXRETRY: '3',
      BAILIFF_ENFORCE: 'iptables',
      BAILIFF_LISTEN: '',
      ...environment,
    },
  });
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const running = run(environment);
  daemon = running;
  let ended = false;
  void running.then(() => {
    ended = true;
  });
  await until('the daemon answers', async () => {
    if (ended) throw new Error((await running).all);
    const status = await client()
      .status()
      .catch(() => null);
    return status !== null && !status.problems.includes('still starting');
  });
}

async function stop(signal: NodeJS.Signals): Promise<string> {
  daemon?.kill(signal);
  const ended = await daemon;
  daemon = null;
  return ended?.all ?? '';
}

/** Polls: what happens in another process can only be asked for. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition()) return;
    await setTimeout(50);
  }
  throw new Error(`it never came so far: ${what}`);
}

async function inKernel(): Promise<string[]> {
  const saved = `${await host.must('ipset', 'save', 'bailiff4')}\n${await host.must('ipset', 'save', 'bailiff6')}`;
  return [...saved.matchAll(/^add \S+ (\S+) /gm)]
    .map(([, address = '']) => address)
    .filter((address) => address !== '127.66.66.66')
    .sort();
}

const path = (): string => join(state, 'bailiff.db');

function fail(address: string, times: number): void {
  const date = new Date().toISOString();
  appendFileSync(
    log,
    `${date} host sshd[77]: Failed password for root from ${address} port 40000 ssh2\n`.repeat(times),
  );
}

/** Lines of one connection, as sshd writes them. */
function say(session: number, ...contents: readonly string[]): void {
  const date = new Date().toISOString();
  appendFileSync(log, contents.map((content) => `${date} host sshd[${session}]: ${content}\n`).join(''));
}

/** Until so many lines of a log are judged. */
async function judged(lines: number, path = log): Promise<void> {
  await until('all is judged', async () => {
    const [source] = (await client().status()).sources.filter(({ id }) => id === `file:${path}`);
    return source?.lag === 0 && source.lines >= lines;
  });
}

/** A directory of fail2ban's: a jail whose expression spans lines, and one that finds dates as fail2ban does. */
function fail2banDirectory(): string {
  const dir = join(folder, 'fail2ban');
  mkdirSync(join(dir, 'filter.d'), { recursive: true });
  const pairs = '[Init]\nmaxlines = 3\n[Definition]\nfailregex = begins$<SKIPLINES>.* fails for <ADDR>$\n';
  writeFileSync(join(dir, 'filter.d/pairs.conf'), pairs);
  writeFileSync(join(dir, 'filter.d/dates.conf'), '[Definition]\nfailregex = failed from <ADDR>$\n');
  mkdirSync(join(dir, 'action.d'));
  writeFileSync(
    join(dir, 'action.d/shut.conf'),
    '[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n',
  );
  const common = 'enabled = true\nmaxretry = 1\naction = shut\n';
  const jailOf = (name: string) => `[${name}]\n${common}filter = ${name}\nlogpath = ${logOf(name)}\n`;
  writeFileSync(join(dir, 'jail.conf'), jailOf('pairs') + jailOf('dates'));
  for (const name of ['pairs', 'dates']) writeFileSync(logOf(name), '');
  return dir;
}

const logOf = (name: string): string => join(folder, `${name}.log`);

/** A line of the jail `dates`: what stands for the user has the same place and length in each. */
function failAs(user: string, address: string): void {
  const date = new Date().toISOString().slice(0, 19).replace('T', ' ');
  appendFileSync(logOf('dates'), `user=${user} at ${date} failed from ${address}\n`);
}

describe('SIGKILL', { timeout: 120_000 }, () => {
  test('in the middle of connections: failures that wait for their address find it afterwards', async () => {
    await start();
    const sessions = Array.from({ length: 40 }, (_, index) => 1_000 + index);
    const addressOf = (session: number): string => `198.51.100.${session - 900}`;
    // Of each second one the address comes first, of the others the failures.
    const named = (session: number): string => `Connection from ${addressOf(session)} port 40000`;
    const failure = 'User root not allowed because account is locked';
    const failures = [failure, failure, failure];
    for (const session of sessions) say(session, ...(session % 2 === 0 ? [named(session)] : failures));
    await judged(80);
    // A commit that holds no verdict comes once a second.
    await setTimeout(1_500);
    assert.deepEqual(await client().bans(), []);
    await stop('SIGKILL');
    await start();
    for (const session of sessions) say(session, ...(session % 2 === 0 ? failures : [named(session)]));
    await until('all are banned', async () => (await client().bans()).length === sessions.length);
    const bans = await client().bans();
    assert.deepEqual(
      bans.map(({ address, hits }) => `${address} ${hits}`).sort(),
      sessions.map((session) => `${addressOf(session)} 3`).sort(),
    );
  });

  test("between the lines of one attempt of fail2ban's filters, and with the place of the dates learned", async () => {
    const environment = { BAILIFF_JAILS: '', BAILIFF_FAIL2BAN_DIR: fail2banDirectory(), TZ: 'UTC' };
    await start(environment);
    appendFileSync(logOf('pairs'), 'it begins\n');
    failAs('somebody or another', '192.0.2.1');
    await judged(1, logOf('pairs'));
    await judged(1, logOf('dates'));
    await setTimeout(1_500);
    await stop('SIGKILL');
    await start(environment);
    // The client's own date comes first in the line: who has learned nothing takes it, and the attempt for one of long ago.
    failAs('2020-01-01 00:00:00', '198.51.100.2');
    appendFileSync(logOf('pairs'), 'it fails for 198.51.100.1\n');
    const banned = async () =>
      (await client().bans()).map(({ address, jail }) => `${jail} ${address}`).sort();
    await until('both are banned', async () => (await banned()).length >= 3);
    assert.deepEqual(await banned(), ['dates 192.0.2.1', 'dates 198.51.100.2', 'pairs 198.51.100.1']);
  });
});

describe('a ledger in trouble', { timeout: 240_000 }, () => {
  test('damaged at the start: nobody who is shut out walks free', async () => {
    await start();
    await client().ban({ address: '203.0.113.7', for: '1h' });
    await client().ban({ address: '198.51.100.0/24', for: '-1' });
    await client().ban({ address: '2001:db8:1:2::/64', for: '2h' });
    const before = await inKernel();
    assert.deepEqual(before, ['198.51.100.0/24', '2001:db8:1:2::/64', '203.0.113.7']);
    await stop('SIGKILL');
    writeFileSync(path(), 'Dear diary,\n'.repeat(5_000));
    // With its log SQLite would mend it by itself.
    rmSync(`${path()}-wal`);
    const leaving: string[] = [];
    const watching = setInterval(() => {
      void inKernel().then((now) => leaving.push(...before.filter((address) => !now.includes(address))));
    }, 50);
    await start();
    clearInterval(watching);
    assert.deepEqual(await inKernel(), before);
    assert.deepEqual(leaving, [], 'not for a moment');
    const bans = await client().bans();
    assert.deepEqual(
      bans.map(({ address, jail }) => `${jail} ${address}`).sort(),
      before.map((address) => `restored ${address}`),
    );
    const left = (bans.find(({ address }) => address === '203.0.113.7')?.until ?? 0) - Date.now() / 1000;
    assert.ok(left > 3_000 && left <= 3_601, `${left} s are left of the hour`);
    const forEver = bans.find(({ address }) => address === '198.51.100.0/24')?.until ?? 0;
    assert.ok(forEver > Date.now() / 1000 + 24 * 86_400, 'the longest time that a kernel can hold');
    const { warnings } = await client().status();
    assert.match(
      warnings.join('\n'),
      /the database was damaged \(file is not a database\) and has been moved to .*corrupt/,
    );
    assert.equal(readdirSync(state).filter((name) => name.includes('.corrupt-')).length, 1);
    await stop('SIGTERM');
    await start();
    assert.equal((await client().bans()).length, 3, 'and they are stored');
    assert.doesNotMatch((await client().status()).warnings.join('\n'), /damaged/);
  });

  test('of a newer Bailiff: it is left alone, the message says what to do, the bans stay', async () => {
    await start();
    await client().ban({ address: '203.0.113.7', for: '1h' });
    await stop('SIGTERM');
    const database = new DatabaseSync(path());
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(path());
    const { exitCode, all } = await run();
    assert.equal(exitCode, 1);
    assert.match(
      all,
      /the database was written by a newer Bailiff: its schema is version 99, this one knows/,
    );
    assert.match(all, /Run the newer Bailiff again/);
    assert.equal(readFileSync(path()).equals(before), true);
    assert.deepEqual(await inKernel(), ['203.0.113.7']);
  });

  test('a full file system: bans go on, status is red, and all is stored when there is room', async () => {
    await execa('mkdir', ['-p', state]);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', state]);
    await start();
    fail('203.0.113.6', 3);
    await until('the first is banned', async () => (await inKernel()).includes('203.0.113.6'));
    const filler = join(state, 'filler');
    await execa('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k'], { reject: false });
    let banned = 0;
    // Until its log has no room either.
    await until('there is no room', async () => {
      banned++;
      fail(`203.0.113.${100 + banned}`, 3);
      await until('it is banned', async () => (await inKernel()).includes(`203.0.113.${100 + banned}`));
      const { ready, problems } = await client().status();
      return !ready && problems.some((problem) => /bans cannot be stored: .*full/.test(problem));
    });
    fail('203.0.113.99', 3);
    await until('bans go on', async () => (await inKernel()).includes('203.0.113.99'));
    rmSync(filler);
    await until('it is well again', async () => (await client().status()).ready);
    await stop('SIGKILL');
    await start();
    assert.equal((await client().bans()).length, banned + 2);
  });

  test('a directory that cannot be written at the start: it runs in memory, red, and heals', async () => {
    await execa('mkdir', ['-p', state]);
    await execa('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', state]);
    await start();
    fail('203.0.113.6', 3);
    await until('it is banned', async () => (await inKernel()).includes('203.0.113.6'));
    assert.match((await client().status()).problems.join(), /bans cannot be stored/);
    await execa('mount', ['-o', 'remount,rw', state]);
    await until('it is well again', async () => (await client().status()).ready);
    await stop('SIGKILL');
    await start();
    assert.deepEqual(
      (await client().bans()).map(({ address, jail }) => [jail, address]),
      [['sshd', '203.0.113.6']],
    );
  });
});

describe('bans of whole ranges', { timeout: 120_000 }, () => {
  const ranges = {
    BAILIFF_JAILS: 'sshd,near',
    BAILIFF_JAIL_SSHD_MAXRETRY: '1',
    BAILIFF_JAIL_NEAR_BANS: '*',
    BAILIFF_JAIL_NEAR_RANGES: '/24 /48',
    BAILIFF_JAIL_NEAR_MAXRETRY: '3',
    BAILIFF_JAIL_NEAR_BANTIME: 'permanent',
  };
  const held = {
    iptables: async () => (await inKernel()).filter((address) => /\/(?:24|48)$/.test(address)).join(' '),
    nftables: async () => {
      const table = await host.must('nft', 'list', 'table', 'inet', 'bailiff');
      const found = [...table.matchAll(/set ban[46]_(24|48) \{[^}]*elements = \{ (\S+) /g)];
      return found.map(([, bits, range]) => `${range}/${bits}`).join(' ');
    },
  };

  for (const backend of ['iptables', 'nftables'] as const) {
    test(`by ${backend}: counted over a SIGKILL, banned for ever, and ended by an allowed address`, async () => {
      const environment = { ...ranges, BAILIFF_ENFORCE: backend };
      const inSets = held[backend];
      await start(environment);
      for (const address of ['198.51.100.1', '198.51.100.2', '2001:db8:9:1::1', '2001:db8:9:2::1'])
        fail(address, 1);
      await until('four are banned', async () => (await client().bans()).length === 4);
      await stop('SIGKILL');
      await start(environment);
      assert.equal(await inSets(), '');
      for (const address of ['198.51.100.1', '198.51.100.3', '2001:db8:9:3::1']) fail(address, 1);
      await until(
        'the ranges are banned',
        async () => (await inSets()) === '198.51.100.0/24 2001:db8:9::/48',
      );
      const banned = (await client().bans()).filter(({ jail }) => jail === 'near');
      assert.deepEqual(
        banned.map(({ address, until: end, hits }) => [address, end, hits]),
        [
          ['198.51.100.0/24', null, 3],
          ['2001:db8:9::/48', null, 3],
        ],
      );
      const { covering } = await client().unban({ address: '198.51.100.200' });
      assert.deepEqual(
        covering.map(({ address }) => address),
        ['198.51.100.0/24'],
      );
      await client().allow({ address: '198.51.100.200' });
      assert.equal(await inSets(), '2001:db8:9::/48');
      await assert.rejects(client().ban({ address: '198.51.100.0/24', jail: 'near' }), /allowed by hand/);
    });
  }
});

import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { localTime } from '../../src/core/local-time.ts';
import { plainPolicy } from '../../src/core/policy.ts';
import { Fail2banLog } from '../../src/notify/fail2ban-log.ts';
import { folderOf } from '../setup/folder.ts';
import { stock } from './folders.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** A fail2ban of its own, which shuts nobody out: its jails have no actions. */
const configuration = {
  'fail2ban.conf':
    '[Definition]\nloglevel = INFO\nlogtarget = FOLDER/fail2ban.log\nsyslogsocket = auto\nsocket = FOLDER/sock\npidfile = FOLDER/pid\ndbfile = FOLDER/db\ndbpurgeage = 1d\ndbmaxmatches = 10\nallowipv6 = auto\n',
  'filter.d/bad.conf': '[Definition]\nfailregex = ^ bad <ADDR>$\n',
  'jail.conf':
    '[DEFAULT]\nenabled = true\nbackend = polling\nfilter = bad\nusedns = no\nmaxretry = 2\nlogpath = FOLDER/bad.log\naction =\n[sshd]\n[web.2]\nlogpath = FOLDER/none.log\n',
};

/** What a real fail2ban logs while it finds, bans, unbans, stops, and restores. */
async function realLog(): Promise<string> {
  const folder = folderOf({ 'bad.log': '', 'none.log': '' });
  mkdirSync(join(folder, 'conf/filter.d'), { recursive: true });
  for (const [name, text] of Object.entries(configuration)) {
    appendFileSync(join(folder, 'conf', name), text.replaceAll('FOLDER', folder));
  }
  const [log, socket, pid] = ['fail2ban.log', 'sock', 'pid'].map((name) => join(folder, name));
  const client = (...words: string[]) =>
    execa('fail2ban-client', ['-c', join(folder, 'conf'), '-s', socket ?? '', '-p', pid ?? '', ...words]);
  const said = () => (existsSync(log ?? '') ? readFileSync(log ?? '', 'utf8') : '');
  const attempt = () =>
    appendFileSync(join(folder, 'bad.log'), `${localTime(Date.now() / 1000)} bad 203.0.113.7\n`.repeat(2));
  try {
    await client('start');
    attempt();
    await until(() => said().includes('] Ban 203.0.113.7'));
    await client('set', 'web.2', 'banip', '2001:db8::5', '198.51.100.0/24');
    await client('set', 'web.2', 'unbanip', '198.51.100.0/24');
    await wait(3_500);
    attempt();
    await until(() => said().includes('already banned'));
    await client('stop');
    await until(() => said().includes('Exiting Fail2ban'));
    await client('start');
    await until(() => said().includes('Restore Ban 203.0.113.7'));
    return said();
  } finally {
    await client('stop').catch(() => undefined);
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(50);
}

/** The lines that ours has as well: date, process, and what is said. */
const ours =
  /^(\S+ \S+) fail2ban\.\w+ +\[(\d+)\]: \S+ +((?:\[(\S+)\] (?:Found|Ban|Restore Ban|Unban) (\S+)(?: - (.+))?)|(?:\[\S+\] \S+ already banned)|(?:Jail '(\S+)' (?:started|stopped)))$/;

const neverFails = {
  failed: (error: Error) => assert.fail(error),
  recovered: () => assert.fail('nothing had failed'),
};

/** Has ours say the same at the same time. */
async function sayAgain(line: string): Promise<string> {
  const [, date = '', pid, text = '', inJail, address = '', found = '', jailItself] = ours.exec(line) ?? [];
  const path = join(folderOf({}), 'log');
  const now = Date.parse(date.replace(',', '.')) / 1000;
  const log = new Fail2banLog({ path, clock: { now: () => now }, pid: Number(pid), ...neverFails });
  const jail = inJail ?? jailItself ?? 'sshd';
  const ban = {
    address,
    jail,
    since: now,
    until: null,
    hits: 2,
    count: 1,
    policy: plainPolicy,
    forced: false,
  };
  if (text.includes('] Found ')) log.found(jail, address, Date.parse(found) / 1000);
  else if (text.includes('] Ban ')) log.banned(ban);
  else if (text.includes('] Restore Ban ')) log.restored(ban);
  else if (text.includes('] Unban ')) log.unbanned(ban);
  else if (text.endsWith('already banned')) log.alreadyBanned({ ...ban, address: '203.0.113.7' }, now + 3.5);
  else if (text.endsWith('started')) log.jailStarted(jail);
  else log.jailStopped(jail);
  await log.close();
  return readFileSync(path, 'utf8');
}

describe("the log in fail2ban's format", () => {
  let real: string[] = [];
  before(async () => {
    real = (await realLog()).split('\n').filter((line) => ours.test(line));
  });

  it('has the lines of a real fail2ban, character by character', async () => {
    const kinds = new Set(
      real.map((line) => / (Found|already banned|Restore Ban|Ban|Unban|started|stopped)/.exec(line)?.[1]),
    );
    assert.deepEqual([...kinds].sort(), [
      'Ban',
      'Found',
      'Restore Ban',
      'Unban',
      'already banned',
      'started',
      'stopped',
    ]);
    for (const line of real) assert.equal(await sayAgain(line), `${line}\n`);
  });

  it("is read by the stock recidive filter, by ours and by fail2ban's own reader: bans, and only those", async () => {
    const path = join(folderOf({}), 'fail2ban.log');
    const now = Date.now() / 1000;
    const log = new Fail2banLog({ path, clock: { now: () => now }, ...neverFails });
    const of = (jail: string, address: string) => ({
      address,
      jail,
      since: now - 90,
      until: null,
      hits: 2,
      count: 1,
      policy: plainPolicy,
      forced: false,
    });
    const banned = ['203.0.113.7', '2001:db8:1:2::/64', '198.51.100.9'];
    log.jailStarted('sshd');
    for (const address of banned) {
      const ban = of('sshd', address);
      log.found('sshd', address.replace('/64', '7'), now);
      log.banned(ban);
      log.restored(ban);
      log.alreadyBanned(ban, now);
      log.unbanned(ban);
      log.banned(of('recidive', address));
    }
    log.jailStopped('sshd');
    await log.close();

    const { stdout } = await execa(process.execPath, [
      cli,
      'filter',
      'test',
      'recidive',
      path,
      '--fail2ban',
      stock,
      '--json',
    ]);
    const judged = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; result: string; host: string; time: number });
    const hits = judged.filter(({ result }) => result === 'hit');
    assert.deepEqual(
      hits.map(({ host }) => host),
      ['203.0.113.7', '2001:db8:1:2::', '198.51.100.9'],
    );
    for (const { time } of hits) assert.ok(Math.abs(time - now) < 1.001, String(time - now));

    const regex = await execa('fail2ban-regex', ['-o', '<ip>', path, join(stock, 'filter.d/recidive.conf')]);
    assert.deepEqual(
      regex.stdout.trim().split('\n'),
      hits.map(({ host }) => host),
    );
  });
});

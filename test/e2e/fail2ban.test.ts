import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PastBan } from '../../src/core/types.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

/** A configuration as an administrator of fail2ban writes it, for a service that logs like sshd. */
const files = (log: string, friends: string, told: string): Readonly<Record<string, string>> => ({
  'fail2ban.conf': '[Definition]\nlogtarget = /var/log/own-bans.log\n',
  'jail.conf': `[DEFAULT]
findtime = 10m
maxretry = 3
bantime = 10m
ignoreip = 192.0.2.0/24 file:${friends}
action = %(banaction)s[port="%(port)s", protocol="%(protocol)s"]
banaction = shut
protocol = tcp
port = 0:65535
[door]
port = 2222,8000:8100
filter = door[kind=strict]
logpath = ${log}
[window]
filter = window
logpath = ${log}
action = note[file="${told}"]
ignorecommand = test "<ip>" = 203.0.113.66
[again]
filter = again
logpath = /var/log/own-bans.log
bantime = 1w
findtime = 1d
maxretry = 2
[broken]
filter = nowhere
logpath = ${log}
`,
  'jail.local': `[DEFAULT]
bantime.increment = true
bantime.multipliers = 1 60
[door]
enabled = true
bantime = 3
[window]
enabled = true
maxretry = 1
[again]
enabled = true
[broken]
enabled = true
`,
  'filter.d/door.conf': `[Definition]
kind = mild
_strict = |^gave up on <F-MLFID>\\d+</F-MLFID>$
prefregex = ^\\s*door\\[<F-MLFID>\\d+</F-MLFID>\\]: <F-CONTENT>.+</F-CONTENT>$
failregex = ^<F-NOFAIL>somebody at <HOST></F-NOFAIL>$
            ^wrong key for <F-USER>\\S+</F-USER>$
`,
  'filter.d/window.conf': '[Definition]\nfailregex = ^\\s*window: <HOST> climbs with <F-TOOL>.*</F-TOOL>$\n',
  'filter.d/again.conf': '[Definition]\nfailregex = Ban <HOST>$\n',
  'action.d/note.conf':
    '[Definition]\nactionstart = echo start >> <file>\nactionban = printf "ban %%s %%s %%s [%%s]\\n" <ip> <restored> "<F-TOOL>" "<matches>" >> <file>\nactionunban = echo unban <ip> >> <file>\nactionstop = echo stop >> <file>\n',
  'action.d/shut.conf':
    '[Definition]\nactionstart = iptables -I INPUT -p <protocol> -m multiport --dports <port> -j f2b-<name>\nactionban = iptables -I f2b-<name> 1 -s <ip> -j <blocktype>\nactionunban = iptables -D f2b-<name> -s <ip> -j <blocktype>\n[Init]\nblocktype = DROP\n',
});

describe("fail2ban's configuration as it is", { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let bailiff: Daemon;
  let log: string;
  let told: string;
  let own: string;
  let session = 100;
  before(async () => {
    workplace = await Workplace.open();
    const { host } = await createNetwork(workplace);
    log = workplace.path('door.log');
    writeFileSync(log, '');
    const friends = workplace.path('friends');
    writeFileSync(friends, '# who lives here\n203.0.113.200\n');
    told = workplace.path('told');
    own = workplace.path('own.log');
    const dir = workplace.makeDirectory('fail2ban');
    for (const [name, text] of Object.entries(files(log, friends, told))) {
      mkdirSync(dirname(`${dir}/${name}`), { recursive: true });
      writeFileSync(`${dir}/${name}`, text);
    }
    bailiff = new Daemon(workplace, host, {
      BAILIFF_FAIL2BAN_DIR: dir,
      BAILIFF_FAIL2BAN_ALLOW_ACTIONS: 'true',
      BAILIFF_FAIL2BAN_LOG: own,
    });
    await bailiff.start();
    await bailiff.untilReading('file:');
  });
  after(() => workplace?.close());

  const write = (...texts: string[]): void => {
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString();
    const date = now.slice(0, 19).replace('T', ' ');
    appendFileSync(log, texts.map((text) => `${date} ${text}\n`).join(''));
  };
  /** A visit of somebody who tries so many keys, each of them a line that names nobody. */
  const visit = (address: string, keys: number): void => {
    session += 1;
    const tries = Array.from({ length: keys }, (_, key) => `door[${session}]: wrong key for user${key}`);
    write(`door[${session}]: somebody at ${address}`, ...tries);
  };
  const bansOf = async (address: string) => (await bailiff.banned()).filter((ban) => ban.address === address);

  it('what is wrong with one jail is said, and the others run', async () => {
    const status = await bailiff.status();
    const names = status.jails.map(({ name }) => name).sort();
    assert.deepEqual(names, ['again', 'door', 'window']);
    assert.match(status.problems.join('\n'), /jail\.conf:\d+: .*nowhere/);
    assert.deepEqual([status.problems.length, status.warnings], [1, []]);
  });

  it('lines of a session lead to a ban on the ports of the jail', async () => {
    visit('203.0.113.9', 3);
    const [ban] = await eventually('the visitor is banned', async () => {
      const bans = await bansOf('203.0.113.9');
      return bans.length > 0 && bans;
    });
    assert.equal(ban?.jail, 'door');
    const { jails } = await bailiff.status();
    const { ports } = jails.find(({ name }) => name === 'door') ?? {};
    assert.equal(ports, '2222/tcp,8000-8100/tcp');
  });

  it('who is on a list, or in a file that it names, is never banned', async () => {
    visit('192.0.2.7', 5);
    visit('203.0.113.200', 5);
    visit('203.0.113.10', 3);
    await eventually('the last of them is banned', async () => (await bansOf('203.0.113.10')).length > 0);
    assert.deepEqual([await bansOf('192.0.2.7'), await bansOf('203.0.113.200')], [[], []]);
  });

  it('who comes back needs fewer attempts, stays out longer, and is banned by who counts bans', async () => {
    await eventually('the first ban is over', async () => (await bansOf('203.0.113.9')).length === 0);
    visit('203.0.113.9', 2);
    const bans = await eventually('both jails ban', async () => {
      const both = await bansOf('203.0.113.9');
      return both.length === 2 && both;
    });
    const lasts = (jail: string) => {
      const ban = bans.find((each) => each.jail === jail);
      return Math.round((ban?.until ?? 0) - (ban?.since ?? 0));
    };
    assert.equal(lasts('door'), 180, 'the second multiplier');
    assert.equal(lasts('again'), 7 * 86_400);
  });

  it("the owner's commands are told of bans, ask whom to pass over, and run nothing that a log says", async () => {
    const hostile = `$(touch ${told}.hostile) \`touch ${told}.hostile\` "; touch ${told}.hostile; '`;
    write('window: 203.0.113.66 climbs with permission', `window: 203.0.113.20 climbs with ${hostile}`);
    await eventually('the action is told', () => readFileSync(told, 'utf8').includes('ban 203.0.113.20'));
    const [ban] = readFileSync(told, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('ban'));
    assert.equal(ban?.startsWith(`ban 203.0.113.20 0 ${hostile} [`), true, ban);
    assert.ok(ban?.endsWith(`window: 203.0.113.20 climbs with ${hostile}]`), ban);
    assert.equal(existsSync(`${told}.hostile`), false);
    assert.deepEqual(await bansOf('203.0.113.66'), []);
    await bailiff.json('unban', '203.0.113.20');
    await eventually('and of its end', () => readFileSync(told, 'utf8').includes('unban 203.0.113.20'));
  });

  it("a log in fail2ban's format tells of attempts, bans and their ends", async () => {
    const line = (text: string) =>
      new RegExp(`^[-\\d]{10} [:\\d]{8},\\d{3} fail2ban\\.\\w+ +\\[\\d+\\]: \\w+ +${text}`, 'm');
    const text = readFileSync(own, 'utf8');
    for (const expected of [
      String.raw`\[door\] Found 203\.0\.113\.9 - `,
      String.raw`\[door\] Ban 203\.0\.113\.9$`,
      String.raw`\[door\] Unban 203\.0\.113\.9$`,
      String.raw`\[again\] Ban 203\.0\.113\.9$`,
    ])
      assert.match(text, line(expected));
  });

  it('a session that was open when the daemon was killed goes on after it', async () => {
    write('door[77]: somebody at 203.0.113.11', 'door[77]: wrong key for a', 'door[77]: wrong key for b');
    await eventually('both are counted', async () => {
      const { jails } = await bailiff.status();
      return (jails.find(({ name }) => name === 'door')?.hits ?? 0) >= 2;
    });
    // What was counted is stored within a second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await bailiff.stop('SIGKILL');
    write('door[77]: wrong key for c');
    await bailiff.start();
    // It lasts three seconds, which may be over by now.
    const bans = await eventually('the third key leads to the ban', async () => {
      const all = (await bailiff.json('history', '--jail', 'door')) as PastBan[];
      const found = all.filter(({ address }) => address === '203.0.113.11');
      return found.length > 0 && found;
    });
    assert.deepEqual(
      bans.map(({ jail }) => jail),
      ['door'],
    );
  });
});

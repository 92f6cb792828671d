import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

const victim = '203.0.113.200';
const failure = `Failed password for root from ${victim} port 40000 ssh2`;
const head = () => `${new Date().toISOString().replace('Z', '000+00:00')} dockhost sshd[77]: `;

/** What a log may hold besides lines, each of which must pass without effect. */
const hostile: Record<string, () => string | Uint8Array> = {
  'a line of 1 MB': () => `${head()}${'a'.repeat(1_000_000)}\n`,
  'a line of 1 MB that ends like a failure': () => `${head()}${'a'.repeat(1_000_000)} ${failure}\n`,
  'a line of 1 MB of almost matches': () => `${head()}${'Failed password for '.repeat(50_000)}\n`,
  'NUL bytes': () => Buffer.alloc(100_000),
  'a newline after them': () => '\n',
  'invalid UTF-8': () =>
    Buffer.concat([Buffer.from(head()), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x0a])]),
  'a user name that is a failure of somebody else': () =>
    `${head()}Failed password for invalid user root from ${victim} port 1 ssh2 from 198.51.100.77 port 40000 ssh2\n`,
  'carriage returns and escapes': () => `${head()}\u001b[2J\r${'\r'.repeat(1000)}\n`,
};

describe('a log that holds anything', { timeout: 120_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let log: AuthLog;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    const { host } = await createNetwork(workplace);
    log = new AuthLog(workplace.path('auth.log'));
    bailiff = new Daemon(workplace, host, { BAILIFF_JAILS: 'sshd', BAILIFF_JAIL_SSHD_LOGPATH: log.path });
    await bailiff.start();
  });
  after(() => workplace?.close());

  for (const [index, [name, bytes]] of Object.entries(hostile).entries()) {
    it(`${name}: bans nobody by it, and the next attacker as ever`, async () => {
      for (let time = 1; time <= 6; time++) log.append(bytes());
      const attacker = `198.51.100.${index + 1}`;
      // NUL bytes without an end belong to the line that follows them.
      log.append('\n');
      for (let time = 1; time <= 5; time++) log.fail(attacker);
      await eventually('the attacker is banned', async () =>
        (await bailiff.bannedAddresses()).includes(attacker),
      );
      assert.ok(!(await bailiff.bannedAddresses()).includes(victim));
    });
  }
});

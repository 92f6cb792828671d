import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually, inside, run } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { repeated, shuffled } from './testbed/shuffle.ts';
import { Workplace } from './testbed/workplace.ts';

const maxretry = 5;
const kills = 6;

/** As many addresses at the limit as one below it: one lost line misses a ban, one counted twice adds one. */
const guilty = Array.from({ length: 250 }, (_, index) => `198.51.100.${index + 1}`);
const innocent = Array.from({ length: 250 }, (_, index) => `203.0.113.${index + 1}`);

describe('SIGKILL in the middle of a stream of failures', { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let host: string;
  let log: AuthLog;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    ({ host } = await createNetwork(workplace));
    log = new AuthLog(workplace.path('auth.log'));
    bailiff = new Daemon(workplace, host, {
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: log.path,
      BAILIFF_MAXRETRY: `${maxretry}`,
      BAILIFF_BANTIME: '1h',
    });
    await bailiff.start();
  });
  after(() => workplace?.close());

  it(`bans exactly the addresses that reached maxretry, after ${kills} kills`, async (t) => {
    const lines = shuffled([...repeated(guilty, maxretry), ...repeated(innocent, maxretry - 1)]);
    let written = 0;
    const write = () => {
      log.fail(...lines.slice(written, written + 5));
      written += 5;
    };
    const writing = setInterval(write, 10);
    t.after(() => clearInterval(writing));
    // Each kill comes after a share of the lines, at another phase of the daemon's work each time.
    for (let kill = 1; kill <= kills; kill++) {
      await eventually('more lines are written', () => written >= (lines.length * kill) / (kills + 1), 60);
      await bailiff.stop('SIGKILL');
      await bailiff.start();
    }
    await eventually('all lines are written', () => written >= lines.length, 60);
    clearInterval(writing);

    await eventually('all of them are judged', async () => {
      const { sources } = await bailiff.status();
      return sources.every(({ lag }) => lag === 0) && (await bailiff.banned()).length >= guilty.length;
    });
    assert.deepEqual(await bailiff.bannedAddresses(), [...guilty].sort());
    const members = await run(...inside(host, 'ipset', ['save', 'bailiff4']));
    const inKernel = [...members.matchAll(/^add bailiff4 (\S+) /gm)].map(([, address]) => address);
    assert.deepEqual(inKernel.sort(), [...guilty].sort());
  });
});

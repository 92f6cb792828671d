import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { randomOf } from '../fuzz/random.ts';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { attemptsOf, expectedOf } from './testbed/known-stream.ts';
import { countsOf } from './testbed/ledger-counts.ts';
import { cannotRun } from './testbed/requirements.ts';
import { repeated } from './testbed/shuffle.ts';
import { openTestbed, type Testbed } from './testbed/testbed.ts';

const restarts = 5;
const jail = 'container';
const offenders = 5_000;
const limits = { maxretry: 24, findtime: 86_400 };
/** Lines written at a time, and ms in between. */
const portion = 150;
const pauseMs = 20;
/** Whose ban shows that all lines before its own were judged. */
const last = '203.0.113.250';

/** Says what comes into a file, and notes how far it is: started again, it goes on there. */
const talker = [
  'n=$(tail --lines=1 /feed/said 2>/dev/null || echo 0)',
  'tail --lines=+$((n + 1)) --follow /feed/feed.log |' +
    ' while IFS= read -r line; do echo "$line"; n=$((n + 1)); echo $n >>/feed/said; done',
].join('; ');

/**
 * The engine's restart ends the container, which is started again with it and goes on with its log. What the log
 * holds in the end is what must have been counted, each line once.
 */
describe('exactness over restarts of the engine', { timeout: 600_000, skip: cannotRun() }, () => {
  let testbed: Testbed;
  let bailiff: Daemon;
  let feed: AuthLog;
  let stateDirectory: string;
  const random = randomOf(20_261_127);
  const lines = attemptsOf(offenders, limits.maxretry);

  before(async () => {
    testbed = await openTestbed();
    const { workplace, engine, network } = testbed;
    const directory = workplace.makeDirectory('feed');
    feed = new AuthLog(`${directory}/feed.log`);
    await engine.docker(
      ...['run', '--detach', '--name', 'talker', '--restart=always', '--stop-signal=SIGKILL'],
      ...['--volume', `${directory}:/feed`, 'node:24-trixie-slim', 'sh', '-c', talker],
    );
    stateDirectory = workplace.makeDirectory('state');
    bailiff = new Daemon(workplace, network.host, {
      BAILIFF_STATE_DIR: stateDirectory,
      BAILIFF_DOCKER_SOCKET: engine.socket,
      BAILIFF_JAILS: jail,
      BAILIFF_JAIL_CONTAINER_FILTER: 'sshd',
      BAILIFF_JAIL_CONTAINER_CONTAINER: 'talker',
      BAILIFF_MAXRETRY: `${limits.maxretry}`,
      BAILIFF_FINDTIME: `${limits.findtime}`,
      BAILIFF_BANTIME: '1d',
      BAILIFF_LOG_LEVEL: 'warn',
    });
  });
  after(() => testbed?.close());

  it(`counts ${lines.length} lines exactly, over ${restarts} restarts and as many kills`, async (t) => {
    await bailiff.start();
    await bailiff.untilReading('docker:');
    for (let restart = 1; restart <= restarts; restart += 1) {
      const writing = write(Math.floor((lines.length * restart) / (restarts + 1)));
      await pause(random.below(1_000));
      // In turns before the engine is gone, while it is, and after it is back.
      const [before, meanwhile, afterwards] = [0, 1, 2].map((turn) => restart % 3 === turn);
      if (before) await kill();
      const restarting = testbed.engine.restart();
      await pause(random.below(1_000));
      if (meanwhile) await kill();
      await restarting;
      await bailiff.untilReading('docker:');
      await pause(random.below(500));
      if (afterwards) await kill();
      await writing;
    }
    await write(lines.length);
    feed.fail(...repeated([last], limits.maxretry));
    await eventually(
      'the last line is judged',
      async () => (await bailiff.bannedAddresses()).includes(last),
      60,
    );
    const banned = await bailiff.bannedAddresses();
    await bailiff.stop();

    const held = await attemptsHeld();
    const expected = expectedOf(held, limits.maxretry);
    assert.ok(held.length > 0.99 * lines.length, `the log holds ${held.length} of ${lines.length} lines`);
    assert.deepEqual(banned, expected.banned, 'banned');
    assert.deepEqual(countsOf(stateDirectory, jail, limits), expected.counted, 'hits counted');
    t.diagnostic(`${held.length} lines, ${banned.length} bans, ${restarts} restarts: 0 missing, 0 doubled`);
  });

  async function kill(): Promise<void> {
    await bailiff.stop('SIGKILL');
    await bailiff.start();
  }

  let written = 0;

  /** Goes on with the stream up to so many lines. */
  async function write(upTo: number): Promise<void> {
    while (written < upTo) {
      const part = lines.slice(written, Math.min(upTo, written + portion));
      feed.fail(...part);
      written += part.length;
      await pause(pauseMs);
    }
  }

  /** The addresses in the container's log, as the engine has it: a line that it was killed over may stand there twice, or not at all. */
  async function attemptsHeld(): Promise<string[]> {
    const log = await testbed.engine.docker('logs', 'talker');
    return [...log.matchAll(/ from (\S+) port /g)].map(([, address = '']) => address);
  }
});

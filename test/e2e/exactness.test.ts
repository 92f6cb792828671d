import assert from 'node:assert/strict';
import { appendFileSync, renameSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { randomOf } from '../fuzz/random.ts';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually, inside, run } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { Journald, JournaldService } from './testbed/journald.ts';
import { attemptsOf, expectedOf } from './testbed/known-stream.ts';
import { countsOf } from './testbed/ledger-counts.ts';
import { cannotRun } from './testbed/requirements.ts';
import { openTestbed, type Testbed } from './testbed/testbed.ts';

const kills = 30;
const jails = ['file', 'container', 'journal'];
const offenders = 5_000;
const limits = { maxretry: 24, findtime: 86_400 };
/** Lines written at a time, to every source; and ms in between. */
const portion = 150;
const pauseMs = 40;
/** Until what was judged is stored for certain, in ms: it is once a second. */
const checkpointMs = 2_500;
/** The file is renamed and made anew, and journald begins another file, after so many lines. */
const rotateAfter = 9_000;

/**
 * Every address of a known stream must have exactly its number of hits in the end, and exactly those with
 * `maxretry` of them be banned, whatever dies in between.
 */
describe('exactness', { timeout: 600_000, skip: cannotRun() }, () => {
  let testbed: Testbed;
  let bailiff: Daemon;
  let file: AuthLog;
  let feed: AuthLog;
  let journald: Journald;
  let journal: JournaldService;
  let stateDirectory: string;
  const random = randomOf(20_261_124);
  const lines = attemptsOf(offenders, limits.maxretry);

  before(async () => {
    testbed = await openTestbed();
    const { workplace, engine, network } = testbed;
    file = new AuthLog(workplace.path('auth.log'));
    const directory = workplace.makeDirectory('feed');
    feed = new AuthLog(`${directory}/feed.log`);
    await engine.docker(
      ...['run', '--detach', '--name', 'talker', '--volume', `${directory}:/feed:ro`, 'node:24-trixie-slim'],
      ...['tail', '--lines=+1', '--follow', '/feed/feed.log'],
    );
    journald = await Journald.start(workplace);
    await journald.persist();
    journal = new JournaldService(journald);
    stateDirectory = workplace.makeDirectory('state');
    const environment = {
      BAILIFF_STATE_DIR: stateDirectory,
      BAILIFF_DOCKER_SOCKET: engine.socket,
      BAILIFF_JAILS: jails.join(),
      BAILIFF_JAIL_FILE_FILTER: 'sshd',
      BAILIFF_JAIL_FILE_LOGPATH: file.path,
      BAILIFF_JAIL_CONTAINER_FILTER: 'sshd',
      BAILIFF_JAIL_CONTAINER_CONTAINER: 'talker',
      BAILIFF_JAIL_JOURNAL_FILTER: 'sshd',
      BAILIFF_JAIL_JOURNAL_JOURNAL: '_TRANSPORT=stdout SYSLOG_IDENTIFIER=sshd',
      BAILIFF_MAXRETRY: `${limits.maxretry}`,
      BAILIFF_FINDTIME: `${limits.findtime}`,
      BAILIFF_BANTIME: '1d',
      BAILIFF_LOG_LEVEL: 'warn',
    };
    bailiff = new Daemon(workplace, network.host, environment, journald.prelude);
  });
  after(async () => {
    await journal?.close();
    await testbed?.close();
  });

  it(`counts ${lines.length} lines of each source exactly, over ${kills} kills`, async (t) => {
    await bailiff.start();
    await write(portion);
    await eventually('the first lines are judged, and stored', async () => {
      const { sources } = await bailiff.status();
      const lines = sources.map((source) => source.lines).filter((each) => each > 0);
      return lines.length === jails.length && lines.every((each) => each === portion);
    });
    await pause(checkpointMs);
    await bailiff.stop('SIGKILL');
    for (let kill = 1; kill < kills; kill += 1) {
      const writing = write(Math.floor((lines.length * (kill + 1)) / (kills + 1)));
      bailiff.begin();
      // At any moment: while it starts or reads back; mostly while it judges.
      if (random.below(10) < 3) await pause(random.below(1_000));
      else await bailiff.untilReading('docker:');
      await pause(random.below(1_500));
      await bailiff.stop('SIGKILL');
      await writing;
    }
    await bailiff.start();
    await write(lines.length);
    await untilQuiet(bailiff);
    const banned = await bailiff.banned();
    const members = await run(...inside(testbed.network.host, 'ipset', ['save', 'bailiff4']));
    await bailiff.stop();

    const expected = expectedOf(lines, limits.maxretry);
    const inKernel = [...members.matchAll(/^add bailiff4 (\S+) /gm)].map(([, member]) => member);
    assert.deepEqual(inKernel.filter((each) => each !== '127.66.66.66').sort(), expected.banned);
    for (const jail of jails) {
      const ofJail = banned.filter((ban) => ban.jail === jail);
      assert.deepEqual(ofJail.map((ban) => ban.address).sort(), expected.banned, `banned by ${jail}`);
      assert.deepEqual(countsOf(stateDirectory, jail, limits), expected.counted, `hits counted by ${jail}`);
      t.diagnostic(
        `${jail}: ${lines.length} lines, ${ofJail.length} bans, ${kills} kills: 0 missing, 0 doubled`,
      );
    }
  });

  let written = 0;
  let rotations = 0;

  /** Goes on with the stream up to so many lines. */
  async function write(upTo: number): Promise<void> {
    while (written < upTo) {
      const part = lines.slice(written, Math.min(upTo, written + portion));
      const text = file.linesOf(part);
      file.append(text);
      feed.append(text);
      await journal.fail(...part);
      written += part.length;
      if (written >= (rotations + 1) * rotateAfter) {
        rotations += 1;
        renameSync(file.path, `${file.path}.${rotations}`);
        appendFileSync(file.path, '');
        await journald.ask('--rotate');
      }
      await pause(pauseMs);
    }
  }
});

/** Until no source has read a line for a while: nothing is on its way any more. */
async function untilQuiet(daemon: Daemon): Promise<void> {
  let before = -1;
  await eventually(
    'no more lines come',
    async () => {
      const { sources } = await daemon.status();
      const now = sources.reduce((sum, { lines }) => sum + lines, 0);
      const quiet = now > 0 && now === before && sources.every(({ lag }) => lag === 0);
      before = now;
      await pause(3_000);
      return quiet;
    },
    120,
  );
}

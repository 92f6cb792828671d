import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { execa } from 'execa';
import { Monitor } from './monitor.ts';

interface Timer {
  readonly run: () => void;
  readonly ms: number;
  live: boolean;
}

let directory: string;
const monitors: Monitor[] = [];
const writers: WriteStream[] = [];
let serial = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-monitor-'));
});

afterEach(async () => {
  await Promise.all(monitors.splice(0).map((monitor) => monitor.close()));
  for (const writer of writers.splice(0)) writer.destroy();
});

after(() => rm(directory, { recursive: true }));

/** A monitor whose time passes when told, with what it asked for, in order. */
function watched(command: readonly [string, ...string[]]) {
  const timers: Timer[] = [];
  const state = { hints: 0 };
  let woken = Promise.withResolvers<void>();
  const wake = () => {
    woken.resolve();
    woken = Promise.withResolvers();
  };
  const monitor = new Monitor({
    command,
    changed: () => {
      state.hints += 1;
      wake();
    },
    schedule: (run, ms) => {
      const over = () => {
        timer.live = false;
        wake();
      };
      const timer: Timer = {
        run: () => {
          over();
          run();
        },
        ms,
        live: true,
      };
      timers.push(timer);
      wake();
      return over;
    },
  });
  monitors.push(monitor);
  const until = async (holds: () => boolean) => {
    while (!holds()) await woken.promise;
  };
  /** The timer for a retry, once the child is dead. */
  const retry = async (): Promise<Timer> => {
    await until(() => !monitor.watching && timers.at(-1)?.live === true);
    return timers.at(-1) as Timer;
  };
  return { monitor, timers, state, until, retry };
}

/** A program that says what is written to it, and ends with that. */
async function mouthpiece(): Promise<{ command: [string, string]; open: () => Promise<WriteStream> }> {
  serial += 1;
  const path = join(directory, String(serial));
  await execa('mkfifo', [path]);
  const open = async () => {
    const writer = createWriteStream(path);
    // What is still to be written when the test is over has nowhere to go.
    writer.on('error', () => undefined);
    writers.push(writer);
    await once(writer, 'open');
    return writer;
  };
  return { command: ['cat', path], open };
}

test('the first output is told at once, the next ones together 100 ms later', async () => {
  const { command, open } = await mouthpiece();
  const { timers, state, until, retry } = watched(command);
  const writer = await open();
  writer.write('insert rule\n');
  await until(() => state.hints === 1);
  const hint = timers.at(-1) as Timer;
  assert.equal(hint.ms, 100);
  writer.write('insert rule\n');
  writer.end('delete rule\n');
  // A dead child has said all it had to say.
  await retry();
  assert.equal(state.hints, 1);
  hint.run();
  assert.equal(state.hints, 2);
  timers.at(-1)?.run();
  assert.equal(state.hints, 2);
});

for (const [what, program] of [
  ['a child that dies', 'false'],
  ['a program that is not there', 'bailiff-no-such-program'],
] as const) {
  test(`${what} is tried again, rarer and rarer, and given up`, async () => {
    const { monitor, timers, retry, until } = watched([program]);
    const pauses: number[] = [];
    for (let failure = 0; failure < 14; failure += 1) {
      const timer = await retry();
      pauses.push(timer.ms / 1000);
      timer.run();
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300]);
    await until(() => !monitor.watching);
    assert.ok(timers.every(({ live }) => !live));
  });
}

test('a child that lived for five minutes makes good for the failures before it', async () => {
  const { command, open } = await mouthpiece();
  const { timers, retry } = watched(command);
  const pauses: number[] = [];
  for (const lived of [false, false, true, false]) {
    const writer = await open();
    const proof = timers.at(-1) as Timer;
    assert.equal(proof.ms, 300_000);
    if (lived) proof.run();
    writer.end();
    const timer = await retry();
    assert.equal(proof.live, false);
    pauses.push(timer.ms);
    timer.run();
  }
  assert.deepEqual(pauses, [1_000, 2_000, 1_000, 2_000]);
  await open();
});

test('closing ends the child and every timer', async () => {
  const { command, open } = await mouthpiece();
  const { monitor, timers, state, until } = watched(command);
  const writer = await open();
  writer.write('insert rule\n');
  await until(() => state.hints === 1);
  assert.equal(monitor.watching, true);
  await monitor.close();
  assert.equal(monitor.watching, false);
  assert.ok(timers.every(({ live }) => !live));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailOf } from '../config/jails.ts';
import { Jail } from '../core/jail.ts';
import { type ScanRequest, systemClock } from '../core/types.ts';
import { Windows } from '../core/window.ts';
import { Intake } from './intake.ts';

const limits = {
  maxretry: 5,
  findtime: 600,
  bantime: 600,
  ignoreip: [],
  action: 'drop',
  ports: 'all',
  encoding: 'utf-8',
} as const;
const jail = (name: string, timeZone?: string) =>
  jailOf(name, { filter: 'sshd', ...(timeZone === undefined ? {} : { 'time-zone': timeZone }) }, limits);

function intakeOf(timeZone: string | undefined): { intake: Intake; requests: ScanRequest[] } {
  const requests: ScanRequest[] = [];
  const intake = new Intake({
    scanner: {
      open: (request) => requests.push(request),
      write: async () => {},
      end: async () => {},
      close: () => {},
      acknowledge: () => {},
    },
    jail: (configuration) => {
      const windows = new Windows({ ...limits, maxTracked: 10 });
      const made = new Jail({ ...configuration, maxTracked: 10 }, windows);
      return { configuration, jail: made, policy: 'drop', hits: 0, bans: 0 };
    },
    clock: systemClock,
    cursor: () => null,
    judge: () => {},
    counted: () => {},
    failed: (error) => assert.ifError(error),
    closed: () => {},
    timeZone,
  });
  return { intake, requests };
}

const open = (intake: Intake, jails: readonly ReturnType<typeof jail>[]) =>
  intake.open({ id: 'file:/log', input: { kind: 'file', path: '/log', readers: [] }, jails });

test('a source is read in the zone of its jails, else in that of the configuration', () => {
  const { intake, requests } = intakeOf('UTC');
  open(intake, [jail('a')]);
  open(intake, [jail('a', 'Asia/Tokyo')]);
  open(intake, [jail('a'), jail('b', '-05:00')]);
  assert.deepEqual(
    requests.map(({ timeZone }) => timeZone),
    ['UTC', 'Asia/Tokyo', '-05:00'],
  );
  const without = intakeOf(undefined);
  open(without.intake, [jail('a')]);
  assert.equal('timeZone' in (without.requests[0] ?? {}), false);
});

test('a source whose times are off is named, with the zone that would be right, until they are not', () => {
  const { intake } = intakeOf('UTC');
  open(intake, [jail('a', 'Asia/Tokyo')]);
  const batch = {
    source: 'file:/log',
    generation: 1,
    cursor: '',
    lines: 1,
    bytes: 1,
    oversize: 0,
    readAtMs: 0,
    lagBytes: 0,
    columns: new Float64Array(),
    text: '',
  };
  intake.batch({ ...batch, skew: 3_600 });
  assert.match(intake.status()[0]?.warning ?? '', /1h behind the clock.*\+08:00/);
  assert.deepEqual(intake.skews(), [['file:/log', 3_600]]);
  intake.batch(batch);
  assert.equal(intake.status()[0]?.warning, null);
  assert.deepEqual(intake.skews(), []);
import type { OpenSource } from '../sources/source.ts';
import { Intake, type IntakeParts } from './intake.ts';

/** An intake of which only the states of its sources matter. */
function start() {
  const cursors = new Map<string, string>();
  const closed: string[] = [];
  const unused = () => assert.fail('nothing is judged here');
  let generation = 0;
  const parts: IntakeParts = {
    scanner: {
      open: () => ++generation,
      write: async () => undefined,
      end: async () => undefined,
      close: () => undefined,
      acknowledge: unused,
    },
    jail: unused,
    cursor: (key) => cursors.get(key) ?? null,
    judge: unused,
    counted: unused,
    failed: unused,
    closed: (id) => closed.push(id),
    timeZone: undefined,
  };
  const intake = new Intake(parts);
  const open = (cursorKey: string): OpenSource =>
    intake.open({
      id: 'docker:web',
      cursorKey,
      input: { kind: 'stream', framing: 'docker-multiplexed' },
      jails: [],
    });
  return { intake, cursors, closed, open };
}

/** Whether a promise is settled once everything that can happen by itself has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test('a gap is a warning in status, also when the log is opened again', () => {
  const { intake, open } = start();
  open('docker:1');
  intake.gap('docker:web', 'lines are lost');
  intake.gap('docker:elsewhere', 'lines are lost');
  open('docker:2');
  assert.deepEqual(
    intake.status().map(({ id, warning }) => [id, warning]),
    [['docker:web', 'lines are lost']],
  );
});

test('the cursor of an open source is the one of now', () => {
  const { cursors, open } = start();
  const source = open('docker:1');
  assert.equal(source.cursor, null);
  cursors.set('docker:1', 'later');
  assert.equal(source.cursor, 'later');
});

test('the end is over when all was judged, or never will be', async () => {
  for (const over of ['ended', 'failed', 'lost', 'closed', 'replaced'] as const) {
    const { intake, open } = start();
    const source = open('docker:1');
    const ending = source.end('the container stopped');
    assert.equal(await isSettled(ending), false, over);
    if (over === 'ended' || over === 'failed') intake.state('docker:web', over, '');
    if (over === 'lost') intake.streamLost('docker:web');
    if (over === 'replaced') open('docker:2');
    if (over === 'closed') {
      source.close();
      assert.equal(await isSettled(ending), false, 'what it handed over is still judged');
      intake.state('docker:web', 'ended', '');
    }
    assert.equal(await isSettled(ending), true, over);
  }
});

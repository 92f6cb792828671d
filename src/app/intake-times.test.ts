import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailWith, limits } from '../../test/setup/jail.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { Jail } from '../core/jail.ts';
import { type ScanRequest, systemClock } from '../core/types.ts';
import { Windows } from '../core/window.ts';
import { Intake } from './intake.ts';
import type { JailEntry } from './jails.ts';

const jail = (name: string, timeZone?: string) =>
  jailWith(name, { filter: 'sshd', ...(timeZone === undefined ? {} : { 'time-zone': timeZone }) });

function entryOf(configuration: JailConfiguration): JailEntry {
  const windows = new Windows({ ...limits, maxTracked: 10 });
  const made = new Jail({ ...configuration, maxTracked: 10 }, windows);
  return { configuration, jail: made, policy: 'drop', ignores: null, hits: 0, bans: 0 };
}

const emptyBatch = {
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

/** `zone` is asked each time: a reload may change it. */
function intakeOf(
  zone: () => string | undefined,
  cursor: (key: string) => string | null = () => null,
): { intake: Intake; requests: ScanRequest[] } {
  const requests: ScanRequest[] = [];
  const intake = new Intake({
    scanner: {
      open: (request) => requests.push(request),
      write: async () => {},
      end: async () => {},
      close: () => {},
      acknowledge: () => {},
    },
    jail: entryOf,
    clock: systemClock,
    cursor,
    judge: () => {},
    counted: () => {},
    failed: (error) => assert.ifError(error),
    closed: () => {},
    get timeZone() {
      return zone();
    },
  });
  return { intake, requests };
}

const open = (intake: Intake, jails: readonly ReturnType<typeof jail>[]) =>
  intake.open({ id: 'file:/log', input: { kind: 'file', path: '/log', readers: [] }, jails });

test('a source is read in the zone of its jails, else in that of the configuration', () => {
  const { intake, requests } = intakeOf(() => 'UTC');
  open(intake, [jail('a')]);
  open(intake, [jail('a', 'Asia/Tokyo')]);
  open(intake, [jail('a'), jail('b', '-05:00')]);
  assert.deepEqual(
    requests.map(({ timeZone }) => timeZone),
    ['UTC', 'Asia/Tokyo', '-05:00'],
  );
  const without = intakeOf(() => undefined);
  open(without.intake, [jail('a')]);
  assert.equal('timeZone' in (without.requests[0] ?? {}), false);
});

test('a source whose times are off is named, with the zone that would be right, until they are not', () => {
  const { intake } = intakeOf(() => 'UTC');
  open(intake, [jail('a', 'Asia/Tokyo')]);
  const batch = emptyBatch;
  intake.batch({ ...batch, skew: 3_600 });
  assert.match(intake.status()[0]?.warning ?? '', /1h behind the clock.*\+08:00/);
  assert.deepEqual(intake.skews(), [['file:/log', 3_600]]);
  intake.batch(batch);
  assert.equal(intake.status()[0]?.warning, null);
  assert.deepEqual(intake.skews(), []);
});

test('how far a stream is behind is known by what was handed over, and by the age of what came', () => {
  const { intake } = intakeOf(() => 'UTC');
  const web = {
    id: 'docker:web',
    input: { kind: 'stream', framing: 'docker-raw' },
    jails: [jail('a')],
  } as const;
  const stream = intake.open(web);
  const said = () => {
    const [status] = intake.status();
    return [status?.lag, status?.lagSeconds, status?.warning];
  };
  void stream.write(new Uint8Array(900));
  assert.deepEqual(said(), [900, null, null]);
  intake.batch({ ...emptyBatch, source: 'docker:web', bytes: 400, age: 700 });
  assert.deepEqual(said(), [500, 700, null]);
  intake.batch({ ...emptyBatch, source: 'docker:web', bytes: 500, age: 0, skew: 3_600 });
  const [lag, seconds, warning] = said();
  assert.deepEqual([lag, seconds], [0, 0]);
  assert.match(
    String(warning),
    /^its times are 1h behind the clock: set the clock of the machine that keeps/,
  );
  void stream.write(new Uint8Array(100));
  const next = intake.open(web);
  void stream.write(new Uint8Array(100));
  assert.equal(said()[0], 0, 'nobody judges what comes for the stream of before');
  void next.write(new Uint8Array(7));
  intake.streamLost('docker:web');
  void next.write(new Uint8Array(7));
  assert.equal(said()[0], 7);
});

test('a source goes on with what was learned of its log, unless the log is read from its beginning', () => {
  const stored = new Map([['file:/log\nlearned', 'much']]);
  const { intake, requests } = intakeOf(
    () => 'UTC',
    (key) => stored.get(key) ?? null,
  );
  open(intake, [jail('a')]);
  stored.set('file:/log', 'as far');
  open(intake, [jail('a')]);
  intake.reconfigured(() => true, new Set(['sshd']));
  assert.deepEqual(
    requests.map(({ cursor, learned }) => [cursor, learned]),
    [
      [null, null],
      ['as far', 'much'],
      ['as far', 'much'],
    ],
  );
});

test('what is read otherwise after a reload is opened again by itself, or by its owner; the rest is not', () => {
  let timeZone = 'UTC';
  const { intake, requests } = intakeOf(
    () => timeZone,
    () => 'as far',
  );
  open(intake, [jail('a')]);
  const input = { kind: 'stream', framing: 'journal' } as const;
  const journal = intake.open({ id: 'journal:a', input, jails: [jail('a', 'Asia/Tokyo')] });
  const all = () => true;
  intake.reconfigured(all, new Set(['other']));
  assert.deepEqual([requests.length, journal.lost.aborted], [2, false]);
  timeZone = 'Asia/Tokyo';
  intake.reconfigured(all, new Set());
  assert.deepEqual([requests.length, journal.lost.aborted], [3, false]);
  assert.deepEqual(
    [requests[2]?.id, requests[2]?.cursor, requests[2]?.timeZone],
    ['file:/log', 'as far', timeZone],
  );
  intake.reconfigured(all, new Set(['sshd']));
  assert.deepEqual([requests.length, journal.lost.aborted], [4, true]);
  intake.reconfigured(() => false, new Set());
  assert.deepEqual(
    intake.status().map(({ jails }) => jails),
    [[], []],
  );
});

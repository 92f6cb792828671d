import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/types.ts';
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
    clock: systemClock,
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

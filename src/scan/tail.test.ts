import assert from 'node:assert/strict';
import { appendFileSync, renameSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bad, type Followed, LogFolder } from '../../test/setup/followed-log.ts';

let folder: LogFolder;
let log = '';

const add = (...users: string[]): void => folder.add(...users);
const follow = (cursor: string | null = null, nowMs = Date.now()): Followed =>
  folder.follow(cursor, { nowMs });

beforeEach(() => {
  folder = new LogFolder();
  log = folder.log;
});

afterEach(() => folder.remove());

test('without a cursor, lines without a date that were there before are too old to count', async () => {
  add('a', 'b');
  const tail = follow();
  await tail.saw('a b');
  add('c');
  await tail.saw('a b c');
  // Begun anew, shorter than what was there before.
  writeFileSync(log, bad('d'));
  await tail.saw('a b c d');
  assert.deepEqual(tail.found, [
    ['a', 0],
    ['b', 0],
    ['c', tail.now],
    ['d', tail.now],
  ]);
});

test('in what was there before, a date holds for the lines behind it', async () => {
  const date = Date.parse('2026-03-01T00:00:00Z') / 1_000;
  writeFileSync(log, `${bad('a')}2026-03-01T00:00:00Z nothing\n${bad('b')}`);
  const tail = follow();
  await tail.saw('a b');
  add('c');
  await tail.saw('a b c');
  assert.deepEqual(tail.found, [
    ['a', 0],
    ['b', date],
    ['c', tail.now],
  ]);
});

test('after a restart, the last date before it holds for the lines behind it, as without one', async () => {
  const date = Date.parse('2026-03-01T00:00:00Z') / 1_000;
  writeFileSync(log, `2026-03-01T00:00:00Z nothing\n${bad('a')}`);
  const first = follow();
  await first.saw('a');
  const cursor = await first.stop();
  add('b');
  const second = follow(cursor);
  await second.saw('b');
  const expected = [
    ['a', date],
    ['b', date],
  ];
  assert.deepEqual([...first.found, ...second.found], expected);
});

test('a line that was unfinished when the file was opened counts when it is finished', async () => {
  writeFileSync(log, `${bad('a')}bad b 203.0`);
  const tail = follow();
  await tail.saw('a');
  assert.equal(tail.lag, 0, 'nobody is late with what is not written yet');
  appendFileSync(log, '.113.7\n');
  await tail.saw('a b');
  assert.deepEqual(tail.found[1], ['b', tail.now]);
});

test('a line that was unfinished when the file was opened, and never is finished, stays too old', async () => {
  writeFileSync(log, `${bad('a')}bad b 203.0.113.7`);
  const tail = follow();
  await tail.saw('a');
  rotate('c');
  await tail.saw('a c');
  tail.nowMs += 11_000;
  await tail.saw('a c b');
  assert.deepEqual(tail.found[2], ['b', 0]);
});

test('a restart amid lines of unknown age does not make the rest of them young', async () => {
  const filler = 'nothing of interest\n'.repeat(60_000);
  writeFileSync(log, bad('a') + filler + bad('b') + filler + bad('c'));
  const first = follow();
  await first.saw('a b c');
  assert.ok(first.cursors.length > 3);
  await first.stop();
  add('d');
  for (const cursor of first.cursors) {
    const second = follow(cursor);
    await second.until(() => second.users.endsWith('d'));
    const changed = second.found.pop()?.[1] ?? 0;
    assert.ok(second.found.every(([, time]) => time === 0));
    assert.ok(changed > 0);
    await second.stop();
  }
});

test('what was written while nobody looked is as old as the last change, also behind an empty beginning', async () => {
  writeFileSync(log, '');
  const first = follow();
  await first.until(() => first.cursors.length > 0);
  const cursor = await first.stop();
  add('a');
  utimesSync(log, 1_790_000_000, 1_790_000_000);
  const second = follow(cursor);
  await second.saw('a');
  assert.deepEqual(second.found, [['a', 1_790_000_000]]);
});

test('a file that is made while it is waited for, or begun anew, is new', async () => {
  const tail = follow();
  await tail.until(() => tail.state === 'waiting');
  add('a', 'b');
  await tail.saw('a b');
  truncateSync(log);
  add('c');
  await tail.saw('a b c');
  renameSync(log, `${log}.1`);
  add('d');
  await tail.saw('a b c d');
  assert.deepEqual(
    tail.found.map(([, time]) => time),
    Array(4).fill(tail.now),
  );
});

test('a file that is waited for and turns out to be an old one is old', async () => {
  const elsewhere = path.join(folder.path, 'elsewhere');
  writeFileSync(elsewhere, bad('a'));
  // The wait begins long after the file was made.
  const tail = follow(null, Date.now() + 3_600_000);
  await tail.until(() => tail.state === 'waiting');
  renameSync(elsewhere, log);
  await tail.saw('a');
  assert.deepEqual(tail.found, [['a', 0]]);
});

/** Rotates, and the new file has a line. */
function rotate(...users: string[]): void {
  renameSync(log, `${log}.1`);
  add(...users);
}

test('lines that come late into the renamed file are judged until its time is over, then its unfinished one', async () => {
  add('a');
  const tail = follow();
  await tail.saw('a');
  rotate('b');
  await tail.saw('a b');
  appendFileSync(`${log}.1`, bad('late'));
  await tail.saw('a b late');
  appendFileSync(`${log}.1`, 'bad unfinished 203.0.113.7');
  add('c');
  await tail.saw('a b late c');
  tail.nowMs += 11_000;
  await tail.saw('a b late c unfinished');
  appendFileSync(`${log}.1`, bad('too-late'));
  add('d');
  await tail.saw('a b late c unfinished d');
});

test('a restart while lines may come late neither loses nor doubles any', async () => {
  add('a');
  const first = follow();
  await first.saw('a');
  rotate('b');
  await first.saw('a b');
  appendFileSync(`${log}.1`, `${bad('late')}bad unfi`);
  await first.saw('a b late');
  const cursor = await first.stop();
  appendFileSync(`${log}.1`, `nished 203.0.113.7\n${bad('later')}`);
  add('c');
  const second = follow(cursor);
  await second.until(() => second.found.length === 3);
  assert.deepEqual(second.users.split(' ').sort(), ['c', 'later', 'unfinished']);
});

test('after a restart the renamed file may be gone', async () => {
  add('a');
  const first = follow();
  await first.saw('a');
  rotate('b');
  await first.saw('a b');
  const cursor = await first.stop();
  unlinkSync(`${log}.1`);
  add('c');
  await follow(cursor).saw('c');
});

test('once all that was written while nobody looked is read, what comes is new', async () => {
  add('a');
  const first = follow();
  await first.saw('a');
  const cursor = await first.stop();
  appendFileSync(log, `2026-03-01T00:00:00Z nothing\n${bad('b')}`);
  renameSync(log, `${log}.1`);
  const second = follow(cursor);
  await second.saw('b');
  // Its turn, in which it finds nothing more.
  await setImmediate();
  await setImmediate();
  add('c');
  await second.saw('b c');
  assert.deepEqual(second.found, [
    ['b', Date.parse('2026-03-01T00:00:00Z') / 1_000],
    ['c', second.now],
  ]);
});

test('several rotations while nobody looked are read in order, and nothing else beside them', async () => {
  add('a');
  const first = follow();
  await first.saw('a');
  const cursor = await first.stop();
  add('b');
  renameSync(log, `${log}.3`);
  writeFileSync(`${log}.2`, bad('c'));
  writeFileSync(`${log}-20261122`, bad('d'));
  for (const other of ['.4', '.5.gz', '.json', '.1.lock', '.old']) writeFileSync(log + other, bad('wrong'));
  const ages = { '.4': 500, '.3': 400, '.2': 300, '-20261122': 200 };
  const nowMs = Date.now();
  for (const [suffix, age] of Object.entries(ages)) {
    const changed = nowMs / 1_000 - age;
    utimesSync(log + suffix, changed, changed);
  }
  for (const live of ['', bad('e')]) {
    writeFileSync(log, live);
    const second = follow(cursor, nowMs);
    await second.saw(live === '' ? 'b c d' : 'b c d e');
    const oldest = second.found.map(([, time]) => Math.round(second.now - time));
    assert.deepEqual(oldest.slice(0, 3), [400, 300, 200]);
    if (live === '') add('f');
    await second.saw(live === '' ? 'b c d f' : 'b c d e');
    await second.stop();
  }
});

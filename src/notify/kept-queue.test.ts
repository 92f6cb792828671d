import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { KeptQueue } from './kept-queue.ts';
import type { BanNotice, Notice } from './notice.ts';

const banOf = (number: number): BanNotice => ({
  kind: 'ban',
  time: number,
  jail: 'sshd',
  address: `10.0.${number >> 8}.${number & 255}`,
  host: '10.0.0.1',
  until: null,
  failures: 5,
  bancount: 1,
  lines: ['one'],
});

function queueAt(path: string, most?: number): { queue: KeptQueue; failures: unknown[] } {
  const failures: unknown[] = [];
  const options = { path, failed: (error: unknown) => failures.push(error) };
  const queue = new KeptQueue(most === undefined ? options : { ...options, most });
  queue.restore();
  return { queue, failures };
}

const timesOf = (notices: readonly Notice[]) => notices.map(({ time }) => time);

test('what waits is there after a restart, in order, without what was sent', async () => {
  const path = join(folderOf({}), 'deep', 'q.jsonl');
  const { queue, failures } = queueAt(path);
  for (const number of [1, 2, 3]) queue.add(banOf(number));
  await queue.flush();
  queue.sent(1, 0);
  queue.add({ kind: 'problem', time: 4, text: 'no ipset', solved: false });
  await queue.flush();
  assert.deepEqual(timesOf(queueAt(path).queue.waiting), [2, 3, 4]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  queue.sent(3, 0);
  await queue.flush();
  assert.equal(readFileSync(path, 'utf8'), '');
  assert.deepEqual(failures, []);
});

test('lines of logs are wanted of the first hundred, for which a message has room', async () => {
  const path = join(folderOf({}), 'q.jsonl');
  const { queue } = queueAt(path);
  for (let number = 0; number < 200; number += 1)
    queue.add(queue.wantsLines ? banOf(number) : { ...banOf(number), lines: [] });
  await queue.flush();
  const { waiting } = queueAt(path).queue;
  assert.deepEqual([waiting.length, waiting.at(-1)?.time], [200, 199]);
  const withLines = waiting.filter((notice) => notice.kind !== 'problem' && notice.lines.length > 0);
  assert.equal(withLines.length, 100);
});

test('what has no room is counted, also over a restart', async () => {
  const path = join(folderOf({}), 'q.jsonl');
  const { queue } = queueAt(path, 2);
  assert.deepEqual(
    [1, 2, 3, 4].map((number) => queue.add(banOf(number))),
    [true, true, false, false],
  );
  await queue.flush();
  const next = queueAt(path, 2).queue;
  assert.deepEqual([next.waiting.length, next.dropped], [2, 2]);
  next.sent(2, 2);
  assert.equal(next.dropped, 0);
});

test('lines that were written in part, or are none of ours, are passed over', () => {
  const good = JSON.stringify(banOf(7));
  const lines = [
    '{"kind":"ban","ti',
    'null',
    '[]',
    '{"kind":"ban","time":1}',
    '{"sent":"x"}',
    good,
    good.slice(0, 40),
  ];
  const path = join(folderOf({ 'q.jsonl': lines.join('\n') }), 'q.jsonl');
  const { queue, failures } = queueAt(path);
  assert.deepEqual([timesOf(queue.waiting), failures], [[7], []]);
});

test('the file does not grow without end while the queue is never empty', async () => {
  const path = join(folderOf({}), 'q.jsonl');
  const { queue } = queueAt(path);
  queue.add(banOf(0));
  for (let round = 0; round < 30; round += 1) {
    for (let number = 0; number < 100; number += 1) queue.add(banOf(number));
    await queue.flush();
    queue.sent(100, 0);
    await queue.flush();
  }
  assert.equal(queue.waiting.length, 1);
  assert.ok(readFileSync(path, 'utf8').split('\n').length < 2_300);
});

test('a file that cannot be written is told of, and written whole once it can', async () => {
  const path = join(folderOf({}), 'q', 'q.jsonl');
  const { queue, failures } = queueAt(path);
  mkdirSync(path);
  for (const number of [1, 2]) {
    queue.add(banOf(number));
    await queue.flush();
  }
  assert.equal(failures.length, 1);
  assert.deepEqual(timesOf(queue.waiting), [1, 2]);
  rmSync(path, { recursive: true });
  queue.add(banOf(3));
  await queue.flush();
  assert.deepEqual(timesOf(queueAt(path).queue.waiting), [1, 2, 3]);
});

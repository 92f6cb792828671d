import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSyslogRecords } from '../core/syslog-record.ts';
import { SyslogQueue } from './syslog-queue.ts';

const record = (text: string) => ({ receivedAt: 1.5, sender: '192.0.2.1', message: Buffer.from(text) });
const textsOf = (bytes: Uint8Array): string[] =>
  [...readSyslogRecords(bytes)].map(({ message }) => Buffer.from(message).toString());

/** As on the way to a worker: the sender is left with nothing. */
function transferred(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  assert.ok(buffer instanceof ArrayBuffer);
  return new Uint8Array(structuredClone(buffer, { transfer: [buffer] }), byteOffset, length);
}

test('what comes in one turn goes together, in its order, with its time and its sender', async () => {
  const written: Uint8Array[] = [];
  const done = Promise.withResolvers<void>();
  const queue = new SyslogQueue(async (bytes) => {
    written.push(transferred(bytes));
    done.resolve();
  });
  for (const text of ['a', '', 'c'.repeat(300_000)]) queue.add(record(text));
  await done.promise;
  while (written.length < 2) await new Promise(setImmediate);
  assert.deepEqual(written.flatMap(textsOf), ['a', '', 'c'.repeat(300_000)]);
  const [first] = readSyslogRecords(written[0] ?? new Uint8Array());
  assert.deepEqual([first?.receivedAt, first?.sender], [1.5, '192.0.2.1']);
});

test('it is full while the scanner is behind, and says when there is room', async () => {
  const release: (() => void)[] = [];
  const texts: string[] = [];
  const queue = new SyslogQueue(async (bytes) => {
    texts.push(...textsOf(transferred(bytes)));
    await new Promise<void>((resolve) => release.push(resolve));
  });
  let added = 0;
  while (!queue.full) queue.add(record(`${added++} ${'x'.repeat(1_000)}`));
  assert.ok(added > 900 && added < 1_100, 'about a megabyte');
  const room = Promise.withResolvers<void>();
  queue.whenRoom(room.resolve);
  while (release.length === 0) await new Promise(setImmediate);
  assert.ok(queue.full, 'also while the first piece is on its way');
  release.shift()?.();
  await room.promise;
  assert.ok(!queue.full);
  while (texts.length < added) {
    release.shift()?.();
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    texts.map((text) => Number.parseInt(text, 10)),
    Array.from({ length: added }, (_, index) => index),
  );
});

test('a scanner that fails does not hold up what comes later', async () => {
  const written: string[] = [];
  const queue = new SyslogQueue(async (bytes) => {
    written.push(...textsOf(transferred(bytes)));
    if (written.length === 1) throw new Error('gone');
  });
  queue.add(record('a'));
  while (written.length === 0) await new Promise(setImmediate);
  queue.add(record('b'));
  while (written.length === 1) await new Promise(setImmediate);
  assert.deepEqual(written, ['a', 'b']);
});

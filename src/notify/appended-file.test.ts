import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { folderOf } from '../../test/setup/folder.ts';
import type { BailiffError } from '../core/errors.ts';
import { AppendedFile } from './appended-file.ts';

let folder = '';
let path = '';
let failures: BailiffError[] = [];
let recoveries: number[] = [];
beforeEach(() => {
  folder = folderOf({});
  path = join(folder, 'log');
  failures = [];
  recoveries = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function appended(): AppendedFile {
  const [failed, recovered] = [failures, recoveries];
  return new AppendedFile(path, {
    failed: (error) => failed.push(error),
    recovered: (lost) => recovered.push(lost),
  });
}

/** Waits for what is promised only for the next moments. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(5);
}

const text = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** Writes of all file handles pass through here until it is undone. */
async function patchWrite(patch: (write: FileHandle['write']) => FileHandle['write']): Promise<() => void> {
  const handle = await open(folder);
  const prototype = Object.getPrototypeOf(handle) as { write: FileHandle['write'] };
  await handle.close();
  const { write } = prototype;
  prototype.write = patch(write);
  return () => {
    prototype.write = write;
  };
}

test('what comes in one turn of the event loop is one write, in order, however much it is', async (t) => {
  let writes = 0;
  const undo = await patchWrite(
    (write) =>
      function (this: FileHandle, ...args: Parameters<typeof write>) {
        writes += 1;
        return write.apply(this, args);
      } as typeof write,
  );
  t.after(undo);
  const log = appended();
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  for (const line of lines) log.append(line);
  assert.equal(text(), '', 'nothing is written while they come');
  await log.close();
  assert.equal(text(), `${lines.join('\n')}\n`);
  assert.ok(writes <= 2, `${writes} writes`);
  assert.deepEqual(failures, []);
});

test('a rotation by renaming or by truncation is followed', async () => {
  const log = appended();
  log.append('one');
  await until(() => text() === 'one\n');
  renameSync(path, `${path}.1`);
  log.append('two');
  await until(() => text() === 'two\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\n');
  truncateSync(path);
  log.append('three');
  await log.close();
  assert.equal(text(), 'three\n');
});

test('a folder that is missing is said once, and nothing is lost when it is there again', async () => {
  path = join(folder, 'later', 'log');
  const log = appended();
  log.append('one');
  await until(() => failures.length === 1);
  log.append('two');
  await setImmediate();
  mkdirSync(join(folder, 'later'));
  await until(() => recoveries.length === 1);
  assert.equal(text(), 'one\ntwo\n');
  assert.deepEqual(
    [failures.map(({ code, where }) => [code, where]), recoveries],
    [[['fail2ban-log-unwritable', path]], [0]],
  );
  await log.close();
});

test('a full disk: what waits is bounded, and how much is lost is said', async () => {
  symlinkSync('/dev/full', path);
  const log = appended();
  log.append('first');
  await until(() => failures.length === 1);
  assert.match(failures[0]?.message ?? '', /ENOSPC/);
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 10; count += 1) log.append(megabyte);
  rmSync(path);
  await until(() => recoveries.length === 1);
  assert.deepEqual(recoveries, [3]);
  assert.equal(text(), `first\n${`${megabyte}\n`.repeat(7)}`);
  assert.equal(failures.length, 1);
  await log.close();
});

test('a line of which a part was written is completed before the next', async () => {
  let room = 10;
  const undo = await patchWrite(
    (write) =>
      async function (this: FileHandle, bytes: Uint8Array, offset = 0) {
        if (room === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        const length = Math.min(room, bytes.length - offset);
        room -= length;
        return Reflect.apply(write, this, [bytes, offset, length]);
      } as FileHandle['write'],
  );
  const log = appended();
  log.append('Ban 203.0.113.12');
  await until(() => failures.length === 1);
  assert.equal(text(), 'Ban 203.0.');
  undo();
  log.append('Ban 203.0.113.34');
  await log.close();
  assert.equal(text(), 'Ban 203.0.113.12\nBan 203.0.113.34\n');
  assert.deepEqual(recoveries, [0]);
});

import assert from 'node:assert/strict';
import { lchown, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { withLock } from './lock-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-lock-'));
});

afterEach(() => rm(directory, { recursive: true }));

test('it names its holder while the work is done, and is gone afterwards, also where that fails', async () => {
  const seen = await withLock('a.lock', [directory], () => readlink(join(directory, 'a.lock')));
  assert.match(seen, new RegExp(`^${process.pid} \\d+$`));
  const fails = withLock('a.lock', [directory], () => Promise.reject(new Error('no')));
  await assert.rejects(fails, { message: 'no' });
  assert.deepEqual(await readdir(directory), []);
});

test('one at a time holds it', async () => {
  let inside = 0;
  const works = Array.from({ length: 4 }, () =>
    withLock('a.lock', [directory], async () => {
      inside += 1;
      assert.equal(inside, 1);
      await readdir(directory);
      inside -= 1;
    }),
  );
  await Promise.all(works);
  assert.deepEqual(await readdir(directory), []);
});

test('what is no lock of ours does not stand in the way', async () => {
  await writeFile(join(directory, 'a.lock'), '1 1');
  assert.equal(await withLock('a.lock', [directory], async () => 'done'), 'done');
  assert.deepEqual(await readdir(directory), []);
});

const unprivileged = process.getuid?.() === 0 ? false : 'only root can give a file away';
test("another user's is none", { skip: unprivileged }, async () => {
  const self = await withLock('a.lock', [directory], () => readlink(join(directory, 'a.lock')));
  await symlink(self, join(directory, 'a.lock'));
  await lchown(join(directory, 'a.lock'), 65_534, 65_534);
  assert.equal(await withLock('a.lock', [directory], async () => 'done'), 'done');
});

for (const [whose, holder] of [
  ['a process that is gone', '4194305 17'],
  ['a process whose id another one has now', `${process.pid} 1`],
  ['nobody', 'x'],
] as const) {
  test(`that of ${whose} is taken over`, async () => {
    await symlink(holder, join(directory, 'a.lock'));
    assert.equal(await withLock('a.lock', [directory], async () => 'done'), 'done');
    assert.deepEqual(await readdir(directory), []);
  });
}

test('a directory that takes no lock is passed over; where none does, that is said', async () => {
  const absent = join(directory, 'absent');
  assert.equal(await withLock('a.lock', [absent, directory], async () => 'done'), 'done');
  const nowhere = withLock('a.lock', [absent], async () => 'done');
  await assert.rejects(nowhere, { code: 'enforcement-failed', message: /no lock can be made in/ });
});

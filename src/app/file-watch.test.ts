import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileWatch } from './file-watch.ts';

test('a file has changed once it stays so from one look to the next; what was read is known', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-watch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bailiff.yaml');
  const watch = new FileWatch(path);
  const looks = async (count: number): Promise<boolean[]> => {
    const seen: boolean[] = [];
    while (seen.length < count) seen.push(await watch.look());
    return seen;
  };
  assert.deepEqual(await looks(2), [false, false], 'it is not there');
  writeFileSync(path, 'a');
  assert.deepEqual(await looks(3), [false, true, false]);
  writeFileSync(path, 'ab');
  assert.equal(await watch.look(), false);
  writeFileSync(path, 'abc');
  assert.deepEqual(await looks(3), [false, true, false], 'it was still being written');
  writeFileSync(path, 'abcd');
  await watch.take();
  assert.deepEqual(await looks(2), [false, false]);
  rmSync(path);
  assert.deepEqual(await looks(2), [false, true]);
});

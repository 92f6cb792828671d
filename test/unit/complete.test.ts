import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { alone, testFiles } from '../setup/test-folder.ts';

test('each folder of src/ with tests has its file here', () => {
  const here = globSync('*.test.ts', { cwd: import.meta.dirname }).map((file) =>
    path.basename(file, '.test.ts'),
  );
  assert.deepEqual(here.sort(), [...Object.keys(testFiles), 'complete'].sort());
});

test('each file that needs a process of its own is there', () => {
  assert.ok(alone.length > 0);
  const root = path.join(import.meta.dirname, '../..');
  assert.deepEqual(
    alone.filter((file) => !existsSync(path.join(root, file))),
    [],
  );
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { baseOf, expand } from './glob.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bailiff-glob-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function make(...files: string[]): void {
  for (const file of files) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
}

async function matches(pattern: string): Promise<string> {
  const { paths } = await expand(path.join(folder, pattern));
  return paths.map((each) => path.relative(folder, each)).join(' ');
}

test('wildcards within one name', async () => {
  make(
    'access.log',
    'a-access.log',
    'b.log',
    'B.log',
    '.hidden.log',
    'x1.log',
    'x2.log',
    'x-.log',
    'sub/access.log',
    'a+b.log',
  );
  assert.equal(await matches('*access.log'), 'a-access.log access.log');
  assert.equal(await matches('?.log'), 'B.log b.log');
  assert.equal(await matches('x[0-9].log'), 'x1.log x2.log');
  assert.equal(await matches('x[!0-9].log'), 'x-.log');
  assert.equal(await matches('.*.log'), '.hidden.log');
  assert.equal(await matches('a+b.*'), 'a+b.log');
  assert.equal(await matches('*/access.log'), 'sub/access.log');
  assert.equal(await matches('none*'), '');
  assert.equal(await matches('[.log'), '');
});

test('** stands for any folders, none too, and follows no links', async () => {
  make('error.log', 'a/error.log', 'a/b/error.log', 'a/b/other.log', '.git/error.log');
  symlinkSync('..', path.join(folder, 'a', 'up'));
  assert.equal(await matches('**/error.log'), 'a/b/error.log a/error.log error.log');
  assert.equal(await matches('a/**'), 'a/b/error.log a/b/other.log a/error.log');
});

test('what is too deep is said, and where the search begins', async () => {
  make(`${'d/'.repeat(20)}x.log`);
  const { cut, paths } = await expand(path.join(folder, '**/x.log'));
  assert.deepEqual([cut, paths], [true, []]);
  assert.equal(baseOf('/var/log/nginx/*.log'), '/var/log/nginx');
  assert.equal(baseOf('/*/x'), '/');
});

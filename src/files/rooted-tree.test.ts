import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { rootAt } from './root-at.ts';
import { RootedTree } from './rooted-tree.ts';

let folder = '';
let root = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'bailiff-root-')));
  root = path.join(folder, 'volume');
  mkdirSync(path.join(root, 'logs'), { recursive: true });
  writeFileSync(path.join(root, 'logs', 'app.log'), 'inside');
  writeFileSync(path.join(folder, 'secret'), 'outside');
});

afterEach(() => rmSync(folder, { recursive: true }));

function treeAt(at: string): RootedTree {
  return new RootedTree(rootAt(root, at) ?? assert.fail());
}

function contentOf(tree: RootedTree, file: string): string {
  const descriptor = tree.open(file);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Links in logs/: name, and what they say. */
function link(name: string, target: string): void {
  symlinkSync(target, path.join(root, 'logs', name));
}

test('names are looked up as those know them who write there', () => {
  const tree = treeAt('/data');
  assert.equal(contentOf(tree, '/data/logs/app.log'), 'inside');
  assert.equal(contentOf(tree, '/data//logs/./../logs/app.log'), 'inside');
  assert.deepEqual(tree.list('/data/logs', 10), ['app.log']);
  assert.equal(tree.stat('/data/logs/app.log')?.size, 6n);
  assert.equal(tree.stat('/data/logs/none.log'), undefined);
  assert.equal(tree.stat('/data/logs/app.log/none'), undefined);
  assert.throws(() => tree.open('/data/logs/none.log'), { code: 'ENOENT' });
});

test('links within the root are followed, relative ones and absolute ones', () => {
  const tree = treeAt('/data');
  link('a.log', 'app.log');
  link('b.log', '../logs/./a.log');
  link('c.log', '/data/logs/b.log');
  symlinkSync('/data/logs', path.join(root, 'current'));
  for (const name of ['logs/a.log', 'logs/b.log', 'logs/c.log', 'current/c.log']) {
    assert.equal(contentOf(tree, `/data/${name}`), 'inside', name);
    assert.equal(tree.target(`/data/${name}`), '/data/logs/app.log', name);
  }
  assert.equal(tree.target('/data/logs/none.log'), '/data/logs/none.log');
});

test('nothing leads out of the root', () => {
  const tree = treeAt('/data');
  const secret = path.join(folder, 'secret');
  link('absolute.log', secret);
  link('relative.log', '../../secret');
  link('folder', folder);
  link('host.log', '/etc/passwd');
  symlinkSync('../..', path.join(root, 'logs', 'up'));
  for (const name of [
    'absolute.log',
    'relative.log',
    'folder/secret',
    'host.log',
    'up/secret',
    '../../secret',
  ])
    for (const look of [
      () => tree.open(`/data/logs/${name}`),
      () => tree.stat(`/data/logs/${name}`),
      () => tree.list(`/data/logs/${name}`, 10),
    ])
      assert.throws(look, { code: 'EXDEV' }, name);
  assert.throws(() => tree.open('/other/app.log'), { code: 'EXDEV' });
  assert.throws(() => tree.open('/data/logs/host.log'), {
    message: '/data/logs/host.log leads to /etc/passwd, which is not in /data',
  });
});

test('where the root is a whole file system, nothing is above it, as for those who live in it', () => {
  const tree = treeAt('/');
  link('up.log', '../../../../logs/app.log');
  link('absolute.log', '/logs/app.log');
  link('host.log', path.join(folder, 'secret'));
  assert.equal(contentOf(tree, '/logs/up.log'), 'inside');
  assert.equal(contentOf(tree, '/logs/absolute.log'), 'inside');
  assert.throws(() => tree.open('/logs/host.log'), { code: 'ENOENT' });
});

test('links without an end are given up', () => {
  link('a', 'b');
  link('b', 'a');
  assert.throws(() => treeAt('/').open('/logs/a'), { code: 'ELOOP' });
});

test('neither folders without an end nor full ones cost more than a bit', () => {
  const tree = treeAt('/');
  // Each turn goes down and up again: few links, and as many names as fit into them.
  mkdirSync(path.join(root, 'd'));
  link('deep', `${'../d/../'.repeat(200)}logs/app.log`);
  assert.throws(() => tree.open('/logs/deep'), { code: 'ENAMETOOLONG' });
  for (let index = 0; index < 50; index++) writeFileSync(path.join(root, 'd', `${index}`), '');
  assert.equal(tree.list('/d', 20).length, 20);
});

test('nothing but regular files is opened', () => {
  execFileSync('mkfifo', [path.join(root, 'logs', 'pipe')]);
  assert.throws(() => treeAt('/').open('/logs/pipe'), { code: 'EISDIR' });
  assert.throws(() => treeAt('/').open('/logs'), { code: 'EISDIR' });
});

test('another folder in the place of the root is not read', () => {
  const tree = treeAt('/');
  renameSync(root, `${root}-before`);
  mkdirSync(path.join(root, 'logs'), { recursive: true });
  writeFileSync(path.join(root, 'logs', 'app.log'), 'another');
  assert.throws(() => tree.open('/logs/app.log'), { code: 'ENOENT' });
  assert.equal(tree.stat('/logs/app.log'), undefined);
});

test('no descriptor stays open, whatever goes wrong', () => {
  const tree = treeAt('/data');
  link('loop', 'loop');
  link('out', '/etc');
  // Of those alone that lead into the tree: Node opens others whenever it likes.
  const open = () =>
    readdirSync('/proc/self/fd').filter((each) =>
      attempt(() => readlinkSync(`/proc/self/fd/${each}`)).startsWith(root),
    );
  const held = tree.open('/data/logs/app.log');
  assert.equal(open().length, 1);
  closeSync(held);
  for (const name of ['app.log', 'none', 'loop', 'out/passwd', '../../..'])
    assert.ok(['string', 'object'].includes(typeof tree.target(`/data/logs/${name}`)));
  assert.deepEqual(open(), []);
});

test('notices come from the folder that was reached', async () => {
  const tree = treeAt('/data');
  const noticed = Promise.withResolvers<string | null>();
  const watcher = tree.watch('/data/logs', (_event, name) => noticed.resolve(name));
  writeFileSync(path.join(root, 'logs', 'new.log'), 'x');
  assert.equal(await noticed.promise, 'new.log');
  watcher.close();
});

test('whoever swaps a folder for a link at the right moment gains nothing', { timeout: 60_000 }, async () => {
  const tree = treeAt('/');
  mkdirSync(path.join(folder, 'logs-of-host'));
  writeFileSync(path.join(folder, 'logs-of-host', 'app.log'), 'outside');
  // Two names are exchanged for ever: a folder, and a link out of the root.
  symlinkSync(path.join(folder, 'logs-of-host'), path.join(root, 'link'));
  const script = `const fs = require('node:fs');
    for (;;) {
      fs.renameSync('logs', 'spare'); fs.renameSync('link', 'logs');
      fs.renameSync('logs', 'link'); fs.renameSync('spare', 'logs');
    }`;
  const swapping = execFile(process.execPath, ['-e', script], { cwd: root });
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  try {
    // A careless reader must have been led out, or the swapping proves nothing.
    while (['inside', 'refused', 'careless: outside'].some((what) => (seen.get(what) ?? 0) < 300)) {
      count(attempt(() => contentOf(tree, '/logs/app.log')));
      count(`careless: ${attempt(() => readFileSync(path.join(root, 'logs', 'app.log'), 'utf8'))}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    swapping.kill('SIGKILL');
    await new Promise((resolve) => swapping.once('close', resolve));
  }
  assert.equal(seen.get('outside'), undefined);
});

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return 'refused';
  }
}

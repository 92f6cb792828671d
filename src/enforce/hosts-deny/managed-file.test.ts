import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import {
  chmod,
  link,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { largestFile, ManagedFile } from './managed-file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-managed-'));
  path = join(directory, 'hosts.deny');
});

afterEach(() => rm(directory, { recursive: true }));

function managed(): ManagedFile {
  return new ManagedFile(path, { lockDirectories: [directory] });
}

const append = (line: string) => (text: string) => `${text}${line}\n`;

describe('an edit', () => {
  test('keeps mode and owner, and leaves nothing else behind', async () => {
    await writeFile(path, 'one\n');
    await chmod(path, 0o640);
    const before = await stat(path);
    await managed().edit(append('two'));
    const after = await stat(path);
    assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
    assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid]);
    assert.deepEqual(await readdir(directory), ['hosts.deny']);
  });

  test('keeps every byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await writeFile(path, bytes);
    await managed().edit((text) => `${text}\n`);
    assert.deepEqual(await readFile(path), Buffer.concat([bytes, Buffer.from('\n')]));
  });

  test('that changes nothing writes nothing', async () => {
    await writeFile(path, 'one\n');
    const { ino, mtimeMs } = await stat(path);
    await managed().edit((text) => text);
    const after = await stat(path);
    assert.deepEqual([after.ino, after.mtimeMs], [ino, mtimeMs]);
  });

  test('replaces the file, so that whoever has it open reads the old one', async () => {
    await writeFile(path, 'one\n');
    const { ino } = await stat(path);
    await managed().edit(append('two'));
    assert.notEqual((await stat(path)).ino, ino);
  });

  test('follows a symbolic link', async () => {
    await writeFile(join(directory, 'real'), 'one\n');
    await symlink('real', path);
    await managed().edit(append('two'));
    assert.equal(await readlink(path), 'real');
    assert.equal(await readFile(join(directory, 'real'), 'utf8'), 'one\ntwo\n');
    assert.deepEqual((await readdir(directory)).sort(), ['hosts.deny', 'real']);
  });

  test('of a file with two names is seen under both', async () => {
    await writeFile(path, 'one\ntwo\nthree\n');
    await link(path, join(directory, 'other'));
    for (const text of ['one\nfour\nthree\n', 'one\n', 'one\ntwo\nthree\nfour\n', '']) {
      await managed().edit(() => text);
      assert.equal(await readFile(path, 'utf8'), text);
      assert.equal(await readFile(join(directory, 'other'), 'utf8'), text);
    }
    assert.deepEqual((await readdir(directory)).sort(), ['hosts.deny', 'other']);
  });

  test('takes away what a killed one left, and not what is another file', async () => {
    await writeFile(path, 'one\n');
    // The largest id there can be is 2^22.
    for (const name of ['.hosts.deny.bailiff-4194305', '.hosts.deny.bailiff-1', '.hosts.deny.swp']) {
      await writeFile(join(directory, name), 'x');
    }
    await managed().edit(append('two'));
    const left = (await readdir(directory)).sort();
    assert.deepEqual(left, ['.hosts.deny.bailiff-1', '.hosts.deny.swp', 'hosts.deny']);
  });
});

describe("somebody else's edit in between is kept", () => {
  for (const [how, names] of [
    ['where the file is replaced', 1],
    ['where it is written in place', 2],
  ] as const) {
    test(how, async () => {
      await writeFile(path, 'one\n');
      if (names === 2) await link(path, join(directory, 'other'));
      let asked = 0;
      await managed().edit((text) => {
        asked += 1;
        if (asked === 1) appendFileSync(path, 'theirs\n');
        return `${text}ours\n`;
      });
      assert.equal(await readFile(path, 'utf8'), 'one\ntheirs\nours\n');
      assert.equal(asked, 2);
    });
  }

  test('where an editor puts a file of the same text in its place', async () => {
    await writeFile(path, 'one\n');
    let asked = 0;
    await managed().edit(async (text) => {
      asked += 1;
      if (asked === 1) {
        await writeFile(join(directory, 'new'), text, { mode: 0o600 });
        await rename(join(directory, 'new'), path);
      }
      return `${text}ours\n`;
    });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(asked, 2);
  });

  test('and where it never ends, that is said', async () => {
    await writeFile(path, 'one\n');
    let asked = 0;
    const edit = managed().edit((text) => {
      asked += 1;
      writeFileSync(path, `theirs ${asked}\n`);
      return `${text}ours\n`;
    });
    await assert.rejects(edit, { code: 'enforcement-failed', message: /changed by somebody else/ });
    assert.equal(await readFile(path, 'utf8'), 'theirs 5\n');
    assert.deepEqual(await readdir(directory), ['hosts.deny']);
  });
});

describe('what cannot be is said', () => {
  test('a file that is not there, which is not made', async () => {
    await assert.rejects(managed().read(), {
      code: 'enforcement-failed',
      message: /hosts\.deny cannot be read: ENOENT/,
      remedy: /make an empty one/,
    });
    await assert.rejects(managed().edit(append('x')), { code: 'enforcement-failed' });
    assert.deepEqual(await readdir(directory), []);
  });

  test('a directory', async () => {
    const file = new ManagedFile(directory);
    await assert.rejects(file.read(), { message: /cannot be read: it is not a file/ });
  });

  test('a file larger than 10 MB, on the disk or to be', async () => {
    await writeFile(path, 'one\n');
    const edit = managed().edit(() => 'x'.repeat(largestFile + 1));
    await assert.rejects(edit, { message: /cannot be written: it is larger than 10 MB/ });
    await truncate(path, largestFile + 1);
    await assert.rejects(managed().read(), { message: /cannot be read: it is larger than 10 MB/ });
  });
});

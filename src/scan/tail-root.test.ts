import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bad, type Followed, LogFolder } from '../../test/setup/followed-log.ts';
import { fingerprint, fingerprintLength, formatFileCursor } from '../files/file-cursor.ts';
import { rootAt } from '../files/root-at.ts';
import { Judged } from './judged.ts';

let folder: LogFolder;
let volume = '';

beforeEach(() => {
  folder = new LogFolder();
  volume = path.join(folder.path, 'volume');
  mkdirSync(volume);
});

afterEach(() => folder.remove());

function follow(cursor: string | null = null, judged = new Judged()): Followed {
  return folder.follow(cursor, {
    path: '/data/app.log',
    root: rootAt(volume, '/data') ?? assert.fail(),
    judged,
  });
}

const inVolume = (name: string): string => path.join(volume, name);

test('a log in a root is followed over rotations, and on from its cursor', async () => {
  const followed = follow();
  await followed.until(() => followed.state === 'waiting');
  writeFileSync(inVolume('app.log'), bad('a'));
  await followed.saw('a');
  renameSync(inVolume('app.log'), inVolume('app.log.1'));
  appendFileSync(inVolume('app.log.1'), bad('b'));
  writeFileSync(inVolume('app.log'), bad('c'));
  await followed.saw('a b c');
  const cursor = await followed.stop();
  appendFileSync(inVolume('app.log'), bad('d'));
  writeFileSync(inVolume('app.log.2.gz'), gzipSync(bad('old')));
  // As packers do: it has the time of what it holds.
  utimesSync(inVolume('app.log.2.gz'), 1_000, 1_000);
  renameSync(inVolume('app.log'), inVolume('app.log.1'));
  writeFileSync(inVolume('app.log'), bad('e'));
  await follow(cursor).saw('d e');
});

test('a log whose name becomes a link out of its root is not read on, and says so', async () => {
  const followed = follow();
  writeFileSync(inVolume('app.log'), bad('a'));
  await followed.saw('a');
  folder.add('secret');
  unlinkSync(inVolume('app.log'));
  symlinkSync(folder.log, inVolume('app.log'));
  await followed.until(() => followed.state === 'failed');
  assert.match(followed.detail, /leads to \/.*service\.log, which is not in \/data$/);
  unlinkSync(inVolume('app.log'));
  writeFileSync(inVolume('app.log'), bad('b'));
  await followed.saw('a b');
});

test('rotated files are looked for in the root alone', async () => {
  const followed = follow();
  writeFileSync(inVolume('app.log'), bad('a'));
  await followed.saw('a');
  folder.add('secret');
  symlinkSync(folder.log, inVolume('app.log.1'));
  appendFileSync(inVolume('app.log'), bad('b'));
  await followed.saw('a b');
  renameSync(inVolume('app.log'), inVolume('app.log.2'));
  writeFileSync(inVolume('app.log'), bad('c'));
  await followed.saw('a b c');
});

test('another folder in the place of the root is waited out', async () => {
  const followed = follow();
  writeFileSync(inVolume('app.log'), bad('a'));
  await followed.saw('a');
  rmSync(volume, { recursive: true });
  mkdirSync(volume);
  writeFileSync(inVolume('app.log'), bad('another'));
  await followed.until(() => followed.state === 'waiting');
  assert.equal(followed.users, 'a');
});

test('the same file under its name on the host and in a root is read once', async () => {
  const judged = new Judged();
  writeFileSync(inVolume('app.log'), bad('a'));
  const outside = folder.follow(null, { path: inVolume('app.log'), judged });
  await outside.saw('a');
  const within = follow(null, judged);
  await within.until(() => within.state === 'waiting');
  assert.equal(within.detail, `the same file is read as ${inVolume('app.log')}`);
  appendFileSync(inVolume('app.log'), bad('b'));
  await outside.saw('a b');
  await outside.stop();
  appendFileSync(inVolume('app.log'), bad('c'));
  await within.saw('c');
});

test('what was read through the archive API is read on in the folder itself', async () => {
  const read = 'nothing of interest\n'.repeat(20) + bad('a');
  writeFileSync(inVolume('app.log'), read + bad('b'));
  const hash = fingerprint(Buffer.from(read).subarray(-fingerprintLength));
  const cursor = formatFileCursor({ file: '', offset: read.length, hash, old: 0, late: null, at: null });
  await follow(cursor).saw('b');
});

test('a log whose whole root is gone is read to its end, its unfinished line too', async () => {
  writeFileSync(inVolume('app.log'), bad('a') + bad('b').trimEnd());
  const followed = follow();
  await followed.saw('a');
  rmSync(volume, { recursive: true });
  followed.finish();
  await followed.saw('a b');
});

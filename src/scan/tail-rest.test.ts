import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { bad, LogFolder } from '../../test/setup/followed-log.ts';
import { Judged } from './judged.ts';

let folder: LogFolder;
let log = '';

beforeEach(() => {
  folder = new LogFolder();
  log = folder.log;
});

afterEach(() => folder.remove());

/** As gzip and logrotate do: the packed file has the times of what it holds. */
function pack(file: string, suffix = '.gz', make: (text: Buffer) => Buffer = gzipSync): void {
  const { atime, mtimeMs } = statSync(file);
  writeFileSync(file + suffix, make(readFileSync(file)));
  utimesSync(file + suffix, atime, mtimeMs / 1_000);
  unlinkSync(file);
}

/** Long enough to be known again by its bytes. */
const long = (first: string): string => bad(first) + `nothing of interest after ${first}\n`.repeat(20);

for (const [name, suffix, make] of [
  ['gzip', '.1.gz', gzipSync],
  ['zstd', '-20261122.zst', zstdCompressSync],
] as const) {
  test(`the rest of a file that was packed with ${name} while nobody looked is read before the new one`, async () => {
    writeFileSync(log, long('a'));
    const first = folder.follow();
    await first.saw('a');
    const cursor = await first.stop();
    folder.add('b', 'c');
    const rotated = log + suffix.replace(/\.[a-z]+$/, '');
    renameSync(log, rotated);
    pack(rotated, path.extname(suffix), make);
    folder.add('d');
    const second = folder.follow(cursor);
    await second.saw('a b c d'.slice(2));
    await second.stop();
    await folder.follow(second.cursor).until(() => true);
  });
}

test('a packed rest is taken up in its middle, wherever the cursor stood', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  const cursor = await first.stop();
  const users = Array.from({ length: 40 }, (_, index) => `u${index}`);
  // Several chunks.
  appendFileSync(log, users.map((user) => bad(user) + 'nothing of interest\n'.repeat(5_000)).join(''));
  renameSync(log, `${log}.1`);
  pack(`${log}.1`);
  folder.add('new');
  const second = folder.follow(cursor);
  const all = [...users, 'new'].join(' ');
  await second.saw(all);
  await second.stop();
  assert.ok(second.cursors.length > 4, 'in several batches');
  for (const [index, each] of second.cursors.entries()) {
    const third = folder.follow(each);
    if (index < second.cursors.length - 1) {
      await third.until(() => third.users.endsWith('new'));
      const seen = second.found.length - third.found.length;
      assert.equal(third.users, all.split(' ').slice(seen).join(' '));
    }
    await third.stop();
  }
});

test('several rotations, packed all, are read in order; what is behind the cursor is not', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  const cursor = await first.stop();
  folder.add('b');
  const times = { '.3': 300, '.2': 200, '.1': 100 };
  renameSync(log, `${log}.3`);
  writeFileSync(`${log}.2`, bad('c'));
  writeFileSync(`${log}.1`, bad('d'));
  for (const [suffix, age] of Object.entries(times)) {
    const changed = Date.now() / 1_000 - age;
    utimesSync(log + suffix, changed, changed);
    if (suffix !== '.1') pack(log + suffix);
  }
  writeFileSync(`${log}.4`, bad('judged'));
  utimesSync(`${log}.4`, 1_000, 1_000);
  pack(`${log}.4`);
  folder.add('e');
  const second = folder.follow(cursor);
  await second.saw('b c d e');
});

test('a packed file that is damaged, or packed in a way that cannot be read, is told as a gap', async () => {
  for (const [suffix, make, gap] of [
    ['.gz', (text: Buffer) => gzipSync(text).subarray(0, -12), /service\.log\.1\.gz: unexpected end of file/],
    ['.xz', (text: Buffer) => text, /service\.log\.1\.xz: packed in a way that cannot be read/],
  ] as const) {
    writeFileSync(log, long('a'));
    const first = folder.follow();
    await first.saw('a');
    const cursor = await first.stop();
    folder.add('b');
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, suffix, make);
    folder.add('c');
    const second = folder.follow(cursor);
    await second.until(() => second.users.endsWith('c') && gap.test(second.detail));
    assert.equal(second.state, 'reading');
    await second.stop();
    unlinkSync(`${log}.1${suffix}`);
  }
});

test('a copy that truncates: what is only in the copy is read, also after a restart, and nothing twice', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  const cursor = await first.stop();
  folder.add('b');
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  folder.add('c');
  const second = folder.follow(cursor);
  await second.saw('b c');
  // In one go, so that it is all there when the tail looks.
  folder.add('d');
  await second.saw('b c d');
  appendFileSync(log, long('e'));
  await second.saw('b c d e');
  renameSync(`${log}.1`, `${log}.2`);
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  folder.add('f');
  await second.saw('b c d e f');
});

test('a copy that lacks the end which was judged, and rotations behind it: only these are read', async () => {
  for (const away of [false, true]) {
    const rotated = ['.2', '.1'].map((suffix) => log + suffix);
    writeFileSync(log, long('a'));
    let tail = folder.follow();
    await tail.saw('a');
    for (const [index, file] of rotated.entries()) {
      writeFileSync(file, index === 0 ? bad('a') : long(`b${index}`));
      // The first was copied before the last line was read.
      const changed = Date.now() / 1_000 + (index === 0 ? -1 : index);
      utimesSync(file, changed, changed);
    }
    if (away) tail = folder.follow(await tail.stop());
    writeFileSync(log, long('c'));
    await tail.until(() => tail.users.endsWith('c'));
    assert.equal(tail.users, away ? 'b1 c' : 'a b1 c');
    await tail.stop();
    for (const file of rotated) unlinkSync(file);
  }
});

test('a file that was judged is not read again when who packs it gives it the time of the packing', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log)));
  const later = Date.now() / 1_000 + 5;
  utimesSync(`${log}.1.gz`, later, later);
  unlinkSync(log);
  folder.add('b');
  await first.saw('a b');
  const cursor = await first.stop();
  folder.add('c');
  await folder.follow(cursor).saw('c');
});

test('files whose predecessor is gone are read from the first that is left', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  const cursor = await first.stop();
  for (const [suffix, user, age] of [
    ['.2', 'b', 2],
    ['.1', 'c', 1],
  ] as const) {
    writeFileSync(log + suffix, long(user));
    const changed = Date.now() / 1_000 + 10 - age;
    utimesSync(log + suffix, changed, changed);
  }
  pack(`${log}.2`);
  unlinkSync(log);
  writeFileSync(log, long('d'));
  await folder.follow(cursor).saw('b c d');
});

test('a link that is switched to another file: the rest of the old one, then the new one', async () => {
  const link = path.join(folder.path, 'current.log');
  const target = (name: string): string => path.join(folder.path, 'old', name);
  mkdirSync(path.join(folder.path, 'old'));
  const follow = (cursor: string | null) => folder.follow(cursor, { path: link });
  symlinkSync('old/log-1', link);
  const first = follow(null);
  await first.until(() => first.state === 'waiting');
  writeFileSync(target('log-1'), long('a'));
  await first.saw('a');
  const turn = (name: string): void => {
    unlinkSync(link);
    symlinkSync(path.join('old', name), link);
  };
  turn('log-2');
  appendFileSync(target('log-1'), bad('b'));
  await first.saw('a b');
  writeFileSync(target('log-2'), long('c'));
  await first.saw('a b c');
  const cursor = await first.stop();

  // A chain of links, two switches unseen, one file packed.
  appendFileSync(target('log-2'), bad('d'));
  const { mtimeMs } = statSync(target('log-2'));
  for (const [name, user, later] of [
    ['log-3', 'e', 1],
    ['log-4', 'f', 2],
  ] as const) {
    writeFileSync(target(name), bad(user));
    utimesSync(target(name), mtimeMs / 1_000 + later, mtimeMs / 1_000 + later);
  }
  pack(target('log-2'));
  symlinkSync('log-4', target('newest'));
  turn('newest');
  const second = follow(cursor);
  await second.saw('d e f');
});

test('no notice comes of a link in the midst of a chain: that it was switched is seen all the same', async () => {
  const at = (...names: string[]): string => path.join(folder.path, ...names);
  for (const name of ['links', 'logs']) mkdirSync(at(name));
  writeFileSync(at('logs/1.log'), bad('a'));
  writeFileSync(at('logs/2.log'), bad('b'));
  symlinkSync('../logs/1.log', at('links/current'));
  symlinkSync('links/current', at('service.link'));
  const followed = folder.follow(null, { path: at('service.link') });
  await followed.saw('a');
  // Until it waits: what it looks for itself needs no notice.
  await pause(200);
  symlinkSync('../logs/2.log', at('links/next'));
  renameSync(at('links/next'), at('links/current'));
  await followed.saw('a b');
});

test('a file that was truncated and grew past the place is read anew, though it begins as before', async () => {
  const banner = `${'the same head in each file '.repeat(40)}\n`;
  writeFileSync(log, banner + bad('a'));
  const first = folder.follow();
  await first.saw('a');
  writeFileSync(log, `${banner}${bad('b')}${banner}`);
  await first.saw('a b');
  const cursor = await first.stop();
  writeFileSync(log, `${banner}${bad('c', 'd')}${banner}${banner}`);
  await folder.follow(cursor).saw('c d');
});

test('a log on a device that has another number by now, as after a reboot, is read on; a short one is another', async () => {
  const follow = async (text: string, more: string, expected: string) => {
    writeFileSync(log, text);
    const before = folder.follow();
    await before.saw('a');
    const { file: _, ...place } = JSON.parse(await before.stop());
    appendFileSync(log, more);
    const after = folder.follow(JSON.stringify({ file: '4711:1', ...place }));
    await after.saw(expected);
    await after.stop();
  };
  await follow(`${'nothing of interest\n'.repeat(20)}${bad('a')}`, bad('b'), 'b');
  await follow(bad('a'), bad('b'), 'a b');
});

test('a file that got a name which another tail follows is not read twice', async () => {
  const judged = new Judged();
  const first = folder.follow(null, { judged });
  await first.until(() => first.state === 'waiting');
  folder.add('a');
  await first.saw('a');
  const other = path.join(folder.path, 'app-1.log');
  linkSync(log, other);
  const second = folder.follow(null, { judged, path: other });
  await second.until(() => second.state === 'waiting');
  assert.match(second.detail, /the same file is read as .*service\.log/);
  unlinkSync(log);
  folder.add('b');
  await first.saw('a b');
  appendFileSync(other, bad('late'));
  await first.saw('a b late');
  first.nowMs += 11_000;
  folder.add('c');
  await first.saw('a b late c');
  await second.until(() => second.state === 'reading');
  appendFileSync(other, bad('more'));
  await second.saw('more');
});

test('a file that is gone is read to its end, its unfinished line too', async () => {
  folder.add('a');
  const first = folder.follow();
  await first.saw('a');
  appendFileSync(log, `${bad('b')}bad c 203.0.113.7`);
  unlinkSync(log);
  first.finish();
  await first.until(() => first.state === 'ended');
  assert.equal(first.users, 'a b c');
});

test('a hole is no line: neither where a writer goes on at its old place, nor one that never ends', async () => {
  writeFileSync(log, long('a'));
  const first = folder.follow();
  await first.saw('a');
  truncateSync(log);
  truncateSync(log, 5_000_000);
  appendFileSync(log, bad('b', 'c'));
  await first.saw('a b c');
  appendFileSync(log, Buffer.concat([Buffer.alloc(70_000), Buffer.from(bad('d'))]));
  await first.saw('a b c d');
  assert.ok(first.oversize <= 1);
  const cursor = await first.stop();
  folder.add('e');
  await folder.follow(cursor).saw('e');
});

test('encodings: bytes that mean nothing do not keep a line from being judged', async () => {
  const written = Buffer.concat([
    Buffer.from('bad m'),
    Buffer.from([0xfc]),
    Buffer.from('ller 203.0.113.7\n'),
  ]);
  writeFileSync(log, written);
  for (const [encoding, user] of [
    ['utf-8', 'm\ufffdller'],
    ['latin1', 'müller'],
    ['windows-1252', 'müller'],
  ] as const) {
    const tail = folder.follow(null, { encoding });
    await tail.saw(user);
    await tail.stop();
  }
});

for (const encoding of ['utf-16le', 'utf-16be'] as const) {
  test(`${encoding} is read over odd pieces and any characters, on from a cursor and packed`, async () => {
    const coded = (text: string): Buffer => {
      const little = Buffer.from(text, 'utf16le');
      return encoding === 'utf-16le' ? little : little.swap16();
    };
    // U+0A0A and U+0A00 hold the newline's byte.
    const text = coded(`\ufeff${bad('\u0a0am\u0a00ller')}${'ਊ ਀ nothing\n'.repeat(30)}${bad('b')}`);
    writeFileSync(log, text.subarray(0, 21));
    const first = folder.follow(null, { encoding });
    await first.until(() => first.cursors.length > 0);
    appendFileSync(log, text.subarray(21));
    await first.saw('\u0a0am\u0a00ller b');
    const cursor = await first.stop();
    appendFileSync(log, coded(`${bad('c')}${'x'.repeat(100_000)}\n${bad('d')}`));
    renameSync(log, `${log}.1`);
    pack(`${log}.1`);
    writeFileSync(log, coded(bad('e')));
    const second = folder.follow(cursor, { encoding });
    await second.saw('c d e');
    assert.equal(second.oversize, 1);
  });
}

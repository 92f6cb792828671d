import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { type Random, randomOf } from '../../test/fuzz/random.ts';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import type { InsideFile } from '../docker/client.ts';
import { fingerprint, fingerprint as scannersFingerprint } from '../files/file-cursor.ts';
import { FilePieces } from '../scan/file-pieces.ts';
import { ArchivedLog } from './archived-log.ts';
import { lastBytes } from './judged-part.ts';
import type { OpenSource, SourceDescription } from './source.ts';

const log = '/var/log/app.log';
const now = 10_000;

interface File {
  bytes: Buffer;
  changed: number;
}

/** A container with files in it, a scanner, and a ledger that keeps its cursor. */
class Bench {
  readonly files = new Map<string, File>();
  /** What was judged: the lines, and with the age of those without a date. */
  readonly lines: string[] = [];
  readonly aged: string[] = [];
  readonly gaps: string[] = [];
  readonly opened: SourceDescription[] = [];
  readonly reads: string[] = [];
  state = '';
  cursor: string | null = null;
  looks = 0;
  /** What the engine answers instead, once. */
  failure: Error | null = null;
  /** Ends the next readings after so many bytes. */
  cuts: number[] = [];
  chunk = 7;
  /** Where set, readings wait for it. */
  held: Promise<void> | null = null;
  #lost = new AbortController();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #reader: ArchivedLog | null = null;
  #waiting: (() => void)[] = [];

  /** In ms. */
  readonly pauses = { look: 1, retry: 1, longestRetry: 2, longest: 2, settle: 1 };

  start(): this {
    this.#stop = new AbortController();
    const host = { ...quietHost, now: () => now, open: this.#open, report: this.#report };
    this.#reader = new ArchivedLog({
      client: { statInside: this.#stat, readInside: this.#read },
      host,
      id: 'docker:app:/var/log/app.log',
      cursorKey: 'key',
      containerId: 'abc',
      path: log,
      jails: [jailWith('app')],
      pauses: this.pauses,
    });
    this.#running = this.#reader.run(this.#stop.signal);
    return this;
  }

  /** As when the daemon ends: what was handed over and not judged is lost. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#lost = new AbortController();
  }

  async finish(): Promise<void> {
    this.#reader?.finish('the container stopped');
    await this.#running;
  }

  /** As when the scanner's thread dies. */
  lose(): void {
    this.#lost.abort();
  }

  add(text: string, path = log): void {
    const before = this.files.get(path)?.bytes ?? Buffer.alloc(0);
    this.put(Buffer.concat([before, Buffer.from(text)]), path);
  }

  put(bytes: Buffer | string, path = log): void {
    this.files.set(path, {
      bytes: Buffer.from(bytes as string),
      changed: (this.files.get(path)?.changed ?? 100) + 1,
    });
  }

  /** As logrotate does it, with a new file or (copytruncate) without. */
  rotate(): void {
    this.put(this.files.get(log)?.bytes ?? '', `${log}.1`);
    this.put('');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Until all that is there was looked at. */
  async looked(): Promise<void> {
    const { looks } = this;
    await this.until(() => this.looks >= looks + 2);
  }

  readonly #changed = (): void => {
    for (const wake of this.#waiting.splice(0)) wake();
  };

  readonly #stat = async (_: string, path: string): Promise<InsideFile | null> => {
    if (path === log) this.looks++;
    this.#changed();
    const failure = this.failure;
    this.failure = null;
    if (failure !== null) throw failure;
    const file = this.files.get(path);
    if (file === undefined) return null;
    return { kind: 'file', size: file.bytes.length, changed: file.changed, target: '' };
  };

  readonly #read = async (_: string, path: string, signal: AbortSignal): Promise<Readable | null> => {
    this.reads.push(path);
    this.#changed();
    const file = this.files.get(path);
    if (file === undefined) return null;
    const { bytes } = file;
    const end = this.cuts.shift() ?? Number.POSITIVE_INFINITY;
    const [length, held] = [this.chunk, this.held];
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += length) {
        await held;
        signal.throwIfAborted();
        if (at + length > end) throw new Error('cut');
        yield bytes.subarray(at, at + length);
      }
    };
    return Readable.from(chunks());
  };

  readonly #report = (_: string, state: string, detail: string): void => {
    this.state = `${state} ${detail}`;
    this.#changed();
  };

  readonly #open = (description: SourceDescription): OpenSource => {
    this.opened.push(description);
    const lost = new AbortController();
    this.#lost = lost;
    const pieces = new FilePieces(this.cursor, undefined, (gap) => this.gaps.push(gap));
    const isCurrent = () => this.#lost === lost && !lost.signal.aborted;
    const judge = (work: (take: Parameters<FilePieces['flush']>[0]) => void): void => {
      if (!isCurrent()) return;
      work((block, _, { undated, backlog = false }) => {
        for (const line of block.toString().split(/(?<=\n)/)) {
          this.lines.push(line.replace('\n', ''));
          this.aged.push(`${line.replace('\n', '')} ${undated}${backlog ? ' old' : ''}`);
        }
      });
      this.cursor = pieces.cursor;
      this.#changed();
    };
    const stored = () => this.cursor;
    return {
      get cursor() {
        return stored();
      },
      lost: lost.signal,
      write: async (bytes) => {
        await setImmediate();
        judge((take) => pieces.push(Buffer.from(bytes), take));
      },
      end: async (detail) => {
        judge((take) => pieces.flush(take));
        this.#report('', 'ended', detail);
      },
      close: () => undefined,
      report: (state, detail) => this.#report('', state, detail),
    };
  };
}

/** Its reader ends with the test. */
function bench(t: { after(end: () => Promise<void>): void }): Bench {
  const made = new Bench();
  t.after(() => made.stop());
  return made;
}

const said = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

test('a file that grows: each line once, and the file is read only when it changed', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two'));
  it.start();
  await it.until(() => it.lines.length === 2);
  await it.looked();
  await it.looked();
  assert.equal(it.reads.length, 1);
  assert.equal(it.state, 'reading through the archive API, every 0 s');
  assert.deepEqual(it.opened[0]?.input, { kind: 'stream', framing: 'file-pieces' });
  it.add('thr');
  await it.looked();
  it.add(said('ee', 'four'));
  await it.until(() => it.lines.length === 4);
  assert.deepEqual(it.aged, ['one 0 old', 'two 0 old', `three ${now}`, `four ${now}`]);
  assert.deepEqual(it.gaps, []);
});

test('what was there at first is of unknown age, also after a restart in its midst', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two', 'three'));
  it.cuts = [7];
  it.chunk = 4;
  it.start();
  await it.until(() => it.lines.length === 1);
  await it.stop();
  it.add(said('four'));
  it.start();
  await it.until(() => it.lines.length === 4);
  assert.deepEqual(it.aged, ['one 0 old', 'two 0 old', 'three 0 old', 'four 102 old']);
  await it.looked();
  it.add(said('five'));
  await it.until(() => it.lines.length === 5);
  assert.equal(it.aged[4], `five ${now}`);
});

test('a file that is missing is waited for, and its lines are new', async (t) => {
  const it = bench(t);
  it.start();
  await it.until(() => it.looks > 2);
  assert.equal(it.state, 'waiting the file does not exist yet');
  assert.equal(it.opened.length, 0);
  it.put(said('one'));
  await it.until(() => it.lines.length === 1);
  assert.deepEqual(it.aged, [`one ${now}`]);
  const content = it.files.get(log);
  it.files.delete(log);
  await it.until(() => it.state.startsWith('waiting'));
  assert.ok(content);
  it.files.set(log, content);
  it.add(said('two'));
  await it.until(() => it.lines.length === 2);
  assert.deepEqual(it.gaps, []);
});

test('a rotation is followed: the rest of .1, its last line, and the new file', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two'));
  it.start();
  await it.until(() => it.lines.length === 2);
  it.add(said('three'));
  it.add('four');
  it.rotate();
  await it.until(() => it.lines.length === 3);
  await it.looked();
  assert.deepEqual(it.lines, ['one', 'two', 'three'], 'the renamed one may still be written to');
  it.add(said(' and more'), `${log}.1`);
  it.add(said('five'));
  await it.until(() => it.lines.length === 5);
  assert.deepEqual(it.lines, ['one', 'two', 'three', 'four and more', 'five']);
  assert.deepEqual(it.gaps, []);
});

test('a rotation is seen, too, while nothing or little was judged of a file that begins like the next', async (t) => {
  for (const start of ['', said('# the log of app')]) {
    const it = bench(t);
    it.put(start);
    it.put(said('of yesterday'.repeat(9)), `${log}.1`);
    it.start();
    await it.until(() => it.cursor !== null);
    await it.looked();
    it.add(said('one', 'two'));
    it.rotate();
    it.put(`${start}${said('three')}`);
    await it.until(() => it.lines.includes('three'));
    const lines = it.lines.filter((line) => !line.startsWith('#'));
    assert.deepEqual(lines, ['one', 'two', 'three']);
    assert.equal(
      it.aged.find((line) => line.startsWith('one')),
      `one ${now}`,
    );
    assert.deepEqual(it.gaps, []);
  }
});

test('what is written late to a renamed file of which nothing is known is not taken for a rotation', async (t) => {
  const it = bench(t);
  it.put('');
  it.put(said('of yesterday'), `${log}.1`);
  it.start();
  await it.until(() => it.cursor !== null);
  await it.looked();
  it.add(said('late'), `${log}.1`);
  it.add(said('one'));
  await it.until(() => it.lines.length === 1);
  assert.deepEqual(it.lines, ['one']);
});

test('a rotation while nobody looked, and one that leaves a last line without its newline', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two'));
  it.start();
  await it.until(() => it.lines.length === 2);
  await it.stop();
  it.add(said('three'));
  it.add('four');
  it.rotate();
  it.add(said('five', 'six'));
  it.start();
  await it.until(() => it.lines.length === 6);
  assert.deepEqual(it.lines, ['one', 'two', 'three', 'four', 'five', 'six']);
  assert.equal(it.aged[2], 'three 101 old');
  assert.deepEqual(it.gaps, []);
});

test('where .1 does not hold the rest, that is said, and the file is read from its start', async (t) => {
  for (const rotated of [null, said('something else', 'of more bytes than were judged')]) {
    const it = bench(t);
    it.put(said('one', 'two', 'three'));
    it.start();
    await it.until(() => it.lines.length === 3);
    it.add('unfinished');
    await it.until(() => it.reads.length > 1);
    await it.looked();
    if (rotated !== null) it.put(rotated, `${log}.1`);
    it.put(said('new'));
    await it.until(() => it.lines.length === 4);
    assert.deepEqual(it.aged[3], `new ${now}`);
    assert.match(it.gaps.join(), /^lines may be lost/);
    it.add(said('newer'));
    await it.until(() => it.lines.length === 5);
    assert.equal(it.gaps.length, 1);
  }
});

test('another text of the same length and more is no growth', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two'));
  it.start();
  await it.until(() => it.lines.length === 2);
  it.put(said('uno', 'due', 'tre'));
  await it.until(() => it.lines.length === 5);
  assert.deepEqual(it.lines.slice(2), ['uno', 'due', 'tre']);
  assert.equal(it.gaps.length, 1);
});

test('a file over the cap is not read until it was rotated', async (t) => {
  const it = bench(t);
  it.chunk = 2 ** 20;
  it.put(said('one'));
  it.start();
  await it.until(() => it.lines.length === 1);
  const small = it.files.get(log)?.bytes;
  it.put(Buffer.alloc(64 * 2 ** 20 + 1));
  const reads = it.reads.length;
  await it.until(() => it.state.startsWith('failed'));
  assert.match(
    it.state,
    /larger than 64 MiB, .*\[container-log-unreadable\] .*Rotate it before, or open a way of container-files/,
  );
  assert.equal(it.reads.length, reads);
  assert.ok(small);
  it.put(small);
  it.add(said('two'));
  await it.until(() => it.lines.length === 2);
  await it.until(() => it.state.startsWith('reading'));
});

test('failures are said and tried again; a cut reading goes on where it was cut', async (t) => {
  const it = bench(t);
  it.failure = new Error('busy');
  it.put(said('one', 'two', 'three'));
  it.start();
  await it.until(() => it.state === 'failed busy');
  it.cuts = [3, 8, 12];
  it.chunk = 3;
  await it.until(() => it.lines.length === 3);
  assert.deepEqual(it.lines, ['one', 'two', 'three']);
  await it.until(() => it.state.startsWith('reading'));
});

test('a stream that the scanner lost is opened again at the cursor', async (t) => {
  const it = bench(t);
  it.put(said('one', 'two'));
  it.add('thr');
  it.start();
  await it.until(() => it.lines.length === 2);
  await it.looked();
  it.lose();
  it.add(said('ee'));
  await it.until(() => it.lines.length === 3);
  assert.deepEqual(it.lines, ['one', 'two', 'three']);
  assert.equal(it.opened.length, 2);
  const gate = Promise.withResolvers<void>();
  it.held = gate.promise;
  const reads = it.reads.length;
  it.add(said('four'));
  await it.until(() => it.reads.length > reads);
  it.lose();
  it.held = null;
  gate.resolve();
  await it.until(() => it.lines.length === 4);
  assert.equal(it.opened.length, 3);
});

test('when the container stops, what is left is read, and the last line is judged as it is', async (t) => {
  const it = bench(t);
  it.put(said('one'));
  it.start();
  await it.until(() => it.lines.length === 1);
  it.add(said('two'));
  it.add('last words');
  await it.finish();
  assert.deepEqual(it.lines, ['one', 'two', 'last words']);
  assert.equal(it.state, 'ended the container stopped');
  it.start();
  it.add(said(', and more', 'three'));
  await it.until(() => it.lines.length === 5);
  assert.deepEqual(
    it.lines.slice(3),
    [', and more', 'three'],
    'nothing is judged twice when it starts again',
  );
});

test('a container that stops without a file, or whose file cannot be read', async (t) => {
  const without = bench(t).start();
  await without.until(() => without.state.startsWith('waiting'));
  await without.finish();
  assert.equal(without.state, 'ended the container stopped');
  const unreadable = bench(t);
  unreadable.put(said('one'));
  unreadable.start();
  await unreadable.until(() => unreadable.state.startsWith('reading'));
  await unreadable.looked();
  const finished = unreadable.finish();
  unreadable.failure = new Error('busy');
  await finished;
  assert.match(unreadable.state, /^ended the container stopped(?:; what came last was not read: busy)?$/);
});

test('of a container that is removed at once it is said that what came last was not read', async (t) => {
  const it = bench(t);
  it.put(said('one'));
  it.start();
  await it.until(() => it.lines.length === 1);
  it.files.clear();
  await it.finish();
  assert.equal(it.state, 'ended the container stopped; what came last was not read: the file is gone');
});

test('after a reading that failed the engine has its rest, too', async (t) => {
  const it = bench(t);
  it.pauses.longest = 10_000;
  it.held = pause(20);
  it.cuts = [1];
  it.put(said('one'));
  it.start();
  await it.until(() => it.state === 'failed cut');
  const failed = performance.now();
  await it.until(() => it.lines.length === 1);
  // Timers may be early by a millisecond.
  assert.ok(performance.now() - failed > 19 * 20 * 0.9);
});

test('the text before a place is told as the scanner tells it', () => {
  for (const text of ['', 'one', 'x'.repeat(1_000)]) {
    assert.equal(fingerprint(Buffer.from(text)), scannersFingerprint(Buffer.from(text)));
    for (const cut of [0, 1, 300, text.length]) {
      const both = lastBytes(Buffer.from(text.slice(0, cut)).subarray(-256), Buffer.from(text.slice(cut)));
      assert.equal(Buffer.from(both).toString(), text.slice(-256));
    }
  }
});

/** Some text of one line or more, not always finished. */
function writing(random: Random, count: number): string {
  const text = `${count} ${'x'.repeat(random.below(random.pick([3, 40, 700])))}`;
  return random.below(4) === 0 ? text : `${text}\n`;
}

for (const seed of [1, 2, 3])
  test(`each line once, whatever happens, seed ${seed}`, async (t) => {
    const random = randomOf(seed);
    const it = bench(t);
    let written = '';
    const write = (text: string): void => {
      it.add(text);
      written += text;
    };
    const whole = () => written.split('\n').length - 1;
    it.put('');
    it.start();
    await it.until(() => it.cursor !== null);
    for (let step = 0; step < 150; step++) {
      it.chunk = 1 + random.below(random.pick([5, 100, 2_000]));
      for (let count = random.below(4); count > 0; count--) write(writing(random, step));
      switch (random.below(8)) {
        case 0:
          it.lose();
          break;
        case 1:
          await it.stop();
          it.start();
          break;
        case 2:
          it.cuts = [random.below(3_000), random.below(3_000)];
          break;
        case 3: {
          // One rotation is followed, and only of a file that was read into: an empty beginning is like any other.
          it.cuts = [];
          await it.until(() => it.lines.length >= whole());
          await it.looked();
          if (!it.files.get(log)?.bytes.includes('\n')) break;
          for (let count = random.below(3); count > 0; count--) write(writing(random, step));
          it.rotate();
          // The writer that goes on in the new file has left the old one's last line as it is.
          if (!written.endsWith('\n')) written += '\n';
          break;
        }
        case 4:
          await it.looked();
          break;
        default:
          await setImmediate();
      }
    }
    await it.until(() => it.lines.length >= whole());
    await it.finish();
    assert.deepEqual(it.gaps, []);
    assert.deepEqual(
      it.lines,
      written.split('\n').filter((line, index, all) => index < all.length - 1 || line !== ''),
    );
  });

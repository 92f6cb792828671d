import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { fail2banFilter } from '../../test/setup/fail2ban-filter.ts';
import { readBatch } from '../core/batch.ts';
import type { FilterDefinition, RegexFilterDefinition } from '../core/filter.ts';
import { packedLength, packSyslogRecord } from '../core/syslog-record.ts';
import type { MatchBatch, ScanRequest } from '../core/types.ts';
import { parseFileCursor } from '../files/file-cursor.ts';
import { packFilePiece } from '../files/file-piece.ts';
import { Scanner } from './scanner.ts';
import { restartAfterMs } from './scanner-thread.ts';

const filter: RegexFilterDefinition = {
  kind: 'regex',
  name: 'bad',
  description: 'bad',
  ignoreCase: false,
  prefix: null,
  expressions: [{ kind: 'hit', pattern: '^bad (?<user>\\S+) <HOST>$' }],
  ignore: [],
  samples: [],
};

const pairs = fail2banFilter({
  name: 'pairs',
  failRegex: ['^begin <F-USER>\\w+</F-USER>$<SKIPLINES>^end <ADDR>$'],
  maxLines: 3,
});

/** A scanner whose reports can be waited for; batches are acknowledged as they come unless `hold` is set. */
class Observed {
  readonly users: string[] = [];
  readonly states: string[] = [];
  readonly lost: string[] = [];
  readonly held: MatchBatch[] = [];
  readonly restarts: string[] = [];
  readonly scanner: Scanner;
  hold = false;
  cursor: string | null = null;
  oversize = 0;
  /** Of the last batch. */
  age: number | undefined;
  /** What the filters look for. */
  word = 'bad';
  #check: (() => void) | null = null;

  constructor() {
    this.scanner = new Scanner((name) => this.lookup(name), {
      batch: (batch) => {
        for (const match of readBatch(batch)) this.users.push(match.user);
        this.cursor = batch.cursor;
        this.oversize += batch.oversize;
        this.age = batch.age;
        if (this.hold) this.held.push(batch);
        else this.scanner.acknowledge(batch);
        this.#check?.();
      },
      state: (id, state) => {
        this.states.push(`${id} ${state}`);
        this.#check?.();
      },
      restarted: (reason) => {
        this.restarts.push(reason);
        this.#check?.();
      },
      gap: () => undefined,
      streamLost: (id) => {
        this.lost.push(id);
        this.#check?.();
      },
    });
  }

  readonly lookup = (name: string): FilterDefinition => {
    if (name === pairs.name) return pairs;
    return {
      ...filter,
      name,
      expressions: [{ kind: 'hit', pattern: `^${this.word} (?<user>\\S+) <HOST>$` }],
    };
  };

  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
    });
  }

  async saw(...users: string[]): Promise<void> {
    await this.until(() => this.users.length >= users.length);
    assert.deepEqual(this.users, users);
  }
}

let folder = '';
let log = '';
const running: Observed[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bailiff-scanner-'));
  log = path.join(folder, 'service.log');
});

afterEach(async () => {
  for (const observed of running.splice(0)) await observed.scanner.stop();
  rmSync(folder, { recursive: true });
});

function observe(): Observed {
  const observed = new Observed();
  running.push(observed);
  return observed;
}

function request(cursor: string | null = null): ScanRequest {
  return { id: 'file:log', input: { kind: 'file', path: log, readers: ['jail'] }, filters: ['bad'], cursor };
}

function append(...users: string[]): void {
  appendFileSync(log, users.map((user) => `bad ${user} 203.0.113.7\n`).join(''));
}

test('a file is read from its beginning and followed; a line counts when it is whole', async () => {
  append('a', 'b');
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a', 'b');
  appendFileSync(log, 'bad c 203.0.');
  append('never');
  appendFileSync(log, 'fine\nbad d ');
  appendFileSync(log, '203.0.113.7\n');
  await observed.saw('a', 'b', 'd');
});

test('a filter that has changed judges what is opened from then on, in a worker that starts anew too', async () => {
  append('a');
  const observed = observe();
  const { scanner, lookup } = observed;
  scanner.open(request());
  await observed.saw('a');
  assert.deepEqual([...scanner.relearn(lookup)], []);
  observed.word = 'wrong';
  assert.deepEqual([...scanner.relearn(lookup)], ['bad']);
  scanner.open(request(observed.cursor));
  appendFileSync(log, 'bad b 203.0.113.7\nwrong c 203.0.113.7\n');
  await observed.saw('a', 'c');
  const later = observe();
  later.word = 'wrong';
  later.scanner.open(request());
  await later.saw('c');
});

test('what was read and not acknowledged is read again by whoever opens the log anew, also in the file after it', async () => {
  append('a');
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a');
  const { cursor } = observed;
  append('b');
  await observed.until(() => observed.users.length === 2);
  renameSync(log, `${log}.1`);
  append('c');
  await observed.until(() => observed.users.length === 3);
  observed.users.length = 0;
  observed.scanner.open(request(cursor));
  await observed.saw('b', 'c');
});

test('a log of which nothing was stored is read from its beginning, though it was read before', async () => {
  append('a');
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a');
  observed.scanner.open(request());
  await observed.saw('a', 'a');
});

test('a missing file is waited for', async () => {
  const observed = observe();
  observed.scanner.open(request());
  await observed.until(() => observed.states.includes('file:log waiting'));
  append('a');
  await observed.saw('a');
  assert.deepEqual(observed.states, ['file:log waiting', 'file:log reading']);
});

test('a renamed file is read to its end and on while writers have it open, beside the new one', async () => {
  append('a');
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a');
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, 'bad b 203.0.113.7\nbad c 203.0');
  await observed.until(() => observed.users.length === 2);
  append('d');
  await observed.saw('a', 'b', 'd');
  appendFileSync(`${log}.1`, '.113.7\n');
  await observed.saw('a', 'b', 'd', 'c');
});

test('a truncated file is read from its beginning, also when it is as long as before', async () => {
  append('a', 'b');
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a', 'b');
  truncateSync(log);
  append('c');
  await observed.saw('a', 'b', 'c');
  writeFileSync(log, 'bad d 203.0.113.7\nbad e 203.0.113.7\n');
  await observed.saw('a', 'b', 'c', 'd', 'e');
});

test('from a cursor on nothing is lost or doubled: same file, renamed, truncated, replaced', async () => {
  append('a', 'b');
  const first = observe();
  first.scanner.open(request());
  await first.saw('a', 'b');
  await first.scanner.stop();
  append('c');

  const same = observe();
  same.scanner.open(request(first.cursor));
  await same.saw('c');
  await same.scanner.stop();

  append('d');
  renameSync(log, `${log}.1`);
  append('e');
  const renamed = observe();
  renamed.scanner.open(request(same.cursor));
  await renamed.saw('d', 'e');
  await renamed.scanner.stop();

  writeFileSync(log, 'bad f 203.0.113.7\nbad g 203.0.113.7\n');
  const truncated = observe();
  truncated.scanner.open(request(renamed.cursor));
  await truncated.saw('f', 'g');
  await truncated.scanner.stop();

  rmSync(log);
  append('h');
  const replaced = observe();
  replaced.scanner.open(request(truncated.cursor));
  await replaced.saw('h');
});

test('a line of 3 MB is one line of 64 KiB', async () => {
  writeFileSync(log, `bad ${'x'.repeat(3 * 1024 * 1024)} 203.0.113.7\nbad a 203.0.113.7\n`);
  const observed = observe();
  observed.scanner.open(request());
  await observed.saw('a');
  assert.equal(observed.oversize, 1);
});

test('what is no file fails and is no end', async () => {
  const observed = observe();
  observed.scanner.open({ ...request(), input: { kind: 'file', path: folder, readers: ['jail'] } });
  await observed.until(() => observed.states.includes('file:log failed'));
  append('a');
  observed.scanner.open({ ...request(), id: 'file:other' });
  await observed.saw('a');
});

test('at most four batches are under way, two of them of one source', async () => {
  const observed = observe();
  observed.hold = true;
  // Twelve chunks of a megabyte.
  const chunk = `${'bad a 203.0.113.7\n'.padEnd(1024 * 1024 - 1, `${'y'.repeat(99)}\n`)}\n`;
  writeFileSync(log, chunk.repeat(12));
  const ids = ['file:one', 'file:two', 'file:three'];
  for (const id of ids) observed.scanner.open({ ...request(), id });
  await observed.until(() => observed.held.length === 4);
  // The worker answers a stream's end only after everything it posted before.
  observed.scanner.open({ ...request(), id: 'mark', input: { kind: 'stream', framing: 'lines' } });
  await observed.until(() => observed.states.includes('mark reading'));
  assert.equal(observed.held.length, 4);
  for (const id of ids) assert.ok(observed.held.filter(({ source }) => source === id).length <= 2);
  observed.hold = false;
  for (const batch of observed.held) observed.scanner.acknowledge(batch);
  await observed.until(() => observed.users.length === 36);
});

/** A flood of two sources whose batches are judged slowly, one at a time, as by a busy main thread. */
async function flooded(
  begin: (observed: Observed) => void,
  speak: (observed: Observed) => void,
): Promise<{ behind: number }> {
  const observed = observe();
  observed.hold = true;
  begin(observed);
  await observed.until(() => observed.held.filter(({ source }) => source === 'flood').length >= 2);
  speak(observed);
  let behind = 0;
  for (;;) {
    const batch = observed.held.shift();
    if (batch === undefined) await observed.until(() => observed.held.length > 0);
    else if (batch.source === 'quiet' && batch.columns.length > 0) return { behind };
    else {
      if (batch.source === 'flood') behind++;
      observed.scanner.acknowledge(batch);
    }
  }
}

test('a line of a quiet file waits behind a handful of batches of a flooded one', async () => {
  const quiet = path.join(folder, 'quiet.log');
  writeFileSync(quiet, '');
  writeFileSync(log, 'nothing to see here\n'.repeat(10 * 1024 * 1024));
  const { behind } = await flooded(
    ({ scanner }) => {
      scanner.open({ ...request(), id: 'quiet', input: { kind: 'file', path: quiet, readers: [] } });
      scanner.open({ ...request(), id: 'flood' });
    },
    () => appendFileSync(quiet, 'bad a 203.0.113.7\n'),
  );
  assert.ok(behind < 100, `${behind} of 200 batches of the flood came first`);
});

test('a line of a quiet stream does not wait for what a flooded one has written', async () => {
  const stream = { ...request(), input: { kind: 'stream', framing: 'lines' } } as const;
  let generation = 0;
  const { behind } = await flooded(
    ({ scanner }) => {
      generation = scanner.open({ ...stream, id: 'quiet' });
      const flood = scanner.open({ ...stream, id: 'flood' });
      for (let count = 0; count < 60; count++) {
        void scanner.write('flood', flood, new Uint8Array(64 * 1024).fill(0x0a));
      }
    },
    ({ scanner }) => void scanner.write('quiet', generation, Buffer.from('bad a 203.0.113.7\n')),
  );
  assert.ok(behind <= 4, `${behind} of 60 batches of the flood came first`);
});

test('a worker that dies again and again is started again after growing pauses', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 60].map(restartAfterMs),
    [0, 0, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000],
  );
});

test('streams: bytes of an older generation are dropped, the end judges the unfinished line', async () => {
  const observed = observe();
  const stream: ScanRequest = {
    id: 's',
    input: { kind: 'stream', framing: 'lines' },
    filters: ['bad'],
    cursor: null,
  };
  const old = observed.scanner.open(stream);
  const current = observed.scanner.open(stream);
  await observed.scanner.write('s', old, Buffer.from('bad old 203.0.113.7\n'));
  const bytes = Buffer.from('bad a 203.0.113.7\nbad b 203.0.113.7');
  await observed.scanner.write('s', current, bytes);
  assert.equal(bytes.length, 35, 'a part of a shared buffer stays usable');
  await observed.scanner.end('s', current);
  await observed.saw('a', 'b');
  await observed.until(() => observed.states.includes('s ended'));
});

test('a writer waits while the worker has more than it can take, and goes on afterwards', async () => {
  const observed = observe();
  observed.hold = true;
  const stream: ScanRequest = {
    id: 's',
    input: { kind: 'stream', framing: 'lines' },
    filters: ['bad'],
    cursor: null,
  };
  const generation = observed.scanner.open(stream);
  let written = 0;
  const writing = (async () => {
    for (let count = 0; count < 16; count++) {
      await observed.scanner.write('s', generation, Buffer.alloc(1024 * 1024, `${'y'.repeat(99)}\n`));
      written++;
    }
  })();
  await observed.until(() => observed.held.length === 2);
  assert.ok(written <= 9, `${written} MB were taken without an answer`);
  observed.hold = false;
  for (const batch of observed.held) observed.scanner.acknowledge(batch);
  await writing;
  assert.equal(written, 16);
});

test('a stream that makes no sense is lost, and what came before counts', async () => {
  const observed = observe();
  const generation = observed.scanner.open({
    id: 'docker:x',
    input: { kind: 'stream', framing: 'docker-multiplexed' },
    filters: ['bad'],
    cursor: null,
  });
  const line = Buffer.from('2026-11-22T16:02:01.000000001Z bad a 203.0.113.7\n');
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, line.length]);
  await observed.scanner.write(
    'docker:x',
    generation,
    Buffer.concat([header, line, Buffer.from('nonsense')]),
  );
  await observed.until(() => observed.lost.length === 1);
  assert.deepEqual(observed.users, ['a']);
});

test('pieces of a file are judged in its encoding, and the cursor is a place in it', async () => {
  const observed = observe();
  const input = { kind: 'stream', framing: 'file-pieces', encoding: 'utf-16le' } as const;
  const generation = observed.scanner.open({ id: 's', input, filters: ['bad'], cursor: null });
  const before = new Uint8Array();
  const text = Buffer.from('bad ä 203.0.113.7\nbad ö 203.0.113.7\n', 'utf16le');
  for (const piece of [
    { kind: 'begin', offset: 0, before, old: 0, lost: false },
    { kind: 'bytes', undated: 5, backlog: false, bytes: text.subarray(0, 39) },
    { kind: 'bytes', undated: 5, backlog: false, bytes: text.subarray(39) },
  ] as const)
    await observed.scanner.write('s', generation, packFilePiece(piece));
  await observed.saw('ä', 'ö');
  assert.equal(parseFileCursor(observed.cursor)?.offset, text.length);
});

test('when the worker dies, files go on from their last cursor and streams are given back', async () => {
  const workers: Worker[] = [];
  const remember = (worker: Worker): void => {
    workers.push(worker);
  };
  process.on('worker', remember);
  const observed = observe();
  append('a');
  observed.scanner.open(request());
  const generation = observed.scanner.open({
    id: 's',
    input: { kind: 'stream', framing: 'lines' },
    filters: ['bad'],
    cursor: null,
  });
  await observed.saw('a');
  const [worker] = workers;
  assert.ok(worker !== undefined);
  append('b', 'c');
  await worker.terminate();
  await observed.until(() => observed.restarts.length === 1);
  assert.deepEqual(observed.lost, ['s']);
  await observed.scanner.write('s', generation, Buffer.from('bad dropped 203.0.113.7\n'));
  append('d');
  await observed.saw('a', 'b', 'c', 'd');
  assert.equal(workers.length, 2);
  process.off('worker', remember);
});

test('a log of a container runtime that is complete is read to its end, also if the worker dies meanwhile', async () => {
  const workers: Worker[] = [];
  process.once('worker', (worker) => workers.push(worker));
  const entry = (tag: string, text: string): string =>
    `2026-11-22T16:02:01.123456789Z stdout ${tag} ${text}\n`;
  appendFileSync(log, entry('P', 'bad a 203.') + entry('F', '0.113.7') + entry('P', 'bad b 203.0'));
  const observed = observe();
  const input = { kind: 'file', path: log, readers: [], format: 'cri' } as const;
  const generation = observed.scanner.open({ ...request(), input });
  await observed.until(() => observed.cursor?.includes('parts') === true);
  appendFileSync(log, entry('P', '.113.7'));
  await observed.scanner.end('file:log', generation);
  await workers[0]?.terminate();
  await observed.until(() => observed.states.includes('file:log ended'));
  assert.deepEqual(observed.users, ['a', 'b']);
});

test('a worker that dies between two lines of one attempt: its successor knows the first', async () => {
  const workers: Worker[] = [];
  process.once('worker', (worker) => workers.push(worker));
  const observed = observe();
  append('a');
  appendFileSync(log, 'begin b\n');
  observed.scanner.open({ ...request(), filters: ['bad', 'pairs'] });
  await observed.saw('a');
  await workers[0]?.terminate();
  await observed.until(() => observed.restarts.length === 1);
  appendFileSync(log, 'other\nend 203.0.113.7\n');
  await observed.saw('a', 'b');
});

test('how old the last line of a container, of the journal or of a message is, comes with the batch', async () => {
  const observed = observe();
  const written = Date.now() - 100_000;
  const stamp = new Date(written).toISOString();
  const entry = `__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=${written * 1_000}\nMESSAGE=bad a 203.0.113.7\n\n`;
  const message = Buffer.from(`<38>1 ${stamp} host bad - - - a 203.0.113.7`);
  const record = { receivedAt: Date.now() / 1_000, sender: 'x', message };
  const packed = new Uint8Array(packedLength(record));
  packSyslogRecord(record, packed, 0);
  const streams = [
    [
      'docker-raw',
      { framing: 'docker-raw' },
      Buffer.from(`${stamp.replace('Z', '000000Z')} bad a 203.0.113.7\n`),
    ],
    ['journal', { framing: 'journal' }, Buffer.from(entry)],
    ['syslog', { framing: 'syslog', select: ['*'] }, packed],
  ] as const;
  for (const [id, framing, bytes] of streams) {
    const input = { kind: 'stream', ...framing } as ScanRequest['input'];
    observed.age = undefined;
    const generation = observed.scanner.open({ id, input, filters: ['bad'], cursor: null });
    await observed.scanner.write(id, generation, bytes);
    await observed.until(() => observed.age !== undefined);
    assert.ok(Math.abs((observed.age ?? 0) - 100) < 30, `${id}: ${observed.age}`);
  }
});

test('a worker is told of filters as sources come to need them, and its successor of all', async () => {
  const workers: Worker[] = [];
  process.once('worker', (worker) => workers.push(worker));
  const observed = observe();
  append('a');
  observed.scanner.open(request());
  await observed.saw('a');
  const other = path.join(folder, 'other.log');
  const input = { kind: 'file', path: other, readers: ['jail'] } as const;
  writeFileSync(other, 'bad b 203.0.113.7\n');
  observed.scanner.open({ ...request(), id: 'file:other', input, filters: ['worse', 'bad'] });
  await observed.saw('a', 'b', 'b');
  await workers[0]?.terminate();
  await observed.until(() => observed.restarts.length === 1);
  appendFileSync(other, 'bad c 203.0.113.7\n');
  await observed.saw('a', 'b', 'b', 'c', 'c');
});

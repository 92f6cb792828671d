import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fail2banFilter } from '../../test/setup/fail2ban-filter.ts';
import { readBatch } from '../core/batch.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { packedLength, packSyslogRecord } from '../core/syslog-record.ts';
import { Scanner } from './scanner.ts';
import type { SlowExpression } from './slow-expression.ts';

/** Never comes to an end on `hostile`; an engine in linear time does. */
const slow = '^(?:(a+)+)+ <HOST>$';
/** Neither does this, and no such engine has back-references. */
const slowest = '^(?:(a+)+)+(b?)\\2 <HOST>$';
const hostile = `${'a'.repeat(40)}!`;

const filters = [
  filterOf('slow', slow),
  filterOf('slowest', slowest),
  fail2banFilter({ name: 'dated', failRegex: ['^ from <HOST>$'], datePattern: '^(?:(?:a+)+)+ %Y-%m-%d' }),
  filterOf('fine', '^(?:bad (?<user>\\S+) <HOST>|(?<user>a+)!\\d*)$'),
];

function filterOf(name: string, pattern: string): FilterDefinition {
  const expressions = [
    { kind: 'hit', pattern: 'never here <HOST>' },
    { kind: 'hit', pattern },
  ] as const;
  return {
    kind: 'regex',
    name,
    description: '',
    ignoreCase: false,
    prefix: null,
    expressions,
    ignore: [],
    samples: [],
    file: `${name}.yaml`,
  };
}

/** A scanner of some logs; remembers `log filter user-or-host` of all matches, and when each came. */
class Observed {
  readonly matches: string[] = [];
  readonly slow: SlowExpression[] = [];
  readonly restarts: string[][] = [];
  readonly lost: string[] = [];
  /** In seconds. */
  now = 0;
  readonly scanner: Scanner;
  #check: (() => void) | null = null;

  constructor(workers: number) {
    this.scanner = new Scanner(
      (name) => filters.find((filter) => filter.name === name) ?? assert.fail(name),
      {
        batch: (batch) => {
          const names = wanted.get(batch.source) ?? [];
          for (const { filter, user, host } of readBatch(batch))
            this.matches.push(`${batch.source} ${names[filter]} ${user || host}`);
          this.scanner.acknowledge(batch);
          this.#check?.();
        },
        state: () => this.#check?.(),
        restarted: (_reason, files) => void this.restarts.push([...files].sort()),
        gap: () => undefined,
        streamLost: (id) => {
          this.lost.push(id);
          this.#check?.();
        },
        slow: (each) => {
          this.slow.push(each);
          this.#check?.();
        },
      },
      { workers, sourcesPerWorker: 1, clock: { now: () => this.now }, letOffMs: 10 },
    );
  }

  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
    });
  }

  async saw(...matches: string[]): Promise<void> {
    await this.until(() => matches.every((match) => this.matches.includes(match)));
  }

  skips(): string[] {
    return this.slow.flatMap((each) =>
      each.what === 'skipped' ? [`${each.source} ${each.filter} ${each.expression} ${each.text}`] : [],
    );
  }

  whats(filter: string): string[] {
    return this.slow.filter((each) => each.filter === filter).map(({ what }) => what);
  }
}

/** Filters by source. */
const wanted = new Map<string, readonly string[]>();
let folder = '';
const running: Observed[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bailiff-hostile-'));
  wanted.clear();
});

afterEach(async () => {
  for (const observed of running.splice(0)) await observed.scanner.stop();
  rmSync(folder, { recursive: true });
});

function observe(workers = 1): Observed {
  const observed = new Observed(workers);
  running.push(observed);
  return observed;
}

/** Begins to follow a log that holds these lines, for a jail of its own. */
function follow({ scanner }: Observed, name: string, names: readonly string[], ...lines: string[]): void {
  const file = path.join(folder, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  wanted.set(name, names);
  scanner.open({
    id: name,
    input: { kind: 'file', path: file, readers: [name] },
    filters: names,
    cursor: null,
  });
}

function append(name: string, ...lines: string[]): void {
  appendFileSync(path.join(folder, name), lines.map((line) => `${line}\n`).join(''));
}

test('a date that is looked for without end is given up like any expression, and the lines behind it count', async () => {
  const observed = observe();
  const dated = (host: string) => `aaa 2026-11-27 from ${host}`;
  follow(observed, 'log', ['fine', 'dated'], 'bad l1 203.0.113.7', hostile, dated('203.0.113.8'));
  await observed.saw('log fine l1', 'log dated 203.0.113.8', `log fine ${hostile.slice(0, -1)}`);
  assert.deepEqual(observed.skips(), [`log dated datepattern 1 ${hostile}`]);
});

test('a line on which one expression never ends is skipped for that expression, and for nothing else', async (context) => {
  const observed = observe();
  follow(observed, 'other', ['fine'], 'bad o1 203.0.113.7');
  const began = performance.now();
  const lines = ['bad l1 203.0.113.7', 'aaa 203.0.113.8', hostile, 'bad l2 203.0.113.7', 'aaa 203.0.113.9'];
  follow(observed, 'log', ['fine', 'slow'], ...lines);
  await observed.saw('log slow 203.0.113.9');
  context.diagnostic(`the lines behind it were judged after ${Math.round(performance.now() - began)} ms`);
  append('other', 'bad o2 203.0.113.7');
  append('log', 'bad l3 203.0.113.7', 'aaaa 203.0.113.10');
  await observed.saw('other fine o2', 'log slow 203.0.113.10');
  assert.deepEqual(observed.matches.toSorted(), [
    `log fine ${hostile.slice(0, -1)}`,
    'log fine l1',
    'log fine l2',
    'log fine l3',
    'log slow 203.0.113.10',
    'log slow 203.0.113.8',
    'log slow 203.0.113.9',
    'other fine o1',
    'other fine o2',
  ]);
  assert.deepEqual(observed.skips(), [`log slow expression 2 ${hostile}`]);
  const [stuck] = observed.slow;
  assert.deepEqual(stuck, {
    filter: 'slow',
    file: 'slow.yaml',
    expression: 'expression 2',
    what: 'stuck',
    source: 'log',
  });
  assert.deepEqual(observed.restarts, [['log', 'other']]);
  assert.deepEqual(observed.scanner.problems(), []);
});

test('repeated offences: a linear engine takes over, ends no worker, misses nothing, and is let off after a quiet time', async () => {
  const observed = observe();
  follow(observed, 'log', ['slow', 'fine']);
  for (const count of [1, 2, 3]) {
    append('log', `${hostile}${count}`, `${'a'.repeat(count)} 203.0.113.${count}`);
    await observed.saw(`log slow 203.0.113.${count}`);
  }
  await observed.until(() => observed.slow.some(({ what }) => what === 'restrained'));
  assert.equal(observed.restarts.length, 3);
  assert.match(observed.scanner.problems().join(), /slow\.yaml.*expression 2.*linear engine/);
  const skipped = observed.skips().length;
  for (let each = 4; each < 30; each++) append('log', `${hostile}${each}`, `aa 203.0.113.${each}`);
  await observed.saw('log slow 203.0.113.29');
  assert.equal(observed.matches.filter((match) => match.startsWith('log slow')).length, 29);
  assert.equal(observed.matches.filter((match) => match.startsWith('log fine')).length, 29);
  assert.equal(observed.skips().length, skipped, 'the linear engine needs to skip none');
  assert.equal(observed.restarts.length, 3);

  observed.now += 600;
  await observed.until(() => observed.slow.some(({ what }) => what === 'let off'));
  assert.deepEqual(observed.scanner.problems(), []);
  // The worker may read a line before it hears that it is let off.
  for (let each = 30; observed.restarts.length < 4; each++) {
    assert.ok(each < 60, 'it is run as it is written');
    append('log', `${hostile}${each}`, `aa 203.0.113.${each}`);
    await observed.saw(`log slow 203.0.113.${each}`);
  }
  assert.equal(observed.scanner.problems().length, 1, 'and had one chance');
});

test('what no linear engine can express goes on under a limit: lines are skipped, no worker ends, and health is red', async () => {
  const observed = observe();
  follow(observed, 'log', ['slowest', 'fine']);
  for (const count of [1, 2, 3, 4, 5]) {
    append('log', `${hostile}${count}`, `${'a'.repeat(count)} 203.0.113.${count}`);
    await observed.saw(`log slowest 203.0.113.${count}`);
  }
  assert.equal(observed.restarts.length, 3);
  assert.match(observed.scanner.problems().join(), /slowest\.yaml.*expression 2.*skipped/);
  assert.deepEqual(
    observed.skips(),
    [1, 2, 3, 4, 5].map((count) => `log slowest expression 2 ${hostile}${count}`),
  );
  assert.equal(observed.matches.filter((match) => match.startsWith('log fine')).length, 5);
});

test('a thousand such lines at once cost three times the limit, where the linear engine can be used', async (context) => {
  const observed = observe();
  const lines = Array.from({ length: 1_000 }, (_, index) => `${hostile}${index % 10}`);
  const began = performance.now();
  follow(observed, 'log', ['slow', 'fine'], ...lines, 'aaa 203.0.113.9');
  await observed.saw('log slow 203.0.113.9');
  context.diagnostic(`${Math.round(performance.now() - began)} ms`);
  assert.equal(observed.matches.filter((match) => match.startsWith('log fine')).length, 1_000);
  assert.equal(observed.restarts.length, 1);
  assert.equal(observed.skips().length, 3);
  await observed.until(() => observed.whats('slow').includes('restrained'));
  assert.equal(observed.scanner.problems().length, 1);
});

test('a stream is given back, and skips the line when it is opened again', async () => {
  const observed = observe();
  const { scanner } = observed;
  wanted.set('stream', ['slow', 'fine']);
  const input = { kind: 'stream', framing: 'lines' } as const;
  const open = () => scanner.open({ id: 'stream', input, filters: ['slow', 'fine'], cursor: null });
  const text = `bad s1 203.0.113.7\n${hostile}\naaa 203.0.113.9\n`;
  await scanner.write('stream', open(), Buffer.from(text));
  await observed.until(() => observed.lost.length > 0);
  assert.deepEqual(observed.matches, []);
  // As an owner does whose source can go back.
  await scanner.write('stream', open(), Buffer.from(text));
  await observed.saw('stream slow 203.0.113.9');
  assert.deepEqual(observed.matches.toSorted(), [
    `stream fine ${hostile.slice(0, -1)}`,
    'stream fine s1',
    'stream slow 203.0.113.9',
  ]);
  assert.deepEqual(observed.skips(), [`stream slow expression 2 ${hostile}`]);
  assert.deepEqual(observed.restarts, [[]]);
});

test('a stream that cannot go back loses nothing, and nothing of it is judged twice', async () => {
  const observed = observe();
  const { scanner } = observed;
  wanted.set('syslog', ['slow', 'fine']);
  const input = { kind: 'stream', framing: 'syslog', select: ['message:app'] } as const;
  const generation = scanner.open({ id: 'syslog', input, filters: ['slow', 'fine'], cursor: null });
  const lines = [
    'bad s1 203.0.113.7',
    'bad s2 203.0.113.7',
    hostile,
    'bad s3 203.0.113.7',
    'aaa 203.0.113.9',
  ];
  for (const line of lines) await scanner.write('syslog', generation, record(line));
  await observed.saw('syslog slow 203.0.113.9');
  await scanner.write('syslog', generation, record('bad s4 203.0.113.7'));
  await observed.saw('syslog fine s4');
  assert.deepEqual(observed.matches.toSorted(), [
    `syslog fine ${hostile.slice(0, -1)}`,
    'syslog fine s1',
    'syslog fine s2',
    'syslog fine s3',
    'syslog fine s4',
    'syslog slow 203.0.113.9',
  ]);
  assert.equal(observed.skips().length, 1);
  assert.deepEqual([observed.lost, observed.restarts], [[], [['syslog']]]);
});

/** A message as the receiver passes it on. */
function record(text: string): Uint8Array {
  const message = Buffer.from(`<38>1 - host app - - - ${text}`);
  const packed = { receivedAt: Date.now() / 1_000, sender: '192.0.2.1', message };
  const bytes = new Uint8Array(packedLength(packed));
  packSyslogRecord(packed, bytes, 0);
  return bytes;
}

test('of several workers one is ended; sources of the others go on', async () => {
  const observed = observe(3);
  follow(observed, 'a', ['fine'], 'bad a1 203.0.113.7');
  follow(observed, 'b', ['slow'], hostile, 'aaa 203.0.113.9');
  follow(observed, 'c', ['fine'], 'bad c1 203.0.113.7');
  follow(observed, 'd', ['fine'], 'bad d1 203.0.113.7');
  await observed.saw('a fine a1', 'b slow 203.0.113.9', 'c fine c1', 'd fine d1');
  assert.deepEqual(observed.restarts, [['b']]);
  assert.equal(observed.matches.length, 4);
});

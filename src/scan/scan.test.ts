import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '../../test/fuzz/random.ts';
import type { FilterAbout, FilterDefinition } from '../core/filter.ts';
import { codingOf } from './encoding.ts';
import { compileFilter } from './filters/compile.ts';
import { LineCarry } from './line-carry.ts';
import { lineCap, longestObject } from './line-length.ts';
import { type Reading, Scan } from './scan.ts';

const now = Date.parse('2026-11-22T16:30:00Z') / 1_000;
const reading: Reading = { now, transport: null, undated: now };

function filter(name: string, patterns: readonly string[]): FilterDefinition {
  const expressions = patterns.map((pattern) => ({ kind: 'hit' as const, pattern }));
  return {
    kind: 'regex',
    name,
    description: name,
    ignoreCase: false,
    prefix: null,
    expressions,
    ignore: [],
    samples: [],
  };
}

const definitions = [
  filter('login', ['Failed for (?<user>.*) from <HOST>$', '(?:Größe|größe) <HOST>', 'denied[: ]+<HOST>']),
  filter('other', ['^ ?\\[\\] refused <HOST>$', '(?<!not )banned <HOST>', 'a.c <HOST>|x+y <HOST>']),
];

const aboutNothing: Omit<FilterAbout, 'logs'> = {
  counts: null,
  images: [],
  setup: null,
  forgeable: null,
  jail: {},
  modes: [],
  overlaps: [],
};

/** Everything that a scan says of a text, in chunks as long as `chunkLength` gives. */
function judged(text: Buffer, prefilter: boolean, chunkLength: () => number): unknown[] {
  const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC', prefilter });
  const carry = new LineCarry();
  const said: unknown[] = [];
  const take = (block: Buffer | null): void => {
    if (block === null) return;
    scan.block(block, reading, (index, { host, user }, time, line) => {
      // Copied, as the packer does: a slice of the chunk would change with it.
      said.push(structuredClone([index, host, user, time, line]));
    });
  };
  for (let at = 0; at < text.length; ) {
    const length = chunkLength();
    // One buffer for all chunks, as in the tail: what is kept must have been copied.
    const chunk = Buffer.from(text.subarray(at, at + length));
    take(carry.push(chunk));
    chunk.fill(0x58);
    at += length;
  }
  take(carry.flush());
  said.push(scan.takeCounts());
  return said;
}

const words = [
  'Failed for ',
  'root',
  ' from ',
  '203.0.113.7',
  '2001:db8::7',
  '203.0.113.999',
  '\n',
  '\n',
  '\r\n',
  '\n\n',
  ' ',
  'größe ',
  'Größe ',
  'denied: ',
  'denied',
  'Nov 22 16:02:01',
  'Nov 22 16:29:59 ',
  'refused ',
  ' [22/Nov/2026:16:02:02 +0000] ',
  '2026-11-22T16:29:30Z',
  ' [] ',
  'not banned ',
  'banned ',
  'abc ',
  'xxy ',
  'a\u{1f600}c ',
  '\0',
  'Faile',
  'd for ',
  'banned 203.0.113.7\n',
  'Failed for root from 203.0.113.8\n',
  'denied 2001:db8::7',
].map((word) => Buffer.from(word));
words.push(Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xf0, 0x9f]));

test('with the prefilter and in any chunks a scan says what judging every line at once says', () => {
  let matches = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomOf(seed).below;
    const text = Buffer.concat(
      Array.from({ length: 120 }, () => words[random(words.length)] ?? Buffer.alloc(0)),
    );
    const expected = judged(text, false, () => text.length + 1);
    matches += expected.length - 1;
    assert.deepEqual(
      judged(text, true, () => text.length + 1),
      expected,
      `seed ${seed}, one chunk`,
    );
    assert.deepEqual(
      judged(text, true, () => 1 + random(40)),
      expected,
      `seed ${seed}, small chunks`,
    );
    assert.deepEqual(
      judged(text, false, () => 1 + random(40)),
      expected,
      `seed ${seed}, small chunks, every line`,
    );
  }
  assert.ok(matches > 500, `the test must find something: ${matches}`);
});

function lines(...texts: (string | Buffer)[]): Buffer {
  return Buffer.concat(texts.flatMap((text) => [Buffer.from(text as string), Buffer.from('\n')]));
}

function hosts(text: Buffer): string[] {
  const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
  const found: string[] = [];
  scan.block(text, reading, (_index, { host }) => found.push(host));
  return found;
}

test('NUL bytes, invalid UTF-8 and carriage returns do no harm', () => {
  const hostile = Buffer.from([0x46, 0, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]);
  assert.deepEqual(
    hosts(
      lines(
        hostile,
        Buffer.concat([hostile, Buffer.from('Failed for \0 from 203.0.113.7')]),
        'Failed for a from 203.0.113.8\r',
      ),
    ),
    ['203.0.113.7', '203.0.113.8'],
  );
});

test('of an oversize line the first 64 KiB are judged, the rest is skipped, the next line is whole', () => {
  const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
  const found: string[] = [];
  const text = lines(
    `banned 203.0.113.7 ${'z'.repeat(lineCap)}`,
    `${'z'.repeat(lineCap)} banned 203.0.113.8`,
    'banned 203.0.113.9',
  );
  scan.block(text, reading, (_index, { host }, _time, line) => {
    assert.ok(line.length <= lineCap);
    found.push(host);
  });
  assert.deepEqual(found, ['203.0.113.7', '203.0.113.9']);
  assert.deepEqual(scan.takeCounts(), { lines: 3, oversize: 2 });
});

/** An access log in JSON, as caddy writes it: the client's headers stand before the status. */
function objectLine(header: string, status = 401): string {
  return JSON.stringify({ request: { client_ip: '203.0.113.7', headers: { Cookie: [header] } }, status });
}

const objects: FilterDefinition = {
  kind: 'json',
  name: 'objects',
  description: 'objects',
  samples: [],
  rules: [
    {
      kind: 'hit',
      where: [{ path: 'status', values: [401] }],
      host: 'request.client_ip',
      user: null,
      session: null,
      time: null,
    },
  ],
};

test('nobody hides behind a long header: a JSON line is judged whole, up to what a server takes of it', () => {
  const long = [objectLine('z'.repeat(lineCap)), objectLine('z'.repeat(lineCap), 200), objectLine('')];
  const longest = [objectLine('\u0001'.repeat(1_024 * 1_024)), objectLine('z'.repeat(longestObject))];
  const judgedIn = (text: Buffer, pieces: number, filters: readonly FilterDefinition[]) => {
    const scan = new Scan(filters.map(compileFilter), { timeZone: 'UTC' });
    const carry = new LineCarry(codingOf('utf-8', scan.keeps));
    let hits = 0;
    for (let at = 0; at < text.length; at += pieces) {
      const block = carry.push(text.subarray(at, at + pieces));
      if (block === null) continue;
      scan.block(block, reading, (_index, { host }, _time, line) => {
        assert.ok(line.length <= lineCap, 'what is kept of it as evidence has the usual length');
        if (host === '203.0.113.7') hits++;
      });
    }
    return { hits, ...scan.takeCounts() };
  };
  const all = lines(...longest, ...long);
  assert.deepEqual(judgedIn(all, 1_000_000, [objects]), { hits: 3, lines: 5, oversize: 1 });
  const together = judgedIn(lines(...long), 10_000, [objects, ...definitions]);
  assert.deepEqual(together, { hits: 2, lines: 3, oversize: 2 });
});

test('a line that never ends takes no memory, and is one line of 64 KiB in the end', () => {
  const carry = new LineCarry();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  assert.equal(carry.push(Buffer.from('banned 203.0.113.7 ')), null);
  for (let count = 0; count < 256; count++) assert.equal(carry.push(chunk), null);
  assert.equal(carry.length, 19 + 256 * 1024 * 1024);
  const block = carry.push(Buffer.from('y\nbanned 203.0.113.8\nrest'));
  assert.ok(block !== null && block.length < lineCap + 100);
  assert.deepEqual(hosts(block), ['203.0.113.7', '203.0.113.8']);
  assert.equal(carry.length, 4);
});

test('the time of a line: the transport, its own date, the last date as the reading allows, else what is given', () => {
  const dated = now - 10;
  const table: readonly [before: string, line: string, given: Partial<Reading>, expected: number][] = [
    // Read as it was written: the last date while it is fresh.
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', {}, dated],
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', { now: now + 49 }, dated],
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', { now: now + 50, undated: now + 50 }, now + 50],
    ['Nov 22 16:30:40 x', 'banned 203.0.113.7', {}, now + 40],
    ['nothing', 'banned 203.0.113.7', {}, now],
    ['nothing', 'Nov 22 16:29:50 banned 203.0.113.7', {}, dated],
    // A backlog: the last date, however old; the line's own is still better.
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', { backlog: true, undated: 0 }, dated],
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', { now: now + 90_000, backlog: true, undated: now }, dated],
    ['Nov 21 16:29:50 x', 'Nov 22 16:29:50 banned 203.0.113.7', { backlog: true, undated: 0 }, dated],
    ['nothing', 'banned 203.0.113.7', { backlog: true, undated: 0 }, 0],
    ['nothing', 'banned 203.0.113.7', { backlog: true, undated: now - 100 }, now - 100],
    // The transport knows best.
    ['Nov 22 16:29:50 x', 'Nov 22 16:29:50 banned 203.0.113.7', { transport: 5 }, 5],
    ['Nov 22 16:29:50 x', 'banned 203.0.113.7', { transport: 5, backlog: true }, 5],
  ];
  for (const [before, line, given, expected] of table) {
    // In one block and in two: the last date is kept from one to the next, also that of a line that is no candidate;
    // and by two scans of which the second goes on behind the first.
    for (const [blocks, restarted] of [
      [[lines(before, line)], false],
      [[lines(before), lines(line)], false],
      [[lines(before), lines(line)], true],
    ] as const) {
      let scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
      const found: number[] = [];
      for (const block of blocks) {
        const { lastDate } = scan;
        if (restarted) scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
        scan.lastDate = lastDate;
        scan.block(block, { ...reading, ...given }, (_index, _judgement, time) => found.push(time));
      }
      assert.deepEqual(found, [expected], `${before} / ${line} / ${JSON.stringify(given)}`);
    }
  }
});

test('a date that could mean two days is cut out, and its line has the time of one without', () => {
  const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
  const found: [string, number][] = [];
  scan.block(lines('05/06/2026 16:29:50 banned 203.0.113.7'), reading, (_index, { host }, time) =>
    found.push([host, time]),
  );
  assert.deepEqual(found, [['203.0.113.7', now]]);
});

/** Blocks of one line each, ten seconds apart, stamped an hour behind; the time of each as it is read. */
function skewed(count: number, more: Partial<Reading> = {}): { scan: Scan; late: number[] } {
  const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
  const late: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = now + index * 10;
    const stamp = new Date((at - 3_600) * 1_000).toISOString();
    const block = lines(`${stamp.replace('Z', '')} banned 203.0.113.7`);
    const read = { ...reading, now: at, undated: at, ...more };
    scan.block(block, read, (_index, _judgement, time) => late.push(at - time));
  }
  return { scan, late };
}

test('a log in a wrong time zone is noticed, and read right from then on', () => {
  const { scan, late } = skewed(30);
  assert.equal(scan.skew, 3_600);
  assert.deepEqual(late, [...Array<number>(20).fill(3_600), ...Array<number>(10).fill(0)]);
  const at = now + 300;
  const times: number[] = [];
  const read = { now: at, undated: at, transport: null };
  for (const line of [
    'Nov 22 16:35:00 banned 203.0.113.7',
    'Nov 22 15:30:00 banned 203.0.113.7',
    'banned 203.0.113.7',
  ])
    scan.block(lines(line), read, (_index, _judgement, time) => times.push(at - time));
  assert.deepEqual(times, [0, 300, 0], 'true dates, late lines and undated ones');
});

test('a wrong time zone stays known over a restart, but where dates are read in another one then', () => {
  const { learned } = skewed(30).scan;
  const lateIn = (timeZone: string) => {
    const scan = new Scan(definitions.map(compileFilter), { timeZone, learned });
    const times: number[] = [];
    scan.block(lines('Nov 22 15:30:00 banned 203.0.113.7'), reading, (_index, _judgement, time) =>
      times.push(now - time),
    );
    return times;
  };
  assert.deepEqual(lateIn('UTC'), [0]);
  assert.deepEqual(lateIn('Atlantic/Azores'), [0], 'UTC-1 is right without any correction');
  assert.deepEqual(lateIn('Europe/Berlin'), [7_200]);
  const own = new Scan(definitions.map(compileFilter), {
    learned: JSON.stringify({ zone: '', skew: 3_600 }),
  });
  assert.equal(own.skew, 0, "the machine's zone has a name, by which a change of it is known");
});

test('a backlog and lines that come later and later show no skew', () => {
  assert.equal(skewed(60, { backlog: true }).scan.skew, 0);
  assert.equal(skewed(60, { transport: now }).scan.skew, 0);
});

test('how old lines are is told where their transport knows; what senders claim is moved where it is constantly off', () => {
  const late = (claimed: boolean) => {
    const scan = new Scan(definitions.map(compileFilter), { timeZone: 'UTC' });
    const times: number[] = [];
    const ages: (number | undefined)[] = [];
    for (let at = now; at < now + 300; at += 10) {
      const read = { now: at, transport: at - 3_600, undated: at, claimed };
      scan.block(lines('banned 203.0.113.7'), read, (_index, _judgement, time) => times.push(at - time));
      ages.push(scan.takeCounts().age);
    }
    return { scan, times, ages };
  };
  const stamps = [...Array<number>(20).fill(3_600), ...Array<number>(10).fill(0)];
  const claimed = late(true);
  assert.equal(claimed.scan.skew, 3_600);
  assert.deepEqual(claimed.times, stamps);
  assert.deepEqual(claimed.ages, [...Array<number>(19).fill(3_600), ...Array<number>(11).fill(0)]);
  const kept = late(false);
  assert.equal(kept.scan.skew, 3_600);
  assert.deepEqual(kept.times, Array<number>(30).fill(3_600), 'an engine says when it really was');
  kept.scan.block(lines('Nov 22 15:30:00 banned 203.0.113.7'), reading, () => undefined);
  assert.equal(kept.scan.takeCounts().age, undefined, 'a date in a line says nothing of that');
});

test('of what a container writes, a filter that names its streams judges these alone', () => {
  const logs = { files: [], journal: [], container: ['stderr'] as const, inside: [] };
  const [login = definitions[0]] = definitions;
  const about = { ...aboutNothing, logs };
  const scan = new Scan([
    compileFilter({ ...login, about } as FilterDefinition),
    compileFilter(login as FilterDefinition),
  ]);
  const found: number[] = [];
  for (const stream of ['stdout', 'stderr', undefined] as const)
    scan.block(lines('Failed for a from 203.0.113.7'), { ...reading, ...(stream && { stream }) }, (filter) =>
      found.push(filter),
    );
  assert.deepEqual(found, [1, 0, 1, 0, 1]);
  assert.equal(scan.takeCounts().unheard, 0, 'the first would have counted what came on stdout');
  scan.block(lines('Failed for a from 203.0.113.7'), { ...reading, stream: 'stderr' }, () => undefined);
  scan.block(lines('x'), { ...reading, stream: 'stdout' }, () => undefined);
  assert.equal(scan.takeCounts().unheard, undefined);
});

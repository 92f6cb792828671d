import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CriLines } from './cri-lines.ts';
import { LineCarry } from './line-carry.ts';
import { lineCap } from './line-length.ts';

const second = Date.parse('2026-11-22T16:02:01Z') / 1_000;
const at = (ms: number): string => `2026-11-22T16:02:01.${String(ms).padStart(3, '0')}456789Z`;
const entry = (ms: number, stream: string, tag: string, text: string): string =>
  `${at(ms)} ${stream} ${tag} ${text}\n`;

interface Read {
  readonly lines: string[];
  readonly times: number[];
}

function reader(read: Read): (block: Buffer, time: number) => void {
  return (block, time) => {
    assert.equal(block.at(-1), 0x0a, 'whole lines');
    for (const line of block.toString('latin1').split('\n').slice(0, -1)) {
      read.lines.push(line);
      read.times.push(time);
    }
  };
}

function readAll(text: string | Buffer): Read & { readonly format: CriLines } {
  const read: Read = { lines: [], times: [] };
  const format = new CriLines(null);
  format.push(Buffer.from(text as string), reader(read));
  return { ...read, format };
}

test('text and time of whole lines, with any offset, number of decimals and tags', () => {
  const { lines, times } = readAll(
    `${[
      '2026-11-22T16:02:01.123456789Z stdout F one',
      '2026-11-22T17:02:01.5+01:00 stderr F two  with spaces ',
      '2026-11-22T16:02:02Z stdout F:later:tags three',
      '2026-11-22T16:02:03Z stdout F ',
      '2026-11-22T16:02:04Z stdout F five\r',
    ].join('\n')}\n`,
  );
  assert.deepEqual(lines, ['one', 'two  with spaces ', 'three', '', 'five\r']);
  assert.deepEqual(times, [second + 0.123456789, second + 0.5, second + 1, second + 2, second + 3]);
});

test('lines of one millisecond are one block, which has the time of the first', () => {
  const blocks: number[] = [];
  const format = new CriLines(null);
  const text = Array.from({ length: 50 }, (_, line) => entry(Math.floor(line / 10), 'stdout', 'F', 'x'));
  format.push(Buffer.from(text.join('')), (block) => blocks.push(block.length));
  assert.deepEqual(blocks, [20, 20, 20, 20, 20]);
});

const interleaved = [
  entry(1, 'stdout', 'P', 'out '),
  entry(2, 'stderr', 'P', 'err '),
  entry(3, 'stdout', 'P', 'goes '),
  entry(4, 'stderr', 'F', 'ends'),
  entry(5, 'stderr', 'F', 'whole'),
  entry(6, 'stdout', 'F', 'on'),
  entry(7, 'stdout', 'F', ''),
].join('');

test('parts are joined by stream', () => {
  const { lines, times } = readAll(interleaved);
  assert.deepEqual(lines, ['err ends', 'whole', 'out goes on', '']);
  assert.deepEqual(
    times.map((time) => Math.floor(time * 1_000) - second * 1_000),
    [4, 5, 6, 7],
  );
});

test('goes on from a cursor behind any line, with nothing lost and nothing twice', () => {
  const log = interleaved.split(/(?<=\n)/);
  for (let cut = 0; cut <= log.length; cut++) {
    const read: Read = { lines: [], times: [] };
    const before = new CriLines(null);
    before.push(Buffer.from(log.slice(0, cut).join('')), reader(read));
    const cursor = before.cursorAt('{"file":"1:2","offset":3,"hash":"x"}');
    assert.equal((JSON.parse(cursor) as { offset: number }).offset, 3);
    new CriLines(cursor).push(Buffer.from(log.slice(cut).join('')), reader(read));
    assert.deepEqual(read.lines, ['err ends', 'whole', 'out goes on', ''], `cut behind line ${cut}`);
  }
});

test('a log that is written and read in pieces, cut at any byte', () => {
  const bytes = Buffer.from(interleaved);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const read: Read = { lines: [], times: [] };
    const carry = new LineCarry();
    const format = new CriLines(null);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      const block = carry.push(Buffer.from(piece));
      if (block !== null) format.push(block, reader(read));
    }
    assert.deepEqual(read.lines, ['err ends', 'whole', 'out goes on', ''], `cut at ${cut}`);
  }
});

test('where long lines are wanted whole they are; of writers who end none, four are kept', () => {
  const part = entry(1, 'stdout', 'P', 'a'.repeat(16_384));
  const formats = Array.from({ length: 6 }, () => new CriLines(null, 1_000_000));
  for (let times = 0; times < 20; times++)
    for (const format of formats) format.push(Buffer.from(part), () => assert.fail('none is whole'));
  const lengths = formats.map((format) => {
    const read: Read = { lines: [], times: [] };
    format.push(Buffer.from(entry(2, 'stdout', 'F', 'b')), reader(read));
    return read.lines[0]?.length;
  });
  const whole = 20 * 16_384 + 1;
  assert.deepEqual(lengths, [2 * lineCap, 2 * lineCap, whole, whole, whole, whole]);
});

test('a line is kept to the cap, also in the cursor, however many parts it has', () => {
  const part = entry(1, 'stdout', 'P', 'a'.repeat(16_384));
  const format = new CriLines(null);
  const read: Read = { lines: [], times: [] };
  for (let times = 0; times < 1_000; times++) format.push(Buffer.from(part), reader(read));
  const cursor = format.cursorAt('{}');
  assert.ok(cursor.length < 1.4 * lineCap);
  new CriLines(cursor).push(Buffer.from(entry(2, 'stdout', 'F', 'b')), reader(read));
  assert.deepEqual(
    read.lines.map((line) => line.length),
    [lineCap + 1],
  );
});

test('bytes of any kind survive in a cursor', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0a));
  const format = new CriLines(null);
  const begun = Buffer.concat([Buffer.from(`${at(1)} stderr P `), bytes, Buffer.from('\n')]);
  format.push(begun, () => assert.fail());
  const found: Buffer[] = [];
  new CriLines(format.cursorAt('{}')).push(Buffer.from(entry(2, 'stderr', 'F', '')), (block) =>
    found.push(Buffer.from(block)),
  );
  assert.deepEqual(Buffer.concat(found), Buffer.concat([bytes, Buffer.from('\n')]));
});

const damaged: Record<string, string> = {
  'nothing at all': '\n',
  'no text': `${at(1)} stdout F\n`,
  'no such stream': entry(1, 'stdin', 'F', 'x'),
  'no such tag': entry(1, 'stdout', 'X', 'x'),
  'no time': 'stdout F x\n',
  'no such time': '2026-99-99T16:02:01.123456789Z stdout F x\n',
  'a time of the future of this format': '2026-11-22T16:02:01.1234567890123Z stdout F x\n',
  'a date of text': 'Nov 22 16:02:01 host sshd[1]: Failed password\n',
  'a head without an end': `${at(1)} stdout F:${'a'.repeat(1_000_000)}\n`,
  'a million bytes': `${'\u00ff'.repeat(500_000)}\n`,
};

for (const [what, line] of Object.entries(damaged)) {
  test(`${what}: is passed over and counted, and the others are read`, () => {
    const { lines, format } = readAll(
      `${entry(1, 'stdout', 'P', 'a')}${line}${entry(2, 'stdout', 'F', 'b')}`,
    );
    assert.deepEqual(lines, ['ab']);
    assert.deepEqual(format.problem, {
      text: 'lines that are not in the CRI format, passed over: 1',
      fatal: false,
    });
  });
}

test('zeros before a line, as power cuts leave them, are left out', () => {
  const { lines, format } = readAll(`\0\0\0\0${entry(1, 'stdout', 'F', 'a')}`);
  assert.deepEqual(lines, ['a']);
  assert.equal(format.problem, null);
});

test('a log that is none is said to be so, and what to do where Docker wrote it', () => {
  const { format } = readAll('{"log":"x\\n","stream":"stdout","time":"2026-11-22T16:02:01Z"}\n'.repeat(10));
  assert.equal(format.problem?.fatal, true);
  assert.match(format.problem?.text ?? '', /Docker writes this one: let the jail read it with `container`/);
  format.push(Buffer.from(entry(1, 'stdout', 'F', 'a')), () => undefined);
  assert.equal(format.problem?.fatal, false);
});

test('a log that is complete: what was not finished is judged as it is', () => {
  const read: Read = { lines: [], times: [] };
  const format = new CriLines(null);
  format.push(Buffer.from(interleaved.slice(0, interleaved.indexOf('goes') + 6)), reader(read));
  format.flush(reader(read));
  assert.deepEqual(read.lines, ['out goes ', 'err ']);
  format.flush(reader(read));
  assert.equal(read.lines.length, 2);
});

test('what was not finished keeps its time over a restart', () => {
  const before = new CriLines(null);
  before.push(Buffer.from(entry(3, 'stdout', 'P', 'cut off')), () => assert.fail());
  const read: Read = { lines: [], times: [] };
  new CriLines(before.cursorAt('{}')).flush(reader(read));
  assert.deepEqual(read, { lines: ['cut off'], times: [second + 0.003456789] });
});

test('a stored cursor that is something else is taken for none', () => {
  for (const cursor of [
    '',
    'x',
    'null',
    '[]',
    '{"parts":1}',
    '{"time":"x","parts":{"stdout":1,"stdin":"YQ=="}}',
  ]) {
    const read: Read = { lines: [], times: [] };
    new CriLines(cursor).push(Buffer.from(entry(1, 'stdout', 'F', 'b')), reader(read));
    assert.deepEqual(read.lines, ['b'], cursor);
  }
});

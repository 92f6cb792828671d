import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sinceOf } from '../core/docker-cursor.ts';
import { DockerFrames } from './docker-frames.ts';
import { lineCap } from './line-length.ts';

function frame(stream: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload as string);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

const at = (nanoseconds: number): string => `2026-11-22T16:02:01.${String(nanoseconds).padStart(9, '0')}Z`;

/** What a decoder says of bytes that come in pieces of this length, and its cursor afterwards. */
function read(
  bytes: Buffer,
  cursor: string | null = null,
  pieces = bytes.length,
  framing: 'docker-multiplexed' | 'docker-raw' = 'docker-multiplexed',
) {
  const frames = new DockerFrames(framing, cursor);
  const lines: string[] = [];
  const times: (number | null)[] = [];
  for (let start = 0; start < bytes.length; start += pieces) {
    const piece = Buffer.from(bytes.subarray(start, start + pieces));
    frames.push(piece, (line, time) => {
      lines.push(line.toString());
      times.push(time);
    });
    piece.fill(0x58);
  }
  return { frames, lines, times, cursor: frames.cursor };
}

const mixed = Buffer.concat([
  frame(1, `${at(1)} out one\n`),
  frame(2, `${at(2)} part a `),
  frame(1, `${at(3)} out two\n`),
  frame(3, 'the engine says something'),
  frame(2, `${at(2)} part b\n`),
  frame(1, `${at(3)} \n`),
]);

test('lines of both streams, with their times, parts joined by stream, in pieces of any length', () => {
  for (const pieces of [1, 2, 7, 8, 9, 31, mixed.length]) {
    const { lines, times } = read(mixed, null, pieces);
    assert.deepEqual(lines, ['out one\n', 'out two\n', 'part a part b\n', '\n'], `pieces of ${pieces}`);
    const second = Date.parse('2026-11-22T16:02:01Z') / 1_000;
    assert.deepEqual(
      times,
      [1e-9, 3e-9, 2e-9, 3e-9].map((fraction) => second + fraction),
    );
  }
});

/** What an engine sends again for a cursor, out of all it has: from 23.0 on, older ones, or even everything. */
const replays = {
  'engine from 23.0 on': (log: readonly Message[], since: number) => {
    const first = log.findIndex(({ nanoseconds }) => nanoseconds >= since);
    return first < 0 ? [] : log.slice(first);
  },
  'engine before 23.0': (log: readonly Message[], since: number) =>
    log.filter(({ nanoseconds }) => nanoseconds >= since),
  everything: (log: readonly Message[]) => log,
};

interface Message {
  readonly nanoseconds: number;
  readonly bytes: Buffer;
}

function message(stream: number, nanoseconds: number, text: string): Message {
  return { nanoseconds, bytes: frame(stream, `${at(nanoseconds)} ${text}`) };
}

const bytesOf = (log: readonly Message[]): Buffer => Buffer.concat(log.map(({ bytes }) => bytes));

const inOrder = [
  message(1, 1, 'a\n'),
  message(1, 1, 'b\n'),
  message(2, 1, 'c, '),
  message(1, 1, 'd\n'),
  message(2, 1, 'still c\n'),
  message(1, 20, 'e\n'),
  message(1, 20, 'f\n'),
  message(1, 100, 'g\n'),
];

/** Two streams are stamped before they are written one after the other; the last ones after a clock was set back. */
const outOfOrder = [
  message(1, 100, 'a\n'),
  message(1, 500, 'b\n'),
  message(2, 400, 'c\n'),
  message(1, 500, 'd\n'),
  message(2, 450, 'e, '),
  message(2, 450, 'f\n'),
  message(1, 600, 'g\n'),
  message(2, 550, 'h\n'),
  message(1, 600, 'i\n'),
  message(1, 7, 'j\n'),
  message(1, 8, 'k\n'),
];

/** As long as the engine makes them. */
const part = 'x'.repeat(16_384);

const inLikeParts = [
  message(1, 5, part),
  message(2, 6, 'b\n'),
  message(1, 5, part),
  message(1, 5, part),
  message(1, 5, 'end\n'),
];

/** As the driver `local` of 20.10 has lines of several parts. */
const withoutNewlines = [
  message(1, 5, part),
  message(1, 5, 'end'),
  message(1, 6, 'a\n'),
  message(1, 7, part),
  message(2, 8, part),
  message(1, 7, part),
  message(2, 8, part),
  message(1, 7, ''),
  message(2, 8, 'end'),
  message(2, 9, 'b\n'),
  message(1, 10, 'c\n'),
];

for (const [log, name] of [
  [inOrder, 'in order'],
  [outOfOrder, 'out of order'],
  [inLikeParts, 'in parts that are alike'],
  [withoutNewlines, 'without a newline after a long line'],
] as const) {
  test(`restarts between any two messages that come ${name}: each is judged once`, () => {
    const all = read(bytesOf(log)).lines;
    /** In nanoseconds after the second in which all of them were written. */
    const since = (cursor: string): number => {
      const [seconds = '0', fraction = '0'] = (sinceOf(cursor) ?? '').split('.');
      return (Number(seconds) - Date.parse('2026-11-22T16:02:01Z') / 1_000) * 1e9 + Number(fraction);
    };
    for (const [engine, replay] of Object.entries(replays)) {
      for (let stop = 0; stop <= log.length; stop++) {
        for (let next = stop; next <= log.length; next++) {
          const first = read(bytesOf(log.slice(0, stop)));
          const second = read(bytesOf(replay(log.slice(0, next), since(first.cursor))), first.cursor);
          const third = read(bytesOf(replay(log, since(second.cursor))), second.cursor);
          const lines = [...first.lines, ...second.lines, ...third.lines];
          assert.deepEqual(lines, all, `${engine}: stopped after ${stop} and ${next}`);
        }
      }
    }
  });
}

test('a line of several parts ends with the first that is not full, newline or not', () => {
  const { lines } = read(bytesOf(withoutNewlines));
  const shown = lines.map((line) => line.replaceAll(part, 'P'));
  assert.deepEqual(shown, ['Pend\n', 'a\n', 'PP\n', 'PPend\n', 'b\n', 'c\n']);
});

test('a replay that is cut off leaves the cursor where it was', () => {
  const { cursor } = read(bytesOf(outOfOrder));
  for (let stop = 0; stop <= outOfOrder.length; stop++) {
    const again = read(bytesOf(outOfOrder.slice(0, stop)), cursor);
    assert.deepEqual([again.cursor, again.lines], [cursor, []], `cut off after ${stop}`);
  }
});

test('the cursor never moves back', () => {
  const reached = outOfOrder.map((_, index) => sinceOf(read(bytesOf(outOfOrder.slice(0, index + 1))).cursor));
  assert.deepEqual(reached, [...reached].sort());
});

test('where the engine has thrown away what the cursor points to, all that is later is judged', () => {
  const { cursor } = read(bytesOf([message(1, 500, 'a\n'), message(2, 400, 'b\n')]));
  const later = [message(2, 450, 'lost\n'), message(1, 600, 'c\n'), message(2, 300, 'd\n')];
  assert.deepEqual(read(bytesOf(later), cursor).lines, ['c\n', 'd\n']);
});

/** What a decoder judges and tells of messages that come on one stream, after those of an earlier one. */
function follow(before: readonly Message[], now: readonly Message[]) {
  const cursor = before.length === 0 ? null : read(bytesOf(before)).cursor;
  const gaps: string[] = [];
  const lines: string[] = [];
  const frames = new DockerFrames('docker-multiplexed', cursor, {
    tellGap: (detail) => gaps.push(detail),
  });
  frames.push(bytesOf(now), (line) => lines.push(line.toString()));
  return { lines, gaps, cursor: frames.cursor };
}

test('a gap is told where the message of the cursor is gone, and only there', () => {
  for (const log of [inOrder, outOfOrder]) {
    for (let stop = 1; stop <= log.length; stop++) {
      for (let next = stop; next <= log.length; next++) {
        assert.deepEqual(follow(log.slice(0, stop), log.slice(0, next)).gaps, [], `${stop}, ${next}`);
      }
    }
  }
  const [a, b, c] = [message(1, 100, 'a\n'), message(2, 300, 'b\n'), message(1, 500, 'c\n')];
  assert.deepEqual(follow([a, b], []).gaps, [], 'nothing was written');
  assert.deepEqual(follow([], [c]).gaps, [], 'there is no cursor');
  const { gaps, lines } = follow([a, b], [c, message(1, 600, 'd\n')]);
  assert.deepEqual(lines, ['c\n', 'd\n']);
  assert.equal(gaps.length, 1);
  assert.match(gaps[0] ?? '', new RegExp(`between ${at(300)} and ${at(500)}.*max-size`));
  assert.equal(follow([a], [message(2, 50, 'x\n'), c]).gaps.length, 1, 'an older one is not the cursor');
});

test('what an engine sends again around its own rotation is judged once', () => {
  const log = Array.from({ length: 3_000 }, (_, index) =>
    message(1 + (index % 2), 1_000 + index * 10 - (index % 4) * 15, `line ${index}\n`),
  );
  const all = read(bytesOf(log)).lines;
  for (const [from, to] of [
    [79, 80],
    [20, 80],
    [0, 2_000],
    [500, 3_000],
  ] as const) {
    const sent = [...log.slice(0, to), ...log.slice(from, to), ...log.slice(from)];
    const { lines, gaps, cursor } = follow([], sent);
    assert.deepEqual(lines, all, `${from} to ${to}`);
    assert.equal(cursor, read(bytesOf(log)).cursor);
    assert.equal(gaps.length, 1, 'whole blocks mean that it rotates too fast');
  }
  const lastAgain = [...log.slice(0, 80), ...log.slice(79, 200), ...log.slice(199)];
  assert.deepEqual([follow([], lastAgain).lines, follow([], lastAgain).gaps], [all, []]);
  const resumed = follow(log.slice(0, 50), [...log.slice(30, 80), ...log.slice(40)]);
  assert.deepEqual(resumed.lines, all.slice(50), 'also what the replay before had');
});

test('new messages of the same time, or an earlier one, are judged', () => {
  const same = [message(1, 5, 'a\n'), message(1, 5, 'b\n'), message(2, 5, 'a\n'), message(1, 3, 'a\n')];
  assert.deepEqual(follow([], same).lines, ['a\n', 'b\n', 'a\n', 'a\n']);
  const long = [message(1, 5, part), message(2, 6, 'b\n'), message(1, 5, part), message(1, 5, 'end\n')];
  const { lines } = follow([], [...long, ...long.slice(1)]);
  assert.deepEqual(lines, ['b\n', `${part}${part}end\n`], 'parts are alike, and sent again as a whole');
});

test('the cursor gives the engine its `since`', () => {
  const [first = Buffer.alloc(0)] = [frame(1, `${at(5)} x`)];
  const { cursor } = read(first);
  assert.equal(sinceOf(cursor), `${Date.parse('2026-11-22T16:01:59Z') / 1_000}.000000005`);
});

test('a cursor that cannot be read begins again', () => {
  for (const cursor of [
    '',
    '{',
    '{}',
    'null',
    '{"timestamp":"x","ordinal":1}',
    '{"timestamp":1,"parts":7}',
  ]) {
    assert.equal(read(mixed, cursor).lines.length, 4, cursor);
  }
});

test('a TTY has no headers; the timestamps inside a long line are taken out', () => {
  const long = 'x'.repeat(16 * 1024);
  const bytes = Buffer.from(
    `${at(1)} one\r\n${at(2)} ${long}${at(2)} ${long}${at(2)} end\r\n${at(3)} two\r\n`,
  );
  for (const pieces of [11, 4_096, bytes.length]) {
    const { lines } = read(bytes, null, pieces, 'docker-raw');
    assert.deepEqual(lines, ['one\r\n', `${long}${long}end\r\n`, 'two\r\n'], `pieces of ${pieces}`);
  }
});

test('lengths and types that Docker never sends are refused, before any memory is taken', () => {
  for (const header of ['04000000 00000001', '01000001 00000001', '01000000 ffffffff', '48545450 2f312e31']) {
    const bytes = Buffer.concat([frame(1, `${at(1)} a\n`), Buffer.from(header.replace(' ', ''), 'hex')]);
    const lines: string[] = [];
    assert.throws(() =>
      new DockerFrames('docker-multiplexed', null).push(bytes, (line) => lines.push(line.toString())),
    );
    assert.deepEqual(lines, ['a\n'], 'what came before is judged');
  }
});

test('long frames and lines without an end are cut beyond the line cap, and stay one line each', () => {
  const huge = 'x'.repeat(3 * 1024 * 1024);
  const parts = Array.from({ length: 40 }, () => frame(2, `${at(2)} ${'y'.repeat(16_384)}`));
  const { lines } = read(
    Buffer.concat([
      frame(1, `${at(1)} ${huge}\n`),
      ...parts,
      frame(2, `${at(2)} end\n`),
      frame(1, `${at(3)} last\n`),
    ]),
    null,
    10_000,
  );
  assert.equal(lines.length, 3);
  assert.equal(lines[2], 'last\n');
  for (const line of lines.slice(0, 2))
    assert.ok(line.length > lineCap && line.length < lineCap + 200 && line.endsWith('\n'));
});

test('where long lines are wanted whole they are, and one that was interrupted is cut and not patched together', () => {
  const parts = Array.from({ length: 20 }, (_, part) =>
    frame(1, `${at(2)} ${String(part % 10).repeat(16_384)}`),
  );
  const lines: string[] = [];
  const take = (line: Buffer): unknown => lines.push(line.toString());
  const frames = new DockerFrames('docker-multiplexed', null, { keeps: 1_000_000 });
  for (const part of parts) frames.push(part, take);
  const { cursor } = frames;
  const end = frame(1, `${at(2)} end\n`);
  frames.push(end, take);
  assert.equal(lines[0]?.length, 20 * 16_384 + 4);
  const again = new DockerFrames('docker-multiplexed', cursor, { keeps: 1_000_000 });
  for (const part of [...parts, end]) again.push(part, take);
  assert.equal(lines[1]?.length, lineCap + 3);
});

test('a message without a timestamp is judged, without a time', () => {
  const { lines, times } = read(
    Buffer.concat([frame(1, 'no time\n'), frame(1, '2026-99-99T00:00:00Z odd\n')]),
  );
  assert.deepEqual(lines, ['no time\n', '2026-99-99T00:00:00Z odd\n']);
  assert.deepEqual(times, [null, null]);
});

test('what a container did not finish is judged at its end', () => {
  const { frames } = read(frame(1, `${at(1)} last words`));
  const said: string[] = [];
  frames.flush((line) => said.push(line.toString()));
  assert.deepEqual(said, ['last words\n']);
  assert.equal(frames.cursor.includes('last words'), false);
  const terminal = Buffer.from(`${at(1)} one\r\n${at(2)} last words`);
  const { frames: raw, lines } = read(terminal, null, 7, 'docker-raw');
  raw.flush((line) => lines.push(line.toString()));
  assert.deepEqual(lines, ['one\r\n', 'last words\n']);
  const { frames: again, lines: none } = read(terminal, raw.cursor, 7, 'docker-raw');
  again.flush((line) => none.push(line.toString()));
  assert.deepEqual(none, [], 'they are judged once');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packedLength, packSyslogRecord, type SyslogRecord } from '../core/syslog-record.ts';
import { SyslogRecords } from './syslog-records.ts';

const now = Date.parse('2026-11-22T12:00:00Z') / 1_000;

function pack(records: readonly SyslogRecord[]): Buffer {
  const bytes = Buffer.alloc(records.reduce((sum, record) => sum + packedLength(record), 0));
  let at = 0;
  for (const record of records) at = packSyslogRecord(record, bytes, at);
  assert.equal(at, bytes.length);
  return bytes;
}

/** What the jails see of messages that came in this second. */
function read(
  selectors: readonly string[],
  ...messages: (string | Buffer)[]
): [line: string, time: number][] {
  const found: [string, number][] = [];
  const records = messages.map((message) => ({
    receivedAt: now,
    sender: '192.0.2.1',
    message: Buffer.from(message as string),
  }));
  new SyslogRecords(selectors).push(pack(records), (block, time) => {
    for (const line of block.toString().split('\n').slice(0, -1)) found.push([line, time - now]);
  });
  return found;
}

const linesOf = (found: readonly (readonly [string, number])[]): string[] => found.map(([line]) => line);

test('the line is host, program, process and text', () => {
  assert.deepEqual(
    linesOf(
      read(
        ['*'],
        '<38>Nov 22 12:00:00 gateway sshd[1]: Grüße',
        '<38>1 - gateway app - - - text',
        '<38>1 - - - - - - text',
        'text',
      ),
    ),
    ['gateway sshd[1]: Grüße', 'gateway app: text', '192.0.2.1 -: text', '192.0.2.1 -: text'],
  );
});

test('messages are selected by program and host', () => {
  const messages = [
    '<38>Nov 22 12:00:00 gateway sshd[1]: a',
    '<38>Nov 22 12:00:00 router sshd-session[1]: b',
    '<38>Nov 22 12:00:00 router nginx: c',
    'd',
  ];
  const texts = (...selectors: string[]) =>
    linesOf(read(selectors, ...messages))
      .map((line) => line.at(-1))
      .join('');
  assert.equal(texts('sshd*'), 'ab');
  assert.equal(texts('sshd'), 'a');
  assert.equal(texts('*@router'), 'bc');
  assert.equal(texts('sshd*@g*', 'nginx'), 'ac');
  assert.equal(texts('-'), 'd');
  assert.equal(texts('*', 'sshd'), 'abcd');
  assert.equal(texts('SSHD'), '');
});

test('for a selector that begins with message: the line is the text', () => {
  const message = '<30>Nov 22 12:00:00 web[9]: 2026/11/22 12:00:00 [error] 7#7: text';
  assert.deepEqual(linesOf(read(['message:web'], message)), ['2026/11/22 12:00:00 [error] 7#7: text']);
  assert.deepEqual(linesOf(read(['message:x', 'web'], message)), [
    '192.0.2.1 web[9]: 2026/11/22 12:00:00 [error] 7#7: text',
  ]);
});

test('no text makes a line of its own, and none takes the place of a program', () => {
  assert.deepEqual(
    linesOf(
      read(
        ['*'],
        '<38>Nov 22 12:00:00 gateway app: a\nsshd[1]: b\r\n\0\n',
        'x\u0001y\u007fz\tt',
        '<38>1 - gateway - - - - sshd[1]: Failed',
        Buffer.from('\n\n\n'),
      ),
    ),
    [
      'gateway app: a#012sshd[1]: b',
      '192.0.2.1 -: x#001y#177z\tt',
      'gateway -: sshd[1]: Failed',
      '192.0.2.1 -: ',
    ],
  );
});

test('bytes that are no text stay as they are', () => {
  const found: Buffer[] = [];
  const message = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x80]);
  new SyslogRecords(['message:*']).push(pack([{ receivedAt: now, sender: '::1', message }]), (block) =>
    found.push(Buffer.from(block)),
  );
  assert.deepEqual(Buffer.concat(found), Buffer.concat([message, Buffer.from('\n')]));
});

test("a message's own time holds where it is likely, else that of its reception", () => {
  const times = (...stamps: string[]) =>
    read(['*'], ...stamps.map((stamp) => `<38>1 ${stamp} gateway app - - - text`)).map(([, time]) => time);
  assert.deepEqual(
    times('2026-11-22T11:00:00Z', '2026-11-22T12:00:10Z', '2026-11-21T13:30:00+01:00', '-'),
    [-3_600, 10, -84_600, 0],
  );
  assert.deepEqual(times('1970-01-01T00:00:00Z', '2026-11-21T11:59:00Z', '2026-11-22T12:02:00Z'), [0, 0, 0]);
  assert.deepEqual(read(['*'], '<38>Nov 22 08:00:00 gateway app: text')[0]?.[1], 0);
});

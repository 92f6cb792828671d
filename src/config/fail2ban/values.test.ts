import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail2banSeconds } from './duration.ts';
import { shellWords } from './shell-words.ts';
import { TracedText } from './traced-text.ts';
import {
  integerOf,
  isHostName,
  parseFlag,
  parseLogPaths,
  parseMultipliers,
  parsePorts,
  parseTime,
  parseWords,
  rangeOf,
} from './values.ts';

const at = { file: 'f', line: 3 };
const traced = (text: string): TracedText => TracedText.of(text, at);

test('durations are sums of products with units', () => {
  const hour = 3_600;
  for (const [text, seconds] of [
    ['600', 600],
    ['-1', -1],
    ['10m', 600],
    ['1d12h', 36 * hour],
    ['1h 30 min', 1.5 * hour],
    ['1.5 hours', 1.5 * hour],
    ['1year-6mo', 365.25 * 12 * hour],
    ['60*5', 300],
    ['(1h+30m)*2/3', hour],
    ['2WEEKS', 14 * 24 * hour],
  ] as const) {
    assert.equal(fail2banSeconds(text), seconds, text);
  }
});

test('what is no duration is null', () => {
  for (const text of ['', 'x', '5x', '1 +', '(1', '1)', '010', '1e3', '1/0', '1;2', '('.repeat(5_000)]) {
    assert.equal(fail2banSeconds(text), null, text.slice(0, 20));
  }
  assert.throws(() => parseTime('bantime', traced('soon')), {
    where: 'f:3',
    message: 'bantime: "soon" is not a duration',
  });
});

test('whole numbers as Python reads them', () => {
  assert.deepEqual(['7', ' +07 ', '1_000', '-3', '1.5', '', '1__0', '9'.repeat(40)].map(integerOf), [
    7,
    7,
    1000,
    -3,
    null,
    null,
    null,
    null,
  ]);
  assert.deepEqual(parseMultipliers('m', traced('1 2 4')), [1, 2, 4]);
  assert.throws(() => parseMultipliers('m', traced('1  2')), /m: "" is not|m: nothing|not a whole number/);
});

test('truth in all its spellings', () => {
  assert.deepEqual(
    ['Yes', 'on', '1', 'true', 'no', ''].map((text) => parseFlag(text)),
    [...Array(4).fill({ value: true, sure: true }), ...Array(2).fill({ value: false, sure: true })],
  );
  assert.deepEqual(parseFlag('ja'), { value: false, sure: false });
});

test('addresses, ranges and names of an ignore list', () => {
  assert.deepEqual(
    parseWords(traced('a, b\n,c ')).map(({ text }) => text),
    ['a', 'b', 'c'],
  );
  assert.equal(rangeOf('127.0.0.1/8'), '127.0.0.0/8');
  assert.equal(rangeOf('10.1.2.3/255.255.0.0'), '10.1.0.0/16');
  assert.equal(rangeOf('10.1.2.3/255.0.255.0'), null);
  assert.equal(rangeOf('[2001:db8::1]'), '2001:db8::1');
  assert.equal(rangeOf('10.0.0.0/8/8'), null);
  assert.deepEqual(['example.org', 'host', '1.2.3', 'a b', 'a..b', '10.0.0.0./8'].map(isHostName), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('log paths with where to begin', () => {
  assert.deepEqual(parseLogPaths(traced('/a/*.log\n/b c.log TAIL\n\n')), [
    { path: '/a/*.log', from: 'head', at },
    { path: '/b c.log', from: 'tail', at },
  ]);
  assert.throws(() => parseLogPaths(traced('/a /b')), /"\/b" is neither "head" nor "tail"/);
});

test('ports, ranges and services', () => {
  assert.deepEqual(parsePorts('ssh,80 0:65535,6000-6010'), [
    { service: 'ssh' },
    { from: 80, to: 80 },
    { from: 0, to: 65_535 },
    { from: 6_000, to: 6_010 },
  ]);
  assert.deepEqual(['70000', '9:8', 'a;b', '$(x)'].map(parsePorts), [null, null, null, null]);
});

test('words as a shell splits them', () => {
  assert.deepEqual(shellWords(`A=1 + "B=2 3"x '4"' 5\\ 6 "7\\"8\\n" # ''`), [
    'A=1',
    '+',
    'B=2 3x',
    '4"',
    '5 6',
    '7"8\\n',
    '#',
    '',
  ]);
  assert.deepEqual(['"a', "'a", 'a\\'].map(shellWords), [null, null, null]);
});

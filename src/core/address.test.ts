import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import {
  canonicalAddress,
  countedAddress,
  covers,
  overlaps,
  parseRange,
  rangeAround,
  requireAddress,
} from './address.ts';

const canonical: readonly (readonly [string, string | null])[] = [
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7/32', '203.0.113.7'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0:0:0::1', '2001:db8::1'],
  ['2001:db8::1/64', '2001:db8::/64'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['::ffff:203.0.113.7/120', '203.0.113.0/24'],
  ['::/0', '::/0'],
  ['', null],
  ['203.0.113', null],
  ['203.0.113.256', null],
  ['0313.0.113.7', null],
  ['0xcb.0.113.7', null],
  ['3405803783', null],
  ['203.0.113.7/33', null],
  ['203.0.113.7/-1', null],
  ['203.0.113.7/', null],
  ['203.0.113.7/2 4', null],
  ['203.0.113.7 ', null],
  ['fe80::1%eth0', null],
  ['2001:db8::1::2', null],
  ['2001:db8::/129', null],
  ['::ffff:203.0.113.7/90', null],
  ['example.com', null],
  ['203.0.113.7\n', null],
  ['1'.repeat(100), null],
];

for (const [text, expected] of canonical) {
  test(`"${text.slice(0, 40).trim()}" is ${expected ?? 'no address'}`, () => {
    assert.equal(canonicalAddress(text), expected);
  });
}

test('IPv6 is counted by the /64, IPv4 and wider ranges as they are', () => {
  assert.equal(countedAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(countedAddress('2001:db8::/32'), '2001:db8::/32');
  assert.equal(countedAddress('203.0.113.7'), '203.0.113.7');
});

test('the range of a length around an address, unless it is as wide itself', () => {
  const prefixes = { 4: 24, 6: 48 };
  assert.equal(rangeAround('203.0.113.7', prefixes), '203.0.113.0/24');
  assert.equal(rangeAround('203.0.113.64/26', prefixes), '203.0.113.0/24');
  assert.equal(rangeAround('2001:db8:1:2::/64', prefixes), '2001:db8:1::/48');
  for (const wide of ['203.0.113.0/24', '203.0.0.0/16', '2001:db8::/32', 'no address'])
    assert.equal(rangeAround(wide, prefixes), null, wide);
  assert.equal(rangeAround('203.0.113.7', { 4: null, 6: 48 }), null);
});

test('ranges overlap when one holds the other, within a family', () => {
  const overlap = (a: string, b: string): boolean => {
    const [left, right] = [parseRange(a), parseRange(b)];
    assert(left !== null && right !== null);
    return overlaps(left, right);
  };
  assert.equal(overlap('10.0.0.0/8', '10.1.2.3'), true);
  assert.equal(overlap('10.1.2.3', '10.0.0.0/8'), true);
  assert.equal(overlap('10.0.0.0/25', '10.0.0.128/25'), false);
  assert.equal(overlap('0.0.0.0/0', '2001:db8::1'), false);
  assert.equal(overlap('::/0', '2001:db8::1'), true);
});

test('a range covers what lies in it whole', () => {
  assert.equal(covers('10.0.0.0/8', '10.1.2.3'), true);
  assert.equal(covers('10.1.2.3', '10.1.2.3'), true);
  assert.equal(covers('10.1.2.0/24', '10.0.0.0/8'), false);
  assert.equal(covers('10.1.2.3', '10.1.2.0/24'), false);
  assert.equal(covers('2001:db8::/32', '2001:db8:1::/64'), true);
});

test('what a person mistyped is named', () => {
  assert.throws(() => requireAddress('203.0.113', 'BAILIFF_IGNOREIP'), {
    code: 'address-invalid',
    where: 'BAILIFF_IGNOREIP',
  });
});

/** Always the same numbers, so that a failure can be looked at again. */
function dice(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

/** What others make of a text: the system's reader says whether it is an address, a URL writes it as RFC 5952 has it. */
function read(text: string): string | null {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return null;
  const six = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(six);
  if (mapped === null) return six;
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? '', 16));
  return [(high ?? 0) >> 8, (high ?? 0) & 255, (low ?? 0) >> 8, (low ?? 0) & 255].join('.');
}

test('addresses in any spelling, and texts that nearly are some, read as a library reads them', () => {
  const roll = dice(5952);
  const pick = (from: readonly string[]): string => from[roll(from.length)] ?? '';
  const parts = [
    '0',
    '0',
    '00',
    '1',
    'ff',
    'FFFF',
    '0001',
    '12345',
    'g',
    '',
    '255',
    '256',
    '1.2.3.4',
    '01.2.3.4',
    '1.2.3',
  ];
  let valid = 0;
  for (let round = 0; round < 60_000; round += 1) {
    const separator = roll(3) === 0 ? '.' : ':';
    let text = Array.from({ length: 1 + roll(9) }, () => pick(parts)).join(separator);
    if (roll(2) === 0) text = text.replace(/:0(?::0)*:/, '::');
    if (roll(4) === 0) text = `::${text}`;
    if (roll(8) === 0) text = `::ffff:${pick(parts)}:${pick(parts)}`;
    const expected = read(text);
    if (expected !== null) valid += 1;
    assert.equal(canonicalAddress(text), expected, text);
  }
  assert.ok(valid > 3_000, `${valid} of them were addresses`);
  for (let round = 0; round < 20_000; round += 1) {
    const groups = Array.from({ length: 8 }, () => (roll(2) === 0 ? 0 : roll(65_536)).toString(16));
    assert.equal(canonicalAddress(groups.join(':')), read(groups.join(':')));
  }
});

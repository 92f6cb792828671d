import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress } from './address.ts';
import { type AddressKey, formatKey, readKey } from './address-key.ts';

function keyOf(address: string): AddressKey {
  const key = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };
  readKey(address, key);
  return key;
}

test('IPv4 is mapped into IPv6', () => {
  assert.deepEqual(keyOf('255.0.2.1'), {
    word0: 0,
    word1: 0,
    word2: 0xffff,
    word3: 0xff000201 | 0,
    bits: 128,
  });
  assert.deepEqual(keyOf('198.51.100.0/24').bits, 120);
});

test('a /64 is its network', () => {
  assert.deepEqual(keyOf('2001:db8:1:f002::/64'), {
    word0: 0x20010db8,
    word1: 0x0001f002,
    word2: 0,
    word3: 0,
    bits: 64,
  });
});

test('an address and the network of its digits are two', () => {
  assert.notDeepEqual(keyOf('2001:db8::'), keyOf('2001:db8::/64'));
  assert.notDeepEqual(keyOf('::/64'), keyOf('0.0.0.0/0'));
});

test('every canonical text comes back', () => {
  const texts = [
    ...[
      '0.0.0.0',
      '255.255.255.255',
      '0.0.0.0/0',
      '198.51.100.0/24',
      '10.0.0.0/8',
      '::',
      '::1',
      '::/0',
      '::/64',
    ],
    ...['1::/64', '0:1::/64', '0:0:0:1::/64', '1:0:0:1::/64', 'ffff:ffff:ffff:ffff::/64', '2001:db8::/63'],
    ...[
      '2001:db8::/32',
      'fe80::1',
      '2001:db8:0:1::/80',
      '1:2:3:4:5:6:7:8',
      '::ffff:0:0:1',
      '1:2:3:4:5:6:7:0/127',
    ],
  ];
  for (const text of texts) {
    assert.equal(canonicalAddress(text), text, 'the sample itself');
    assert.equal(formatKey(keyOf(text)), text);
  }
});

test('what is no address is refused', () => {
  const texts = [
    ...[
      '',
      'x',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.',
      '.1.2.3',
      '1..2.3',
      '1.2.3.4/33',
      '-1.2.3.4',
    ],
    ...[
      ':::/64',
      '1:2:3:4:5::/64/64',
      '12345::/64',
      '1::2::/64',
      'g::/64',
      ':1::/64',
      '1:2:3:4:5:6:7:8::/64',
    ],
    ...['::/129', '1:2:3', '1:2:3:4:5:6:7:8:9', 'fe80::1%eth0'],
  ];
  for (const text of texts) assert.throws(() => keyOf(text), RangeError, text);
});

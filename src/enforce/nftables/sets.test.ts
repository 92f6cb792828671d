import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeclared, isOurName, maskOf, SetNames } from './sets.ts';

const policies = ['drop', 'drop 80/tcp', `reject published ${'a'.repeat(200)}`, 'log'];
const names = new SetNames(policies);

test('a set is named by family, prefix length and policy, in 31 characters, and read back from its name', () => {
  assert.equal(names.of('drop', 4, 32)?.name, 'ban4_32');
  assert.equal(names.of('drop', 6, 64)?.name, 'ban6_64');
  assert.match(names.of('drop 80/tcp', 4, 24)?.name ?? '', /^drop4_24_[0-9a-f]{8}$/);
  for (const policy of policies) {
    for (const [family, bits] of [
      [4, 1],
      [4, 32],
      [6, 128],
    ] as const) {
      const set = names.of(policy, family, bits);
      assert.ok(set !== null && set.name.length <= 31 && isOurName(set.name));
      assert.deepEqual(names.read(set.name), set);
    }
  }
});

test('names of policies that are not in force, and such as are none of ours, are not read', () => {
  assert.equal(names.of('reject', 4, 32), null);
  const other = new SetNames(['reject']).of('reject', 4, 32)?.name ?? '';
  assert.ok(isOurName(other));
  for (const name of [
    other,
    'ban4_0',
    'ban4_33',
    'ban6_129',
    'ban4_024',
    'ban5_32',
    'ban4_32_1a2b3c4d',
    '',
    'mine',
  ]) {
    assert.equal(names.read(name), null, name);
  }
});

test('a mask is written as an address', () => {
  assert.equal(maskOf(4, 24), '255.255.255.0');
  assert.equal(maskOf(4, 1), '128.0.0.0');
  assert.equal(maskOf(6, 64), 'ffff:ffff:ffff:ffff::');
  assert.equal(maskOf(6, 63), 'ffff:ffff:ffff:fffe::');
});

test('a set of another kind is not taken for ours', () => {
  const set = names.of('drop', 4, 32);
  assert.ok(set !== null);
  assert.equal(isDeclared(set, ['typeof ip saddr', 'flags timeout']), true);
  assert.equal(isDeclared(set, ['type ipv4_addr', 'flags timeout']), true);
  for (const body of [
    ['typeof ip6 saddr', 'flags timeout'],
    ['typeof ip saddr', 'flags interval,timeout'],
    ['typeof ip saddr'],
    ['typeof ip saddr', 'size 100', 'flags timeout'],
    [],
  ]) {
    assert.equal(isDeclared(set, body), false, body.join('; '));
  }
});

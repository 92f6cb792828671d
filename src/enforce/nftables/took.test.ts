import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NftSet, SetNames } from './sets.ts';
import { bansOf, countIn, isTookDeclared, keysIn, roomOf, takenBy, tookName } from './took.ts';

const names = new SetNames(['drop', 'reject 80/tcp']);

function setOf(policy: string, family: 4 | 6, bits: number): NftSet {
  const set = names.of(policy, family, bits);
  assert.ok(set !== null);
  return set;
}

/** As nft 1.0.6 prints a set, and as others may: with a time of its own, the count elsewhere. */
const listed = `{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, {"set": {"family": "inet", "name": "took_ban4_32", "table": "bailiff", "type": "ipv4_addr", "handle": 6, "size": 32768, "flags": ["timeout"], "timeout": 2592000, "elem": [
  {"elem": {"val": "203.0.113.7", "expires": 2591990, "counter": {"packets": 3, "bytes": 87}}},
  {"elem": {"val": "203.0.113.70", "timeout": 600, "expires": 590, "counter": {"packets": 2, "bytes": 58}}},
  {"elem": {"val": "2001:db8::1.2.3.4", "counter": {"packets": 5, "bytes": 9}, "expires": 2592000}}]}}]}`;

test('what was counted of one is read, with how long ago that began', () => {
  assert.deepEqual(countIn(listed, '203.0.113.7'), { packets: 3, bytes: 87, age: 10 });
  assert.deepEqual(countIn(listed, '203.0.113.70'), { packets: 2, bytes: 58, age: 10 });
  assert.deepEqual(countIn(listed, '2001:db8::102:304'), { packets: 5, bytes: 9, age: 0 });
  assert.equal(countIn(listed, '203.0.113.8'), null);
  assert.equal(countIn('', '203.0.113.8'), null);
  assert.deepEqual([...keysIn(listed)], ['203.0.113.7', '203.0.113.70', '2001:db8::102:304']);
  assert.equal(keysIn('').size, 0);
});

test('a count is shown for the ban it began in, and for no other', () => {
  const count = { packets: 3, bytes: 87, age: 10 };
  const taken = { packets: 3, bytes: 87 };
  assert.deepEqual(takenBy(count, 60, null), taken);
  assert.deepEqual(takenBy(count, 9.5, null), taken, 'nft tells whole seconds');
  assert.match(JSON.stringify(takenBy(count, 8, null)), /an earlier ban/);
  assert.deepEqual(takenBy(null, 60, null), { packets: 0, bytes: 0 });
  assert.match(JSON.stringify(takenBy(count, 30 * 86_400, null)), /30 days at most/);
  for (const each of [count, null]) {
    assert.match(JSON.stringify(takenBy(each, 60, 30)), /more addresses/, 'there was no room within the ban');
  }
  assert.deepEqual(takenBy(count, 60, 90), taken, 'there was none before it');
});

test('a set that counts is named after its bans, in 31 characters, and has room for those of plain ones', () => {
  for (const set of [setOf('drop', 4, 32), setOf('reject 80/tcp', 6, 128)]) {
    assert.ok(tookName(set).length <= 31);
    assert.equal(bansOf(tookName(set)), set.name);
    assert.equal(bansOf(set.name), null);
  }
  const rooms = [
    setOf('drop', 4, 32),
    setOf('drop', 6, 64),
    setOf('drop', 4, 24),
    setOf('reject 80/tcp', 4, 32),
  ];
  assert.deepEqual(rooms.map(roomOf), [32_768, 32_768, 4_096, 4_096]);
});

test('a set that counts otherwise is not taken for ours', () => {
  const body = ['typeof ip saddr', 'size 10', 'flags dynamic,timeout', 'timeout 30d'];
  const set = setOf('drop', 4, 32);
  assert.equal(isTookDeclared(set, 10, body), true);
  assert.equal(isTookDeclared(set, 11, body), false);
  assert.equal(isTookDeclared(setOf('drop', 6, 64), 10, body), false);
  for (const line of body) {
    const others = body.filter((each) => each !== line);
    assert.equal(isTookDeclared(set, 10, others), false, line);
  }
});

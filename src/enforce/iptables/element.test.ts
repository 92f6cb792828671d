import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPolicy as policy } from '../../core/policy.ts';
import { kernelTimeout, longestTimeout } from '../edge.ts';
import { changeLine, copyLine, ourSets, parseElements, setName, takenIn } from './element.ts';

test('a timeout is whole seconds, never 0 (permanent), never more than the kernel holds', () => {
  assert.equal(kernelTimeout(0), 1);
  assert.equal(kernelTimeout(-5), 1);
  assert.equal(kernelTimeout(0.2), 1);
  assert.equal(kernelTimeout(1.01), 2);
  assert.equal(kernelTimeout(600), 600);
  assert.equal(kernelTimeout(longestTimeout + 0.5), 2_147_483);
  assert.equal(kernelTimeout(null), 2_147_483);
  assert.equal(kernelTimeout(Number.NaN), 1);
});

test('a change names the set of its family and the canonical address', () => {
  assert.equal(
    changeLine({ kind: 'add', address: '203.0.113.7', policy, remaining: 9.5 }),
    'add -exist bailiff4 203.0.113.7 timeout 10',
  );
  assert.equal(
    changeLine({ kind: 'add', address: '2001:DB8:0::1/64', policy, remaining: null }),
    'add -exist bailiff6 2001:db8::/64 timeout 2147483',
  );
  assert.equal(
    changeLine({ kind: 'delete', address: '::ffff:198.51.100.9', policy }),
    'del -exist bailiff4 198.51.100.9',
  );
});

test('what is not an address, or is every address, never becomes a line', () => {
  for (const address of [
    '',
    'localhost',
    '203.0.113.7\nflush bailiff4',
    '203.0.113.7 timeout 0',
    '203.0.113.1-203.0.113.9',
    '1.2.3',
    '0.0.0.0/0',
    '::/0',
    'fe80::1%eth0',
  ]) {
    assert.throws(() => changeLine({ kind: 'add', address, policy, remaining: 1 }), {
      code: 'address-invalid',
    });
    assert.throws(() => changeLine({ kind: 'delete', address, policy }), { code: 'address-invalid' });
  }
});

test('elements are read with their remaining time; what is not ours is marked, other sets are not read', () => {
  const saved = [
    'create bailiff4 hash:net family inet hashsize 1024 maxelem 1048576 timeout 0',
    'add bailiff4 203.0.113.7 timeout 599',
    'add bailiff4 198.51.100.0/24 timeout 0',
    'add bailiff4 192.0.2.1',
    'add bailiff4 192.0.2.3 timeout 8 packets 12 bytes 720',
    'add bailiff4 192.0.2.4 timeout 8 packets 12 bytes 720 nomatch',
    'add bailiff4 192.0.2.0/26 timeout 60 nomatch',
    'add bailiff4 192.0.2.9 timeout 60 comment "add bailiff4 192.0.2.10 timeout 5"',
    'add other 192.0.2.2 timeout 5',
    'add bailiff4 nonsense timeout 5',
    'ipset v7.17, protocol version: 7',
    '',
  ].join('\n');
  assert.deepEqual(
    [...parseElements(saved, new Map([['bailiff4', { family: 4, policy }]]))],
    [
      { address: '203.0.113.7', policy, remaining: 599 },
      { address: '198.51.100.0/24', policy, remaining: null },
      { address: '192.0.2.1', policy, remaining: null },
      { address: '192.0.2.3', policy, remaining: 8 },
      { address: '192.0.2.4', policy, remaining: 0 },
      { address: '192.0.2.0/26', policy, remaining: 0 },
      { address: '192.0.2.9', policy, remaining: 0 },
    ],
  );
});

const counted = [
  'create bailiff4 hash:net family inet hashsize 16384 maxelem 1048576 timeout 0 counters',
  'add bailiff4 203.0.113.77 timeout 5 packets 9 bytes 99',
  'add bailiff4 203.0.113.7 timeout 599 packets 12 bytes 720',
  'add bailiff4 203.0.113.0/24 timeout 599 packets 0 bytes 0',
  `add ${setName(4, 'reject')} 203.0.113.7 timeout 599 packets 3 bytes 180`,
  'add bailiff6 2001:db8:0:1::/64 timeout 7 packets 18446744073709551615 bytes 1',
  'add bailiff4 203.0.113.8 timeout 5',
  '',
].join('\n');

test('what an element took is that of the very address under the very policy; null where nothing counts', () => {
  const taken = (address: string, under = policy) => takenIn(counted, { address, policy: under });
  assert.deepEqual(taken('203.0.113.7'), { packets: 12, bytes: 720 });
  assert.deepEqual(taken('203.0.113.7', 'reject'), { packets: 3, bytes: 180 });
  assert.deepEqual(taken('203.0.113.0/24'), { packets: 0, bytes: 0 });
  assert.equal(taken('2001:db8:0:1::/64')?.bytes, 1);
  for (const none of ['203.0.113.8', '203.0.113.9', '3.0.113.7', '203.0.113.0/25'])
    assert.equal(taken(none), null);
  assert.throws(() => taken('203.0.113.7 timeout'), { code: 'address-invalid' });
});

test('a copy for another set has the time and what was counted, and is made of nothing that we never write', () => {
  assert.deepEqual(
    counted.split('\n').flatMap((line) => copyLine(line, 'bailiff4-new') ?? []),
    [
      'add -exist bailiff4-new 203.0.113.77 timeout 6 packets 9 bytes 99',
      'add -exist bailiff4-new 203.0.113.7 timeout 600 packets 12 bytes 720',
      'add -exist bailiff4-new 203.0.113.0/24 timeout 600 packets 0 bytes 0',
      'add -exist bailiff4-new 203.0.113.7 timeout 600 packets 3 bytes 180',
      'add -exist bailiff4-new 2001:db8:0:1::/64 timeout 8 packets 18446744073709551615 bytes 1',
      'add -exist bailiff4-new 203.0.113.8 timeout 6',
    ],
  );
  for (const foreign of [
    'add a 192.0.2.1',
    'add a 192.0.2.1 timeout 5 nomatch',
    'create a hash:net timeout 5',
  ])
    assert.equal(copyLine(foreign, 'b'), null);
  assert.equal(copyLine('add a 192.0.2.1 timeout 0', 'b'), 'add -exist b 192.0.2.1 timeout 0');
  assert.equal(copyLine('add a 192.0.2.1 timeout 2147483', 'b'), 'add -exist b 192.0.2.1 timeout 2147483');
});

test('the IPv6 set yields IPv6 only', () => {
  const saved =
    'add bailiff6 2001:db8:0:1::/64 timeout 7\nadd bailiff6 ::ffff:192.0.2.1 timeout 7\nadd bailiff4 192.0.2.1 timeout 7\n';
  assert.deepEqual(
    [...parseElements(saved, new Map([['bailiff6', { family: 6, policy }]]))],
    [{ address: '2001:db8:0:1::/64', policy, remaining: 7 }],
  );
});

test('each policy has sets of its own, whose names the kernel takes and we know again', () => {
  const names = ['drop', 'reject', 'log', 'reject 80/tcp,443/tcp', 'drop published web'].map((each) =>
    setName(6, each),
  );
  assert.equal(names[0], 'bailiff6');
  assert.match(names[3] ?? '', /^bailiff6-reject-[0-9a-f]{8}$/);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    assert.ok(`${name}-new`.length <= 31, name);
    assert.match(name, ourSets);
    assert.match(`${name}-new`, ourSets);
  }
  assert.equal(
    changeLine({ kind: 'delete', address: '203.0.113.7', policy: 'log' }),
    `del -exist ${setName(4, 'log')} 203.0.113.7`,
  );
  for (const foreign of ['bailiff', 'bailiff5', 'bailiff4x', 'mybailiff4', 'f2b-sshd'])
    assert.doesNotMatch(foreign, ourSets);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlaps, parseRange } from './address.ts';
import { Allowlist } from './allowlist.ts';

test('loopback, link-local, multicast and what is no address are never banned', () => {
  const allowlist = new Allowlist();
  for (const address of [
    '127.0.0.1',
    '::1',
    'fe80::1',
    '169.254.1.1',
    '224.0.0.1',
    '0.0.0.0',
    'evil.example',
  ]) {
    assert.notEqual(allowlist.reason(address), null, address);
  }
  assert.equal(allowlist.reason('203.0.113.7'), null);
  assert.equal(allowlist.reason('2001:db8::1'), null);
});

test('a range that holds a protected address is protected', () => {
  const allowlist = new Allowlist();
  allowlist.replace('own', [{ range: '198.51.100.4', reason: 'an own address (eth0)' }]);
  assert.deepEqual(allowlist.protection('198.51.100.0/24'), {
    section: 'own',
    reason: 'an own address (eth0)',
  });
  assert.equal(allowlist.reason('0.0.0.0/0'), 'loopback');
});

test('of ranges wider than their first byte, and of those within it, the first that overlaps is told', () => {
  const allowlist = new Allowlist();
  allowlist.replace('ignoreip', [
    { range: '96.0.0.0/3', reason: 'wide' },
    { range: '100.64.0.0/10', reason: 'narrow' },
    { range: '2000::/3', reason: 'wide' },
    { range: '10.0.0.0/8', reason: 'ten' },
  ]);
  const reasons = {
    '95.255.255.255': null,
    '96.0.0.0': 'wide',
    '100.64.0.1': 'wide',
    '127.0.0.1': 'loopback',
    '128.0.0.0': null,
  };
  for (const [address, reason] of Object.entries(reasons))
    assert.equal(allowlist.reason(address), reason, address);
  assert.equal(allowlist.reason('64.0.0.0/2'), 'loopback');
  assert.equal(allowlist.reason('8.0.0.0/5'), 'ten');
  assert.equal(allowlist.reason('11.0.0.0/8'), null);
  assert.deepEqual(
    ['3fff::1', '4000::'].map((address) => allowlist.reason(address)),
    ['wide', null],
  );
});

test('a long list names the same entry as a short one, by whatever byte what is asked begins', () => {
  const entry = (range: string) => ({ range, reason: range });
  const long = Array.from({ length: 200 }, (_, index) => [
    entry(`${index + 1}.7.0.0/16`),
    entry(`2001:db8:${index}::/48`),
  ]).flat();
  long.push(...['192.0.0.0/6', '203.9.0.0/16', '3100::/16'].map(entry));
  const asked = {
    '1.7.0.1': '1.7.0.0/16',
    '193.7.0.1': '193.7.0.0/16',
    '195.8.0.1': '192.0.0.0/6',
    '150.8.0.1': null,
    '202.0.0.0/7': '203.9.0.0/16',
    '204.0.0.0/7': null,
    '2001:db8:20::1': '2001:db8:20::/48',
    '3000::/7': '3100::/16',
    '3200::/7': null,
  };
  const common = new Allowlist();
  common.replace('ignoreip', long);
  for (const [address, range] of Object.entries(asked)) {
    const first = long.find((each) => new Allowlist().reason(address, [each]) === each.reason);
    const found = range === null ? null : { section: 'ignoreip', ...entry(range) };
    assert.deepEqual(first ?? null, range === null ? null : entry(range), address);
    assert.deepEqual(new Allowlist().entry(address, long), found, address);
    assert.deepEqual(common.entry(address), found, address);
  }
});

test('sections are replaced whole, and a jail has its own list', () => {
  const allowlist = new Allowlist();
  allowlist.replace('ignoreip', [{ range: '203.0.113.0/24', reason: 'ignoreip' }]);
  assert.equal(allowlist.reason('203.0.113.7'), 'ignoreip');
  allowlist.replace('ignoreip', []);
  assert.equal(allowlist.reason('203.0.113.7'), null);
  assert.equal(
    allowlist.reason('203.0.113.7', [{ range: '203.0.113.7', reason: 'ignoreip of jail web' }]),
    'ignoreip of jail web',
  );
});

test('an address is held against ranges of every length as their bytes are', () => {
  const inside = (address: string, range: string): boolean => {
    const [one, other] = [parseRange(address), parseRange(range)];
    return one !== null && other !== null && overlaps(one, other);
  };
  const hosts = [
    '198.51.100.77',
    '198.51.100.78',
    '198.51.228.77',
    '70.51.100.77',
    '0.0.0.1',
    '255.255.255.254',
  ];
  const asked = [...hosts, '198.51.100.0/25', '2001:db8::7', '2001:db8::/64'];
  const ranges = hosts.flatMap((host) => Array.from({ length: 33 }, (_, bits) => `${host}/${bits}`));
  for (const range of [...ranges, '2001:db8::/32', '2001:db8:0:1::/64', '::/0']) {
    const own = [{ range, reason: range }];
    for (const address of asked) {
      const { reason } = new Allowlist().entry(address, own) ?? { reason: null };
      const always = new Allowlist().reason(address);
      assert.equal(reason, always ?? (inside(address, range) ? range : null), `${address} in ${range}`);
    }
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizePorts, parsePort, plainPolicy, policyOf, ruleOf, splitTarget, targetOf } from './policy.ts';

const none = () => null;

test('ports are read, put in order and joined, so that the same ports are the same policy', () => {
  const read = (text: string) => text.split(',').flatMap((each) => parsePort(each) ?? []);
  assert.deepEqual(normalizePorts(read('443,80/tcp,81/tcp,70-80/tcp,53/udp')), [
    { protocol: 'tcp', first: 70, last: 81 },
    { protocol: 'tcp', first: 443, last: 443 },
    { protocol: 'udp', first: 53, last: 53 },
  ]);
  for (const wrong of ['0', '65536', '90-80', '80/icmp', 'http', '', '80/tcp ', '8O', '-1']) {
    assert.equal(parsePort(wrong), null, wrong);
  }
});

test('a policy is one line of text, and read back as what it was', () => {
  const ports = normalizePorts([parsePort('443'), parsePort('1000-2000/udp')].flatMap((each) => each ?? []));
  assert.equal(policyOf('drop', 'all', 'web'), plainPolicy);
  assert.equal(policyOf('reject', ports, 'web'), 'reject 443/tcp,1000-2000/udp');
  assert.equal(policyOf('log', 'published', 'web@shop'), 'log published web@shop');
  assert.deepEqual(ruleOf('reject 443/tcp,1000-2000/udp', none), {
    policy: 'reject 443/tcp,1000-2000/udp',
    action: 'reject',
    ports,
  });
  assert.deepEqual(ruleOf('drop', none), { policy: 'drop', action: 'drop', ports: null });
  assert.throws(() => ruleOf('accept', none), { code: 'internal' });
  assert.equal(ruleOf('drop 80/tcp,everything', none).ports, null);
});

test('published ports are those of the jail; where none is known, all are shut', () => {
  const published = (jail: string) =>
    jail === 'web' ? normalizePorts([{ protocol: 'tcp', first: 80, last: 80 }]) : null;
  assert.deepEqual(ruleOf('drop published web', published).ports, [{ protocol: 'tcp', first: 80, last: 80 }]);
  assert.equal(ruleOf('drop published mail', published).ports, null);
});

test('a target is the address alone under the plain policy', () => {
  assert.equal(targetOf('2001:db8::/64', plainPolicy), '2001:db8::/64');
  for (const policy of [plainPolicy, 'reject 80/tcp', 'log published web']) {
    assert.deepEqual(splitTarget(targetOf('203.0.113.7', policy)), { address: '203.0.113.7', policy });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyRule, ruleOf } from '../../core/policy.ts';
import { rulesOf, tableText } from './rules.ts';
import { SetNames } from './sets.ts';

function written(policies: readonly PolicyRule[], canReject = true): string[] {
  const names = new SetNames(policies.map(({ policy }) => policy));
  const sets = policies.flatMap(({ policy }) => names.of(policy, 4, 32) ?? []);
  return rulesOf(policies, sets, canReject).map(({ text }) => text.replace(/_[0-9a-f]{8}/, ''));
}

const policy = (text: string): PolicyRule => ruleOf(text, () => null);

test('a plain ban drops every packet, and counts it', () => {
  assert.deepEqual(written([policy('drop')]), ['ip saddr @ban4_32 counter name "dropped4" drop']);
});

test('a prefix is masked, and the longest is looked at first', () => {
  const names = new SetNames(['drop']);
  const sets = [
    [4, 24],
    [6, 128],
    [4, 32],
    [6, 64],
  ] as const;
  const rules = rulesOf(
    [policy('drop')],
    sets.flatMap(([family, bits]) => names.of('drop', family, bits) ?? []),
    true,
  );
  assert.deepEqual(
    rules.map(({ text }) => text.replace(/ counter .*/, '')),
    [
      'ip saddr @ban4_32',
      'ip saddr & 255.255.255.0 @ban4_24',
      'ip6 saddr @ban6_128',
      'ip6 saddr & ffff:ffff:ffff:ffff:: @ban6_64',
    ],
  );
});

test('ports are those of each protocol, without overlaps, which nft refuses', () => {
  assert.deepEqual(written([policy('drop 443/tcp,80/tcp,100-200/tcp,150-300/tcp,53/udp')]), [
    'ip saddr @drop4_32 tcp dport { 80, 100-300, 443 } counter name "dropped4" drop',
    'ip saddr @drop4_32 udp dport 53 counter name "dropped4" drop',
  ]);
});

test('no ports at all are no rule: nothing is shut', () => {
  assert.deepEqual(written([{ policy: 'drop published web', action: 'drop', ports: [] }]), []);
});

test('TCP is rejected by a reset, everything else as unreachable', () => {
  assert.deepEqual(written([policy('reject')]), [
    'ip saddr @reject4_32 meta l4proto tcp counter name "dropped4" reject with tcp reset',
    'ip saddr @reject4_32 counter name "dropped4" reject with icmpx type port-unreachable',
  ]);
  assert.deepEqual(written([policy('reject 25/tcp,53/udp')]), [
    'ip saddr @reject4_32 tcp dport 25 counter name "dropped4" reject with tcp reset',
    'ip saddr @reject4_32 udp dport 53 counter name "dropped4" reject with icmpx type port-unreachable',
  ]);
  assert.deepEqual(written([policy('reject 25/tcp')], false), [
    'ip saddr @reject4_32 tcp dport 25 counter name "dropped4" drop',
  ]);
});

test('what only logs comes last, and what drops first', () => {
  const verdicts = written([policy('log'), policy('reject 1/tcp'), policy('drop 2/tcp'), policy('drop')]);
  assert.deepEqual(
    verdicts.map((text) => /@(\w+?)4/.exec(text)?.[1]),
    ['ban', 'drop', 'reject', 'log'],
  );
  assert.match(verdicts[3] ?? '', / limit rate 10\/second log prefix "BAILIFF trial: " level info$/);
});

test('sets are made before the rules that look into them, and taken away after the chain', () => {
  const names = new SetNames(['drop']);
  const sets = [names.of('drop', 4, 32)].filter((set) => set !== null);
  const rules = rulesOf([policy('drop')], sets, true);
  const verbs = (text: string) => text.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '));
  assert.deepEqual(verbs(tableText({ sets, rules }, ['drop4_32_1a2b3c4d'], false)), [
    'add table',
    'add chain',
    'flush chain',
    'delete chain',
    'delete set',
    'add chain',
    'add counter',
    'add counter',
    'add set',
    'add rule',
  ]);
  assert.deepEqual(verbs(tableText({ sets, rules }, ['drop4_32_1a2b3c4d'], true)).slice(0, 3), [
    'add table',
    'delete table',
    'add table',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyRule, ruleOf } from '../../core/policy.ts';
import { rulesOf, tableText } from './rules.ts';
import { SetNames } from './sets.ts';

/** Each rule of an IPv4 set, with the chain it is in where that is the set's own; without digests. */
function written(policies: readonly PolicyRule[], canReject = true): string[] {
  const names = new SetNames(policies.map(({ policy }) => policy));
  const sets = policies.flatMap(({ policy }) => names.of(policy, 4, 32) ?? []);
  return rulesOf(policies, sets, canReject).map(({ chain, text }) =>
    `${chain === 'prerouting' ? '' : 'then '}${text}`.replace(/_[0-9a-f]{8}/g, ''),
  );
}

const policy = (text: string): PolicyRule => ruleOf(text, () => null);

const counting = (word: string) => `add @took_${word}4_32 { ip saddr counter } counter name "dropped4"`;
const missing = 'counter name "uncounted4" counter name "dropped4"';

test('a plain ban drops every packet, and counts it for its address; without room for that, it drops it as well', () => {
  assert.deepEqual(written([policy('drop')]), [
    'ip saddr @ban4_32 goto took_ban4_32',
    `then ${counting('ban')} drop`,
    `then ${missing} drop`,
  ]);
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
    rules.filter(({ set }) => set !== null).map(({ text }) => text.replace(/ (?:goto|counter name) .*/, '')),
    [
      'ip saddr @ban4_32',
      'add @took_ban4_32 { ip saddr counter }',
      'ip saddr & 255.255.255.0 @ban4_24',
      'add @took_ban4_24 { ip saddr & 255.255.255.0 counter }',
      'ip6 saddr @ban6_128',
      'add @took_ban6_128 { ip6 saddr counter }',
      'ip6 saddr & ffff:ffff:ffff:ffff:: @ban6_64',
      'add @took_ban6_64 { ip6 saddr & ffff:ffff:ffff:ffff:: counter }',
    ],
  );
});

test('ports are those of each protocol, without overlaps, which nft refuses', () => {
  assert.deepEqual(written([policy('drop 443/tcp,80/tcp,100-200/tcp,150-300/tcp,53/udp')]), [
    'ip saddr @drop4_32 tcp dport { 80, 100-300, 443 } goto took_drop4_32',
    'ip saddr @drop4_32 udp dport 53 goto took_drop4_32',
    `then ${counting('drop')} drop`,
    `then ${missing} drop`,
  ]);
});

test('no ports at all are no rule: nothing is shut', () => {
  assert.deepEqual(written([{ policy: 'drop published web', action: 'drop', ports: [] }]), []);
});

test('TCP is rejected by a reset, everything else as unreachable', () => {
  const taking = [
    `then meta l4proto tcp ${counting('reject')} reject with tcp reset`,
    `then meta l4proto tcp ${missing} reject with tcp reset`,
    `then ${counting('reject')} reject with icmpx type port-unreachable`,
    `then ${missing} reject with icmpx type port-unreachable`,
  ];
  assert.deepEqual(written([policy('reject')]), ['ip saddr @reject4_32 goto took_reject4_32', ...taking]);
  assert.deepEqual(written([policy('reject 25/tcp,53/udp')]), [
    'ip saddr @reject4_32 tcp dport 25 goto took_reject4_32',
    'ip saddr @reject4_32 udp dport 53 goto took_reject4_32',
    ...taking,
  ]);
  assert.deepEqual(written([policy('reject 25/tcp')], false), [
    'ip saddr @reject4_32 tcp dport 25 goto took_reject4_32',
    `then ${counting('reject')} drop`,
    `then ${missing} drop`,
  ]);
});

test('what only logs comes last, and what drops first', () => {
  const rules = written([policy('log'), policy('reject 1/tcp'), policy('drop 2/tcp'), policy('drop')]);
  const verdicts = rules.filter((text) => !text.startsWith('then '));
  assert.deepEqual(
    verdicts.map((text) => /@(\w+?)4/.exec(text)?.[1]),
    ['ban', 'drop', 'reject', 'log'],
  );
  assert.match(verdicts[3] ?? '', / limit rate 10\/second log prefix "BAILIFF trial: " level info$/);
});

test('sets are made before the rules that look into them, and taken away after the chain', () => {
  const names = new SetNames(['drop']);
  const own = [names.of('drop', 4, 32)].filter((set) => set !== null);
  const sets = [{ name: 'ban4_32', text: '{ typeof ip saddr; flags timeout; }' }];
  const rules = rulesOf([policy('drop')], own, true);
  const verbs = (lines: readonly string[]) => lines.map((line) => line.split(' ').slice(0, 2).join(' '));
  const discarded = { chains: ['took_drop4_32_1a2b3c4d'], sets: ['drop4_32_1a2b3c4d'] };
  assert.deepEqual(verbs(tableText({ sets, rules }, discarded, false)), [
    'add table',
    ...['add chain', 'flush chain', 'add chain', 'flush chain', 'delete chain', 'delete chain'],
    'delete set',
    ...Array(4).fill('add counter'),
    'add set',
    ...['add chain', 'add chain'],
    ...Array(3).fill('add rule'),
  ]);
  assert.deepEqual(verbs(tableText({ sets, rules }, discarded, true)).slice(0, 5), [
    'add table',
    'delete table',
    'add table',
    'add chain',
    'flush chain',
  ]);
});

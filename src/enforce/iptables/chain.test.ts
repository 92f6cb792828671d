import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Policy, ruleOf } from '../../core/policy.ts';
import { chainRules, sameRules } from './chain.ts';
import { simplified } from './downgrade.ts';
import { setName } from './element.ts';

const rule = (policy: Policy) => ruleOf(policy, () => null);
const set = (policy: Policy) => `-m set --match-set ${setName(4, policy)} src`;

test('a ban of everything is one rule a table; loopback passes raw', () => {
  assert.deepEqual(chainRules('raw', 4, [rule('drop')]), [
    '-i lo -j RETURN',
    '-m set --match-set bailiff4 src -j DROP',
  ]);
  assert.deepEqual(chainRules('filter', 6, [rule('drop')]), ['-m set --match-set bailiff6 src -j DROP']);
});

test('ports are matched as they came in raw, by what conntrack knows where they were rewritten', () => {
  const policy = 'drop 80/tcp,1000-2000/udp';
  assert.deepEqual(chainRules('raw', 4, [rule(policy)]).slice(1), [
    `-p tcp -m multiport --dports 80 ${set(policy)} -j DROP`,
    `-p udp -m multiport --dports 1000:2000 ${set(policy)} -j DROP`,
  ]);
  assert.deepEqual(chainRules('filter', 4, [rule(policy)]), [
    `-p tcp -m addrtype --dst-type LOCAL -m multiport --dports 80 ${set(policy)} -j DROP`,
    `-p udp -m addrtype --dst-type LOCAL -m multiport --dports 1000:2000 ${set(policy)} -j DROP`,
    `-p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL ${set(policy)} -j DROP`,
    `-p udp -m conntrack --ctorigdstport 1000:2000 --ctdir ORIGINAL ${set(policy)} -j DROP`,
  ]);
});

test('more than fifteen ports take more than one rule; a range counts as two', () => {
  const ports = Array.from({ length: 16 }, (_, index) => `${10 * index + 10}/tcp`).join(',');
  const lists = chainRules('raw', 4, [rule(`drop ${ports}`)])
    .slice(1)
    .map((each) => /--dports (\S+)/.exec(each)?.[1]?.split(',').length);
  assert.deepEqual(lists, [15, 1]);
  const ranges = Array.from({ length: 8 }, (_, index) => `${10 * index + 10}-${10 * index + 15}/tcp`);
  assert.equal(chainRules('raw', 4, [rule(`drop ${ranges.join(',')}`)]).length, 3);
});

test('reject answers in filter only, each protocol in its way; a trial logs in raw only', () => {
  assert.deepEqual(chainRules('raw', 4, [rule('reject')]), ['-i lo -j RETURN']);
  assert.deepEqual(chainRules('filter', 4, [rule('reject')]), [
    `-p tcp ${set('reject')} -j REJECT --reject-with tcp-reset`,
    `${set('reject')} -j REJECT --reject-with icmp-port-unreachable`,
  ]);
  const six = chainRules('filter', 6, [rule('reject 53/udp')]);
  assert.ok(six.every((each) => each.endsWith('-j REJECT --reject-with icmp6-port-unreachable')));
  assert.deepEqual(chainRules('filter', 4, [rule('log')]), []);
  assert.match(
    chainRules('raw', 4, [rule('log')])[1] ?? '',
    /-m limit .*-j LOG --log-prefix "BAILIFF trial: "$/,
  );
});

test('the order in which iptables prints the parts of a rule makes no difference, anything else does', () => {
  const wanted = ['-p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP'];
  assert.equal(sameRules(['-p tcp -m conntrack --ctdir ORIGINAL --ctorigdstport 80 -j DROP'], wanted), true);
  assert.equal(
    sameRules(['-p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j ACCEPT'], wanted),
    false,
  );
  assert.equal(sameRules([...wanted, ...wanted], wanted), false);
  assert.equal(sameRules([], wanted), false);
});

test('what a kernel cannot do is done in a simpler way that keeps everybody out, and that is said', () => {
  const asked = [rule('drop'), rule('log'), rule('reject 80/tcp')];
  assert.deepEqual(simplified(asked, 0), { policies: asked, remark: null });
  const first = simplified(asked, 1);
  assert.deepEqual(
    first.policies.map(({ policy, action }) => [policy, action]),
    [
      ['drop', 'drop'],
      ['reject 80/tcp', 'drop'],
    ],
  );
  assert.match(first.remark ?? '', /REJECT or LOG/);
  const second = simplified(asked, 2);
  assert.ok(second.policies.every(({ ports }) => ports === null));
  assert.match(second.remark ?? '', /REJECT or LOG.*; ports/);
  assert.equal(simplified([rule('drop')], 2).remark, null);
});

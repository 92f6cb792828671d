import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegexFilterDefinition } from '../../core/filter.ts';
import { RegexFilter } from './regex.ts';

const plain: RegexFilterDefinition = {
  kind: 'regex',
  name: 'x',
  description: 'x',
  ignoreCase: false,
  prefix: null,
  expressions: [],
  ignore: [],
  samples: [],
};

function hostOf(pattern: string, text: string): string | null {
  return new RegexFilter({ ...plain, expressions: [{ kind: 'hit', pattern }] }).judge(text)?.host ?? null;
}

/** Expression, text, and the address that must be found. */
const hosts: readonly (readonly [pattern: string, text: string, host: string | null])[] = [
  ['from <HOST>$', 'from 203.0.113.7', '203.0.113.7'],
  ['from <HOST>$', 'from 2001:DB8:0:0::7', '2001:db8::7'],
  ['from <HOST>$', 'from ::1', '::1'],
  ['from <HOST>$', 'from 2001:db8::', '2001:db8::'],
  ['from <HOST>$', 'from ::ffff:203.0.113.7', '203.0.113.7'],
  ['from <HOST>$', 'from ::FFFF:cb00:7107', '203.0.113.7'],
  ['from <HOST>:\\d+$', 'from 203.0.113.7:4242', '203.0.113.7'],
  ['from <HOST>:\\d+$', 'from [2001:db8::7]:4242', '2001:db8::7'],
  ['from <HOST>', 'from 203.0.113.7, port 22', '203.0.113.7'],
  ['from <HOST>', 'from 203.0.113.7.', '203.0.113.7'],
  // A greedy neighbour must not take digits away.
  ['from .*<HOST>$', 'from the place 203.0.113.7', '203.0.113.7'],
  ['from .*<HOST>$', 'from the place 2001:db8::7', '2001:db8::7'],
  // What a dot leaves out elsewhere, and a client may write.
  ['^user .* from <HOST>$', 'user a\rb\u2028c\u2029d from 203.0.113.7', '203.0.113.7'],
  // No addresses, or parts of something else.
  ['from <HOST>', 'from 203.0.113.7.attacker.example', null],
  ['from <HOST>', 'from 203.0.113.7000', null],
  ['from <HOST>', 'from 203.0.113.777', null],
  ['from <HOST>', 'from 203.0.113', null],
  ['from <HOST>', 'from 012.0.113.7', null],
  ['from <HOST>', 'from attacker.example', null],
  ['from <HOST>$', 'from 1:2:3:4:5:6:7:8:9', null],
  ['from <HOST>$', 'from fe80::1%eth0', null],
  ['from <HOST>$', 'from ::::', null],
];

for (const [pattern, text, host] of hosts) {
  test(`${pattern} finds ${host ?? 'nothing'} in "${text}"`, () => assert.equal(hostOf(pattern, text), host));
}

test('the prefix must match, gives the text and defaults for groups', () => {
  const filter = new RegexFilter({
    ...plain,
    prefix: '^app\\[(?<session>\\d+)\\] (?<user>\\w*): (?<content>.*)$',
    expressions: [
      { kind: 'hit', pattern: '^bad (?<user>\\w+)? ?<HOST>(?: (?<why>.*))?$' },
      { kind: 'forget', pattern: '^end$' },
    ],
    ignore: ['harmless'],
  });
  const common = { host: '203.0.113.7', session: '7', time: null, expression: 0 };
  assert.deepEqual(filter.judge('app[7] ann: bad 203.0.113.7'), {
    ...common,
    kind: 'hit',
    user: 'ann',
    fields: '',
  });
  assert.deepEqual(filter.judge('app[7] ann: bad bob 203.0.113.7 "quoted"'), {
    ...common,
    kind: 'hit',
    user: 'bob',
    fields: '{"why":"\\"quoted\\""}',
  });
  assert.equal(filter.judge('app[7] ann: bad bob 203.0.113.7 harmless')?.kind, 'ignored');
  assert.deepEqual(filter.judge('app[7] : end'), {
    kind: 'forget',
    host: '',
    session: '7',
    user: '',
    fields: '',
    time: null,
    expression: 1,
  });
  assert.equal(filter.judge('bad bob 203.0.113.7'), null);
});

test('where the first expression finds no valid address, a later one may', () => {
  const filter = new RegexFilter({
    ...plain,
    expressions: [
      { kind: 'hit', pattern: 'from <HOST>' },
      { kind: 'nofail', pattern: 'via <HOST>' },
    ],
  });
  assert.equal(filter.judge('from 203.0.113.999 via 203.0.113.7')?.kind, 'nofail');
});

test('without regard to case the long s is no s, and the literals are told so', () => {
  const filter = new RegexFilter({
    ...plain,
    ignoreCase: true,
    expressions: [{ kind: 'hit', pattern: 'seen <HOST>' }],
  });
  assert.deepEqual([filter.literals, filter.ignoreCase], [['seen '], true]);
  assert.equal(filter.judge('SEEN 203.0.113.7')?.host, '203.0.113.7');
  assert.equal(filter.judge('ſeen 203.0.113.7'), null);
});

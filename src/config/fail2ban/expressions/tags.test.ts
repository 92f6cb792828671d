import assert from 'node:assert/strict';
import { test } from 'node:test';
import { literalsOf } from '../../../scan/literals.ts';
import { identifies } from './meanings.ts';
import { expandTags } from './tags.ts';
import { type Translation, translate } from './translate.ts';

function translated(expression: string, names = true): Translation {
  return translate(expression, { names, multiline: false });
}

/** By the groups' names, those that took part. */
function groupsIn(expression: string, text: string, names = true): Record<string, string> | null {
  const { source, flags, groups } = translated(expression, names);
  const match = new RegExp(source, flags).exec(text);
  if (match === null) return null;
  return Object.fromEntries(
    groups.flatMap(({ name, number }) => (match[number] === undefined ? [] : [[name, match[number]]])),
  );
}

const addresses: readonly (readonly [string, string, Record<string, string> | null])[] = [
  ['^<HOST>$', '192.0.2.1', { ip4: '192.0.2.1' }],
  ['^<HOST>$', '::ffff:192.0.2.1', { ip4: '192.0.2.1' }],
  ['^<HOST>$', '[2001:db8::1]', { ip6: '2001:db8::1' }],
  ['^<HOST>$', '2001:db8::', { ip6: '2001:db8::' }],
  ['^<HOST>$', 'a_b.example', { dns: 'a_b.example' }],
  ['^<ADDR>$', 'a.example', null],
  ['^<IP4>$', '2001:db8::1', null],
  ['^<F-IP6/>$', '2001:db8::1', { ip6: '2001:db8::1' }],
  ['^<DNS>$', 'a.example', { dns: 'a.example' }],
  ['^<SUBNET>$', '192.0.2.0/24', { ip4: '192.0.2.0', cidr: '24' }],
  ['^<ADDR>/<CIDR>$', '2001:db8::/32', { ip6: '2001:db8::', cidr: '32' }],
  ['^<F-ID/> <F-PORT/>$', 'a-b 22', { fid: 'a-b', fport: '22' }],
  ['^<F-ID>\\d+</F-ID><F-USER>\\w</F-USER>', '12x', { fid: '12', user: 'x' }],
  ['^a<SKIPLINES>b<SKIPLINES>c', 'a\nx\ny\nb\nc', { skiplines0: 'x\ny\n', skiplines1: '' }],
  ['^<F-NOFAIL/></F-USER><FOO><constructor>', '<F-NOFAIL/></F-USER><FOO><constructor>', {}],
];

for (const [expression, text, groups] of addresses) {
  test(`${expression} on ${JSON.stringify(text)}`, () =>
    assert.deepEqual(groupsIn(expression, text), groups));
}

test('without names <HOST> is an address', () => {
  assert.equal(groupsIn('^<HOST>$', 'a.example', false), null);
  assert.deepEqual(groupsIn('^<HOST>$', '192.0.2.1', false), { ip4: '192.0.2.1' });
});

test('a group has a meaning, and alternatives and parts come behind the values, by their names', () => {
  const tags = [
    'MLFID',
    'ALT_USER_2',
    'TUPLE_ID_1',
    'USER',
    'ALT_USER_1',
    'NOFAIL',
    'MLFFORGET',
    'MLFGAINED',
  ];
  const { groups } = translated(
    [...tags, 'CONTENT', 'OWN', 'ID'].map((tag) => `<F-${tag}>x</F-${tag}>`).join(''),
  );
  assert.deepEqual(
    groups.map(({ name, field, meaning, as }) => [name, field, meaning, as]),
    [
      ['mlfid', 'mlfid', 'session', 'value'],
      ['user', 'user', 'user', 'value'],
      ['nofail', 'nofail', 'nofail', 'value'],
      ['mlfforget', 'mlfforget', 'forget', 'value'],
      ['mlfgained', 'mlfgained', 'gained', 'value'],
      ['content', 'content', 'content', 'value'],
      ['own', 'own', 'evidence', 'value'],
      ['fid', 'fid', 'id', 'value'],
      ['alt_user_1', 'user', 'user', 'alternative'],
      ['alt_user_2', 'user', 'user', 'alternative'],
      ['tuple_id_1', 'fid', 'id', 'part'],
    ],
  );
});

test('an expression has to tell whom it means', () => {
  assert.equal(identifies(translated('a <HOST>').groups), true);
  assert.equal(identifies(translated('a <F-MLFID>b</F-MLFID>').groups), true);
  assert.equal(identifies(translated('a <F-USER>b</F-USER>').groups), false);
});

test('what was expanded knows where it stood', () => {
  const { text } = expandTags('a<ADDR>b', true);
  assert.equal(expandTags('a<ADDR>b', true).originOf(text.length - 1), 7);
  assert.equal(expandTags('a<ADDR>b', true).originOf(text.length), 8);
  assert.equal(expandTags('a<ADDR>b', true).originOf(5), 1);
});

test('literals are found in what was written', () => {
  const literals = (expression: string) => literalsOf(translated(expression).source);
  assert.deepEqual(literals('^User "\\S+" from <HOST>: too many\\b\\.\\s*$'), [': too many.']);
  assert.deepEqual(literals('<HOST> (?(ip4)a) failed/login\\-now$'), [
    ' a failed/login-now',
    ' failed/login-now',
  ]);
  assert.deepEqual(literals('(?P<q>")?failed login(?(q)")'), ['failed login"', 'failed login']);
});

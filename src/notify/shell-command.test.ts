import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellCommand, type TagValue, tagValues } from './shell-command.ts';

const lookupOf = (values: Readonly<Record<string, TagValue>>) => (tag: string) => values[tag] ?? null;

/** Characters that mean something to a shell, to a tag, to a process's environment or to UTF-16. */
const meaningful = [...'$`"\'\\;|&<>(){}[]*?~#!%=\n\r\t\0 -'].concat(
  '$(',
  '${',
  '<ip>',
  '<F-USER>',
  '<br>',
  '\ud800',
  '\u2028',
  'x',
);

test('the command is the same whatever a log says', async () => {
  const template = 'a <x> "<x>" <F-USER>\n$(b "<x>") `<y>` <<<x>> <x><y> <a_<x>> <z>';
  const benign = await shellCommand(template, lookupOf({ x: 'x', y: 'y', 'F-USER': 'u' }));
  for (let round = 0; round < 500; round += 1) {
    const hostile = (from: number) =>
      Array.from(
        { length: 1 + (round % 7) },
        (_, index) => meaningful[(round * (index + from)) % meaningful.length],
      ).join('');
    const values = { x: hostile(3), y: hostile(5), 'F-USER': hostile(11) };
    const { text, values: variables } = await shellCommand(template, lookupOf(values));
    assert.equal(text, benign.text);
    assert.deepEqual(Object.keys(variables), ['f2bV_x', 'f2bV_F_user', 'f2bV_y']);
    assert.equal(variables['f2bV_x'], values.x.replaceAll('\0', '\ufffd').toWellFormed());
  }
});

test('what is written out, and what stays', async () => {
  const values = {
    n: 5.9,
    ip: { address: '2001:DB8::0:1' },
    evil: { address: '1.2.3.4 x' },
    word: { word: 'inet6' },
    'no-word': { word: 'a b' },
  };
  const { text, values: variables } = await shellCommand(
    "<n> '<ip>' [<evil>] <word> <no-word> <br><sp> <F-NONE> <unknown> <two words> cat <in >out <<EOF",
    lookupOf(values),
  );
  assert.equal(
    text,
    `5 '2001:db8::1' [] inet6 ${'$'}{f2bV_no_word} \n   <unknown> <two words> cat <in >out <<EOF`,
  );
  assert.deepEqual(variables, { f2bV_no_word: 'a b' });
});

test('a value is cut before it is more than a process can be given', async () => {
  const { values } = await shellCommand('<m>', lookupOf({ m: '\u20ac'.repeat(1_000_000) }));
  assert.equal(Buffer.byteLength(values['f2bV_m'] ?? ''), 120_000);
});

test('a key differs where one of its values does, wherever one ends', async () => {
  const key = (x: string, y: string) => tagValues('<x>@<y>', lookupOf({ x, y }));
  assert.notEqual(await key('a@b', 'c'), await key('a', 'b@c'));
  assert.equal(await key('a', 'b'), await key('a', 'b'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression, groupText } from './expression.ts';
import type { Groups } from './guarded.ts';
import { linearExpression } from './linear.ts';

interface Both {
  readonly linear: Groups | null | 'unsure';
  readonly plain: Groups | null;
}

async function both(pattern: string, text: string, ignoreCase = false): Promise<Both> {
  const { regexp, source } = compileExpression(pattern, ignoreCase);
  const linear = linearExpression(source, ignoreCase);
  assert.ok(linear !== null, pattern);
  return { linear: linear.exec(text), plain: regexp.exec(text) };
}

/** [expression, text]: JavaScript and RE2 read these differently, unless they are translated. */
const differing = [
  ['^a\\sb$', 'a\u00a0b'],
  ['^a\\Sb$', 'a\u3000b'],
  ['^a[\\s-]b$', 'a\ufeffb'],
  ['^a[^\\S]b$', 'a\u2028b'],
  ['^a.b$', 'a\rb'],
  ['^a.b$', 'a\u2029b'],
  ['^a.b$', 'a\u{1f600}b'],
  ['^a$', 'a\n'],
  ['^[[^\\]]+$', '[^]'],
  ['^[^]{2}$', 'a\n'],
  ['^\\u{1f600}\\u0041\\x42\\cJ\\/$', '\u{1f600}AB\n/'],
  ['a[\\b]b', 'a\bb'],
  ['^\\p{Lu}\\P{Lu}\\w\\W\\d\\D\\B', 'Aaa-1a1'],
] as const;

for (const [pattern, text] of differing) {
  test(`both engines read ${pattern} alike`, async () => {
    const { linear, plain } = await both(pattern, text);
    assert.deepEqual(linear === null, plain === null);
  });
}

test('named groups keep their numbers, also where a name stands twice', async () => {
  const pattern = '^(x)?(?:(?<user>a+)|b(?<user>c+))(y) <HOST>$';
  const { source, groups } = compileExpression(pattern);
  const linear = linearExpression(source, false);
  for (const [text, user] of [
    ['xaay 203.0.113.7', 'aa'],
    ['bccy 203.0.113.7', 'cc'],
  ] as const) {
    const found = linear?.exec(text);
    assert.ok(Array.isArray(found));
    assert.deepEqual(
      [groupText(found, groups.get('user') ?? []), groupText(found, groups.get('host') ?? [])],
      [user, '203.0.113.7'],
    );
  }
});

test('where the first match does not hold with its look-arounds, another may', async () => {
  const { linear, plain } = await both(
    '^(?<user>.*) from <HOST>',
    'x from 203.0.113.7 from 192.0.2.1.example',
  );
  assert.equal(plain?.[1], 'x');
  assert.equal(linear, 'unsure');
});

test('without regard to case only ASCII is folded alike', async () => {
  assert.equal((await both('^kiss$', '\u212aISS', true)).linear, 'unsure');
  assert.deepEqual((await both('^kiss$', 'KISS', true)).linear, ['KISS']);
});

test('what RE2 cannot say, or says differently, is not expressible', async () => {
  for (const pattern of [
    '(a)\\1',
    '(?<a>a)\\k<a>',
    'a(?=b+)',
    'a(?=(b))',
    '(?:a(?!b))*',
    '(?:(?<a>a)|b)*',
    'a{1001}',
    '[]',
    '\\ud83d',
    '(?i:a)',
  ])
    assert.equal(linearExpression(pattern, false), null, pattern);
});

test('a match of a kind that never ends is found not to be one', async () => {
  const linear = linearExpression(compileExpression('^(?:(a+)+)+ <HOST>$').source, false);
  assert.ok(linear !== null);
  assert.equal(linear.exec(`${'a'.repeat(60_000)}!`), null);
  const found = linear.exec('aaa 2001:db8::7');
  assert.ok(Array.isArray(found));
  assert.equal(found[2], '2001:db8::7');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BailiffError } from '../../../core/errors.ts';
import { translate } from './translate.ts';

const single = { names: true, multiline: false };

/** An expression, texts in which it is found with what it finds, and texts in which it is not. */
const found: readonly (readonly [string, readonly (readonly [string, string])[], readonly string[]])[] = [
  [
    'a$',
    [
      ['xa', 'a'],
      ['a\n', 'a'],
    ],
    ['a\n\n', 'ab', 'a\r'],
  ],
  ['a\\Z', [['xa', 'a']], ['a\n']],
  ['\\Aa', [['ab', 'a']], ['\na']],
  ['(?m)^b$', [['a\nb\nc', 'b']], ['a\rb']],
  [
    'a.b',
    [
      ['a\rb', 'a\rb'],
      ['a\u2028b', 'a\u2028b'],
      ['a🙂b', 'a🙂b'],
    ],
    ['a\nb'],
  ],
  ['(?s)a.b', [['a\nb', 'a\nb']], ['ab']],
  [
    'a\\sb',
    [
      ['a\x1cb', 'a\x1cb'],
      ['a\x85b', 'a\x85b'],
      ['a\u00a0b', 'a\u00a0b'],
    ],
    ['a\ufeffb', 'a\u200bb'],
  ],
  ['^\\w+$', [['Łódź_٣²', 'Łódź_٣²']], ['a-b']],
  ['^\\d$', [['٣', '٣']], ['²']],
  ['(?a)^\\w$', [['a', 'a']], ['é']],
  ['\\bż\\b', [['a ż.', 'ż']], ['aż', 'żó']],
  ['é\\B', [['éa', 'é']], ['é a']],
  ['\\B', [[' ', '']], ['']],
  ['[]a]+', [['x]a]', ']a]']], ['x']],
  ['[^]a]', [['a]x', 'x']], ['a]']],
  ['[a\\-z]+', [['b-a', '-a']], ['b']],
  [
    '[\\W_]',
    [
      ['a_', '_'],
      ['a.', '.'],
    ],
    ['aé'],
  ],
  ['[^\\W\\d_]+', [['1_é2', 'é']], ['1_']],
  ['[\\b]', [['a\b', '\b']], ['ab']],
  [
    'a{,2}b',
    [
      ['aaab', 'aab'],
      ['b', 'b'],
    ],
    ['a'],
  ],
  ['a{2}{', [['aa{', 'aa{']], ['aa']],
  ['a{x}{}', [['a{x}{}', 'a{x}{}']], ['ax']],
  ['\\x41\\101\\u0142\\0', [['AAł\0', 'AAł\0']], ['AA']],
  ['\\"\\ \\/\\-', [['" /-', '" /-']], ['"']],
  ['(?x) a b # c\n \\ d', [['ab d', 'ab d']], ['a b d']],
  ['a(?#b)c', [['ac', 'ac']], ['abc']],
  ['(?i)straße', [['STRAẞE', 'STRAẞE']], ['STRASSE']],
  ['(?i:k)I', [['\u212aI', '\u212aI']], ['ki']],
  [
    '(?i)i',
    [
      ['ı', 'ı'],
      ['İ', 'İ'],
    ],
    ['j'],
  ],
  ['(?i)[h-l]', [['ı', 'ı']], ['m']],
  ['(?i)a(?-i:b)', [['Ab', 'Ab']], ['aB']],
  ['((?i)a|b)c', [['Bc', 'Bc']], ['BC']],
  ['(?P<q>["\'])x(?P=q)', [['"x"', '"x"']], ['"x\'']],
  ['(?P<q>")?x(?P=q)', [['"x"', '"x"']], ['x']],
  ['^(?P<q>"?)x(?P=q)1', [['x1', 'x1']], ['"x1']],
  [
    '(?P<q>")?x(?(q)"|;)',
    [
      ['"x"', '"x"'],
      ['x;', 'x;'],
    ],
    ['x'],
  ],
  [
    '^(")?x(?(1)")$',
    [
      ['"x"', '"x"'],
      ['x', 'x'],
    ],
    ['"x', 'x"'],
  ],
  ['^(\\d*)x(?(1)1|2)', [['x1', 'x1']], ['x2']],
  [
    '^(?:(a)|b)(?(1)c)$',
    [
      ['ac', 'ac'],
      ['b', 'b'],
    ],
    ['a'],
  ],
  ['^(?>a*)a', [], ['aa']],
  ['^a*+b', [['aab', 'aab']], ['aa']],
  ['^(?>a|ab)c', [['ac', 'ac']], ['abc']],
  ['(?<=a|b)c', [['bc', 'c']], ['c']],
  ['(?:|a)*b', [['aab', 'aab']], ['a']],
  ['^(?:.*?)+', [['ab', '']], []],
  ['^(?:[^"]*|"[^"]*")*;', [['a"b;"c;', 'a"b;"c;']], ['a"b']],
];

for (const [expression, texts, others] of found) {
  test(`${expression} finds what it does in Python`, () => {
    const { source, flags } = translate(expression, single);
    const regexp = new RegExp(source, flags);
    for (const [text, match] of texts) assert.equal(regexp.exec(text)?.[0], match, `${text} with ${source}`);
    for (const text of others) assert.equal(regexp.exec(text), null, `${text} with ${source}`);
  });
}

/** What Python refuses too, but for the last ones; the place counts from 1. */
const refused: readonly (readonly [string, number, RegExp])[] = [
  ['a(b', 2, /lacks its "\)"/],
  ['ab)', 3, /closes nothing/],
  ['a[b', 2, /lacks its "]"/],
  ['[b-a]', 2, /ends before it begins/],
  ['[\\w-z]', 2, /from one character to another/],
  ['*a', 1, /nothing here to repeat/],
  ['a|+', 3, /nothing here to repeat/],
  ['^*', 2, /nothing here to repeat/],
  ['a**', 3, /cannot be repeated again/],
  ['a{2,1}', 2, /above the largest/],
  ['a\\', 2, /escapes nothing/],
  ['a\\y', 2, /means nothing/],
  ['\\x4', 1, /2 hexadecimal digits/],
  ['\\400', 1, /ends at/],
  ['a\\1', 2, /no group 1/],
  ['(a\\1)', 3, /before it ends/],
  ['(?P=n)', 5, /no group "n"/],
  ['(?P<n>a)(?P<n>b)', 9, /two groups/],
  ['(?P<1>a)', 5, /cannot be the name/],
  ['(?P<n', 5, /lacks its ">"/],
  ['(?(1)a|b|c)(d)', 9, /two alternatives/],
  ['(?(2)a)', 1, /no group 2/],
  ['(?<=a+)b', 1, /same length/],
  ['(?<=(a)\\1)b', 8, /of its own/],
  ['(?<a>b)', 1, /opens no group/],
  ['(?y)a', 3, /opens no group/],
  ['a(?i)b', 2, /at its start/],
  ['(?iy)a', 4, /no flag/],
  ['(?au)a', 1, /exclude each other/],
  ['(?L)a', 1, /for bytes/],
  ['(?i-i:a)', 1, /both turned on and off/],
  ['(?#a', 1, /comment/],
  ['<HOST> <HOST>', 8, /two groups/],
  ['<HOST> a** b', 10, /cannot be repeated again/],
  ['<F-A-B>x</F-A-B>', 1, /cannot be the name/],
  [' \n', 1, /empty/],
  ['\\N{DASH}', 1, /cannot be named/],
  ['(?:(?P<n>a)|b){2}', 15, /would not hold/],
  ['(?:(?P<n>a)|b)*(?P=n)', 15, /cannot be referred to/],
  ['(?:(?(1)a|b)(c))*', 4, /before its group/],
];

for (const [expression, place, message] of refused) {
  test(`${expression} is refused`, () => {
    assert.throws(
      () => translate(expression, single),
      (thrown: unknown) => {
        assert.ok(thrown instanceof BailiffError);
        assert.match(thrown.message, message);
        assert.equal(thrown.where, `character ${place}`);
        return true;
      },
    );
  });
}

test('groups nested without end are refused', () => {
  assert.throws(() => translate('('.repeat(10_000), single), /nested too deeply/);
});

test('repetitions that would be written too often are refused', () => {
  const nested = `${'(?:|'.repeat(24)}a${')+'.repeat(24)}`;
  assert.throws(() => translate(nested, single), /cannot be translated/);
});

test('with maxlines, every line has a start and an end', () => {
  const { source, flags } = translate('^b$', { names: true, multiline: true });
  assert.equal(new RegExp(source, flags).exec('a\nb\nc\n')?.index, 2);
});

test('groups in a repetition hold what they held last, also in an earlier turn', () => {
  const { source, flags, groups } = translate('(?: u=(?P<user>\\w*)| \\w+=(?P<value>\\w+))* <ADDR>', single);
  const match = new RegExp(source, flags).exec(' a=1 u=x b=2 c=3 192.0.2.1');
  const texts = groups.map(({ name, number }) => [name, match?.[number]]);
  assert.deepEqual(Object.fromEntries(texts), { user: 'x', value: '3', ip4: '192.0.2.1', ip6: undefined });
});

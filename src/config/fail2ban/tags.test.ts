import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from './budget.ts';
import { substituteTags } from './tags.ts';
import { TracedText } from './traced-text.ts';

const at = { file: 'f', line: 1 };

function substitute(values: Record<string, string>, ignore: string[] = []): Record<string, string> {
  const tags = new Map(Object.entries(values).map(([name, text]) => [name, TracedText.of(text, at)]));
  const result = substituteTags(tags, {
    ignore: new Set(ignore),
    lookup: (name) => (name === 'elsewhere' ? TracedText.of('<a>', at) : null),
    budget: new Budget(),
  });
  return Object.fromEntries([...result].map(([name, { text }]) => [name, text]));
}

test('puts values in until none is left', () => {
  assert.deepEqual(substitute({ x: '<b> <b> <elsewhere>', a: '1', b: '<a>2' }), {
    x: '12 12 1',
    a: '1',
    b: '12',
  });
});

test('a tag may be made of others', () => {
  assert.equal(substitute({ x: '<a_<b>>', b: 'c', a_c: 'd' })['x'], 'd');
});

test('tags without a value and those to ignore stay', () => {
  assert.deepEqual(substitute({ x: '<HOST> <ip> <b c> <', ip: '1' }, ['ip']), {
    x: '<HOST> <ip> <b c> <',
    ip: '1',
  });
});

test('refuses a value that holds itself', () => {
  assert.throws(() => substitute({ x: 'a <x>' }), /"x" leads back to itself through "<x>"/);
  assert.throws(() => substitute({ x: '<a>', a: '<b>', b: '<a>' }), /leads back to itself/);
});

test('refuses values that grow without an end', () => {
  const levels = Array.from({ length: 20 }, (_, n) => [`t${n}`, `<t${n + 1}>`.repeat(20)]);
  assert.throws(
    () => substitute({ x: '<t0>', ...Object.fromEntries(levels), t20: 'z' }),
    /grows beyond 256 kB/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blowsUp } from '../../src/scan/blow-up.ts';
import { compileExpression, groupText } from '../../src/scan/filters/expression.ts';
import type { Groups } from '../../src/scan/filters/guarded.ts';
import { type LinearExpression, linearExpression } from '../../src/scan/filters/linear.ts';
import { patternsOf } from '../../src/scan/filters/patterns.ts';
import { execTimed } from '../../src/scan/filters/timed.ts';
import { loadCorpus } from './corpus.ts';
import { mutated } from './mutation.ts';
import { type Random, randomOf, seed } from './random.ts';

const textsOfShipped = 500;
const madeExpressions = 1_500;
const textsOfMade = 40;
/** On longer ones some made expressions do not come to an end. */
const longestText = 16;
const { filters, lines } = await loadCorpus();

/** One expression in both engines. */
interface Both {
  readonly source: string;
  readonly regexp: RegExp;
  readonly groups: ReadonlyMap<string, readonly number[]>;
  readonly linear: LinearExpression;
}

async function bothOf(pattern: string, ignoreCase = false): Promise<Both | null> {
  const { regexp, source, groups } = compileExpression(pattern, ignoreCase);
  const linear = linearExpression(source, ignoreCase);
  return linear === null ? null : { source, regexp, groups, linear };
}

/** The named groups' texts, or null. */
function named(match: Groups | null, { groups }: Both): Record<string, string> | null {
  if (match === null) return null;
  return Object.fromEntries([...groups].map(([name, numbers]) => [name, groupText(match, numbers)]));
}

const execPlain = (regexp: RegExp, text: string) => regexp.exec(text);

/** Whether the linear engine was sure, and JavaScript came to an end. */
function compare(both: Both, text: string, exec: typeof execTimed = execPlain): boolean {
  const linear = both.linear.exec(text);
  if (linear === 'unsure') return false;
  const plain = exec(both.regexp, text);
  if (plain === 'timeout') return false;
  const where = `seed ${seed}: ${both.source} on ${JSON.stringify(text)}`;
  assert.equal(linear?.[0], plain?.[0], where);
  assert.deepEqual(named(linear, both), named(plain, both), where);
  return true;
}

test('the linear engine finds what JavaScript does, with every expression that is shipped', async (context) => {
  const random = randomOf(seed);
  const patterns = filters.flatMap(patternsOf);
  const all = await Promise.all(patterns.map(({ pattern, ignoreCase }) => bothOf(pattern, ignoreCase)));
  const both = all.filter((each) => each !== null);
  // The others have a look-ahead in a repetition. None of them can take for ever.
  assert.ok(both.length > 0.8 * all.length, `${both.length} of ${all.length} are expressible`);
  for (const [index, { pattern, ignoreCase }] of patterns.entries())
    if (all[index] === null) assert.equal(blowsUp(pattern, ignoreCase === true), false, pattern);
  let unsure = 0;
  let compared = 0;
  for (let round = 0; round < textsOfShipped; round++) {
    const line = mutated(random.pick(lines), random.pick(lines), random);
    // What is judged begins behind a date, or behind the prefix.
    const text = Buffer.from(line, 'latin1')
      .toString()
      .slice(random.below(2) * random.below(60));
    for (const each of both) {
      compared++;
      if (!compare(each, text)) unsure++;
    }
  }
  context.diagnostic(`${compared} compared, ${unsure} of them left to JavaScript`);
  assert.ok(unsure < compared / 100);
});

const atoms = [
  'a',
  'b',
  '.',
  '\\s',
  '\\S',
  '\\w',
  '\\d',
  '[^a]',
  '[a-c]',
  '[\\s\\d]',
  '\\b',
  '^',
  '$',
  ' ',
  'from ',
  '<HOST>',
];
const quantifiers = ['', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}'];
const asserted = ['a', '\\d', '\\.?\\w', '[ab]c', '\\s|$'];

/** An expression of a grammar that has everything the engines may read differently. */
function madeExpression(random: Random, depth = 0): string {
  const items = Array.from({ length: 1 + random.below(4) }, () => madeItem(random, depth));
  return items.join('');
}

function madeItem(random: Random, depth: number): string {
  const pick = (texts: readonly string[]): string => texts[random.below(texts.length)] ?? '';
  const kind = random.below(depth > 2 ? 5 : 10);
  if (kind < 5) {
    const atom = pick(atoms);
    return /^(?:\\b|\^|\$)$/.test(atom) || atom.length > 8
      ? atom
      : `${atom.length > 2 && !/^[\\[]/.test(atom) ? `(?:${atom})` : atom}${pick(quantifiers)}`;
  }
  if (kind === 5) return `(?${pick(['=', '!', '<=', '<!'])}${pick(asserted)})`;
  if (kind === 6)
    return `(?<g${random.below(1_000_000)}>${madeExpression(random, depth + 1)})${pick(quantifiers.slice(0, 5))}`;
  const inner = `${madeExpression(random, depth + 1)}|${madeExpression(random, depth + 1)}`;
  return `${pick(['(?:', '('])}${inner})${pick(quantifiers)}`;
}

function madeText(random: Random): string {
  const parts = [
    'a',
    'b',
    'c',
    ' ',
    '1',
    '.',
    '\u00a0',
    '\u2028',
    '\r',
    '\u{1f600}',
    'from ',
    '203.0.113.7',
    '2001:db8::1',
    'A',
  ];
  return Array.from({ length: random.below(14) }, () => parts[random.below(parts.length)])
    .join('')
    .slice(0, longestText);
}

test('the linear engine finds what JavaScript does, with any expression that it takes', async (context) => {
  const random = randomOf(seed + 1);
  let taken = 0;
  let sure = 0;
  let all = 0;
  for (let round = 0; round < madeExpressions; round++) {
    const both = await madeBoth(random);
    if (both === null) continue;
    taken++;
    for (let each = 0; each < textsOfMade; each++) {
      const text = madeText(random);
      all++;
      if (compare(both, text, execTimed)) sure++;
    }
  }
  context.diagnostic(`${taken} of ${madeExpressions} taken, sure of ${sure} of ${all} texts`);
  assert.ok(taken > madeExpressions / 4 && sure > all / 2);
});

async function madeBoth(random: Random): Promise<Both | null> {
  try {
    return await bothOf(madeExpression(random), random.below(4) === 0);
  } catch (thrown) {
    // Twice the same name, which is fine in different alternatives alone.
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

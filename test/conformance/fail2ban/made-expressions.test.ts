import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Random, randomOf, seed } from '../../fuzz/random.ts';
import { compare } from './compare.ts';
import { brokenExpression, MadeExpression } from './made-expressions.ts';
import { oddPiece } from './odd-texts.ts';
import { Oracle } from './oracle.ts';

const madeExpressions = 6_000;
const textsOfEach = 24;
const oracle = new Oracle();
after(() => oracle.close());

test('made expressions find what they do in Python, or are refused by both', async (context) => {
  const random = randomOf(seed);
  const tally = { compared: 0, matches: 0, endless: 0, refused: 0, untranslatable: 0 };
  for (let round = 0; round < madeExpressions; round++) {
    const { text } = new MadeExpression(random);
    const expression = random.below(4) === 0 ? brokenExpression(text, random) : text;
    const texts = Array.from({ length: textsOfEach }, () => madeText(random));
    const request = { expression, names: true, multiline: random.below(8) === 0, texts };
    const outcome = await compare(oracle, request, `seed ${seed}`);
    if (typeof outcome === 'string') {
      tally[outcome]++;
    } else {
      tally.compared += outcome.compared;
      tally.endless += texts.length - outcome.compared;
      tally.matches += outcome.matches;
    }
  }
  context.diagnostic(`${JSON.stringify(tally)} of ${madeExpressions}, seed ${seed}`);
  assert.ok(tally.matches > madeExpressions && tally.untranslatable < madeExpressions / 8);
  assert.ok(tally.endless < tally.compared / 100);
});

/** Short, since some made expressions do not come to an end on longer ones. */
function madeText(random: Random): string {
  const known = [...'aaabbbABxyz01ikKsSé. \n', 'ab', 'aab'] as unknown as readonly [string, ...string[]];
  const piece = () => (random.below(5) === 0 ? oddPiece(random) : random.pick(known));
  return Array.from({ length: random.below(12) }, piece)
    .join('')
    .slice(0, 16)
    .toWellFormed();
}

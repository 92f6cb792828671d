import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { translate } from '../../../src/config/fail2ban/expressions/translate.ts';
import { literalsOf } from '../../../src/scan/literals.ts';
import { randomOf, seed } from '../../fuzz/random.ts';
import { compare, matchIn } from './compare.ts';
import { oddText } from './odd-texts.ts';
import { Oracle, type StockFilter } from './oracle.ts';

const oddTextsOfEach = 400;
const oracle = new Oracle();
after(() => oracle.close());
const stock = await oracle.stock();

interface StockExpression {
  readonly expression: string;
  readonly multiline: boolean;
  readonly failregex: boolean;
  readonly filters: Set<string>;
  readonly texts: Set<string>;
}

/** Each of them once, with the sample lines of all filters that have it. */
const expressions = distinct(stock);

test('stock expressions find in their sample logs what they do in fail2ban, and in lines made odd', async (context) => {
  const random = randomOf(seed);
  let compared = 0;
  let matched = 0;
  for (const { expression, multiline, filters, texts } of expressions.values()) {
    const own: readonly string[] = [...texts];
    const odd = Array.from({ length: oddTextsOfEach }, () =>
      oddText(own[random.below(own.length)] ?? '', random),
    );
    for (const names of [true, false]) {
      const request = { expression, names, multiline, texts: [...own, ...odd] };
      const outcome = await compare(oracle, request, `seed ${seed}, ${[...filters].join(', ')}`);
      assert.ok(typeof outcome === 'object', `${expression} is not translated`);
      assert.equal(outcome.compared, request.texts.length);
      compared += outcome.compared;
      matched += outcome.matches;
    }
  }
  context.diagnostic(
    `${expressions.size} expressions, ${compared} comparisons, ${matched} of them matches, seed ${seed}`,
  );
  assert.ok(expressions.size > 200 && compared > 100_000 && matched > 10_000);
});

test('every stock failregex but one leaves a literal to search for', (context) => {
  const without = [...expressions.values()].filter(
    ({ expression, multiline, failregex }) =>
      failregex && literalsOf(translate(expression, { names: true, multiline }).source) === null,
  );
  context.diagnostic(without.map(({ expression }) => expression).join('\n'));
  // Of 3proxy: numbers and addresses alone.
  assert.equal(without.length, 1);
});

function distinct(filters: readonly StockFilter[]): Map<string, StockExpression> {
  const all = new Map<string, StockExpression>();
  const add = (filter: StockFilter, expression: string, failregex: boolean, texts: readonly string[]) => {
    const multiline = filter.multiline && failregex;
    const key = `${expression}\n${multiline}`;
    const known = all.get(key) ?? {
      expression,
      multiline,
      failregex,
      filters: new Set<string>(),
      texts: new Set<string>(),
    };
    all.set(key, known);
    known.filters.add(filter.filter);
    for (const text of texts) known.texts.add(text);
  };
  for (const filter of filters) {
    const contents = filter.prefregex.flatMap((prefix) => contentsOf(prefix, filter.texts));
    for (const prefix of filter.prefregex) add(filter, prefix, false, filter.texts);
    for (const failregex of filter.failregex) add(filter, failregex, true, [...filter.texts, ...contents]);
    for (const ignoreregex of filter.ignoreregex) add(filter, ignoreregex, false, filter.texts);
  }
  return all;
}

/** What a prefix leaves to the other expressions. */
function contentsOf(prefix: string, texts: readonly string[]): string[] {
  const translated = translate(prefix, { names: true, multiline: false });
  const regexp = new RegExp(translated.source, `${translated.flags}d`);
  return texts.flatMap((text) => {
    const content = matchIn(regexp, translated, text)?.groups['content'];
    return content == null ? [] : [`${text.slice(...content)}\n`];
  });
}

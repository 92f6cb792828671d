import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '../../test/fuzz/random.ts';
import { fingerprintKernel } from './fingerprint-kernel.ts';
import { FingerprintSearch } from './fingerprint-search.ts';
import { type LiteralFinder, LiteralSearch } from './literal-search.ts';

/** The sets that each line holds a literal of, by looking for one after another. */
function plainly(lines: readonly string[], sets: readonly (readonly string[])[], fold: boolean): string[] {
  const cased = (text: string): string => (fold ? text.toLowerCase() : text);
  return lines.map((line) =>
    [...sets.keys()].filter((set) => sets[set]?.some((text) => cased(line).includes(cased(text)))).join(' '),
  );
}

/** The same by a search of all in one pass over the block, a line at a time, as it is asked for candidates. */
function inOnePass(finder: LiteralFinder, lines: readonly string[]): string[] {
  const block = Buffer.from(`${lines.join('\n')}\n`);
  finder.begin(block);
  const found: string[] = [];
  let start = 0;
  while (start < block.length) {
    const place = finder.first(start, block.length);
    const stop = place < 0 ? block.length : place;
    for (let end = block.indexOf(10, start); end < stop; end = block.indexOf(10, start)) {
      found.push('');
      start = end + 1;
      if (start === block.length) break;
    }
    if (place < 0) break;
    const end = block.indexOf(10, start);
    const sets = new Set(finder.sets);
    while (finder.next(end) >= 0) for (const set of finder.sets) sets.add(set);
    found.push([...sets].sort((a, b) => a - b).join(' '));
    start = end + 1;
  }
  finder.end();
  return found;
}

const searches = [
  ['sixteen places at a time', FingerprintSearch.of],
  ['by leaps', LiteralSearch.of],
] as const;

for (const [how, of] of searches) {
  for (const fold of [false, true]) {
    test(`${how}: what stands in which line, ${fold ? 'in any case' : 'as written'}`, () => {
      const { below: next } = randomOf(20_261_128);
      // Few letters, so that much of a literal stands in many places.
      const text = (length: number): string => Array.from({ length }, () => 'abAB é'[next(6)] ?? '').join('');
      for (let round = 0; round < 40; round += 1) {
        const sets = Array.from({ length: 1 + next(5) }, () =>
          Array.from({ length: 1 + next(4) }, () => text(3 + next(9))),
        );
        // Some blocks are several times as long as what is searched at a time.
        const count = round % 8 === 0 ? 9_000 : 1 + next(60);
        const lines = Array.from({ length: count }, () => text(next(60)));
        const finder = of(sets, fold);
        assert.ok(finder !== null);
        assert.deepEqual(inOnePass(finder, lines), plainly(lines, sets, fold), JSON.stringify(sets));
      }
    });
  }
}

test('sixteen places at a time: no place is left out where one part of a long block ends', () => {
  const capacity = fingerprintKernel()?.capacity ?? 0;
  assert.ok(capacity > 65_536);
  const finder = FingerprintSearch.of([['needle']], false);
  assert.ok(finder !== null);
  for (let at = capacity - 20; at < capacity + 20; at += 1) {
    const block = Buffer.alloc(capacity * 2 + 7, '.');
    block.write('needle', at);
    finder.begin(block);
    assert.equal(finder.first(0, block.length), at);
    assert.equal(finder.next(block.length), -1);
    assert.equal(finder.first(0, at + 5), -1, 'not all of it is before the end');
  }
});

test('sixteen places at a time: literals that are too short, or too many, are for another search', () => {
  assert.equal(FingerprintSearch.of([['ab']], false), null);
  const many = Array.from({ length: 65 }, (_, index) => `${String.fromCharCode(0x4e00 + index)}`);
  assert.equal(FingerprintSearch.of([many], false), null);
});

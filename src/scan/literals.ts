import { isAscii } from 'node:buffer';
import { type PatternNode, parsePattern } from './pattern.ts';
import { rarityOf } from './rarity.ts';

/**
 * A set of texts at least one of which stands in every text that matches, or null where none is known:
 * then every line is a candidate. Wrong in one direction only: too few literals would lose matches, so
 * whatever is unsure gives null.
 */
export type Literals = readonly string[] | null;

/** More alternatives than this are not worth searching for. */
const largestSet = 16;

/** Shorter texts stand in nearly every line, and a search for one cannot leap (literal-search.ts). */
const shortest = 3;

/** The literals of a regular expression. With `ignoreCase` their letters may stand in either case. */
export function literalsOf(source: string, ignoreCase = false): Literals {
  const literals = usable(needs(parsePattern(source).root).required);
  // Other letters than those of ASCII have more forms than two.
  return ignoreCase && literals?.some((literal) => !isAscii(Buffer.from(literal))) ? null : literals;
}

/** Of each of several expressions behind one prefix, or none: a match needs both. */
export function literalsBehind(
  prefix: string | null,
  sources: readonly string[],
  ignoreCase: boolean,
): Literals[] {
  const common = prefix === null ? null : literalsOf(prefix, ignoreCase);
  return sources.map((source) => betterOf(literalsOf(source, ignoreCase), common));
}

/** Texts with one of which every match begins that an anchored expression has; null where none are known. */
export function beginningsOf(source: string, ignoreCase = false): Literals {
  const { root } = parsePattern(source);
  if (ignoreCase || !source.startsWith('^') || root.kind !== 'sequence') return null;
  let joined: readonly string[] = [''];
  for (const item of root.items) {
    const { exact } = needs(item);
    const longer = exact === null ? null : limited(product(joined, exact));
    if (longer === null) break;
    joined = longer;
  }
  return joined.includes('') ? null : joined;
}

/** The literals of several expressions any one of which makes a match. */
export function unionOf(sets: readonly Literals[]): Literals {
  const all = new Set<string>();
  for (const set of sets) {
    if (set === null) return null;
    for (const literal of set) all.add(literal);
  }
  // A text that holds another one of the set is found with it.
  return [...all].filter(
    (literal) => ![...all].some((other) => other !== literal && literal.includes(other)),
  );
}

/** The better of two sets that are both needed. */
export function betterOf(a: Literals, b: Literals): Literals {
  return score(a) >= score(b) ? a : b;
}

interface Needs {
  /** Every text that the node can match, where there are few. */
  readonly exact: readonly string[] | null;
  readonly required: Literals;
}

function needs(node: PatternNode): Needs {
  switch (node.kind) {
    case 'text':
      return { exact: [node.text], required: [node.text] };
    case 'choice':
      return { exact: node.texts, required: node.texts };
    case 'empty':
      return { exact: [''], required: null };
    case 'unknown':
      return { exact: null, required: null };
    case 'repeated':
      return repeatedNeeds(node.item, node.minimum);
    case 'alternatives':
      return alternativeNeeds(node.branches.map(needs));
    case 'sequence':
      return sequenceNeeds(node.items.map(needs));
  }
}

function repeatedNeeds(item: PatternNode, minimum: number): Needs {
  return { exact: null, required: minimum === 0 ? null : needs(item).required };
}

function alternativeNeeds(branches: readonly Needs[]): Needs {
  const exact = branches.every((branch) => branch.exact !== null)
    ? branches.flatMap((branch) => branch.exact ?? [])
    : null;
  const required = branches.every((branch) => branch.required !== null)
    ? branches.flatMap((branch) => branch.required ?? [])
    : null;
  return { exact: limited(exact), required: limited(required) };
}

/** Joins neighbours whose texts are known; where the row breaks, what was joined is one thing needed. */
function sequenceNeeds(items: readonly Needs[]): Needs {
  let joined: readonly string[] = [''];
  let best: Literals = null;
  let whole = true;
  for (const item of items) {
    const longer = item.exact === null ? null : limited(product(joined, item.exact));
    if (longer !== null) {
      joined = longer;
      continue;
    }
    whole = false;
    best = betterOf(betterOf(best, usable(joined)), usable(item.required));
    joined = item.exact ?? [''];
  }
  best = betterOf(best, usable(joined));
  return { exact: whole ? joined : null, required: best };
}

function product(left: readonly string[], right: readonly string[]): string[] {
  return left.flatMap((start) => right.map((end) => start + end));
}

function limited(texts: readonly string[] | null): readonly string[] | null {
  return texts !== null && texts.length <= largestSet ? texts : null;
}

/** U+FFFD stands for bytes that are not UTF-8 and cannot be searched for. */
function usable(texts: Literals): Literals {
  const whole = wholeParts(texts, joint);
  return whole === null || whole.length === 0 || whole.some((text) => text.includes('\ufffd')) ? null : whole;
}

/** Between these the date may have stood that was cut out of the line (filters/date-places.ts): see `Filter.judge`. */
const joint = /(?<=[\s\ufeff[("=>])(?=[^\p{L}\p{N}])/u;

/** The longest part of each text that stands in the line as it does in what is judged of it: none reaches over a joint. */
export function wholeParts(texts: Literals, joints: RegExp): Literals {
  if (texts === null) return null;
  const whole = texts.map((text) =>
    text.split(joints).reduce((best, part) => (part.length > best.length ? part : best), ''),
  );
  return whole.every(({ length }) => length >= shortest) ? whole : null;
}

/** A set is as good as its commonest text. Few is better, but common texts stand in most lines. */
function score(texts: Literals): number {
  return texts === null ? 0 : Math.min(...texts.map(rarityOf)) / texts.length ** 0.25;
}

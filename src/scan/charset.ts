import type { PatternNode } from './pattern.ts';

/** Characters that sets of expressions are compared by: ASCII, Latin 1, and some of each other kind. */
const characters = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  ...'\u0142\u03b1\u0430\u05d0\u2028\u3000\u4e2d\u{1f600}',
];

/** Indexes into `characters`. */
export type CharacterSet = ReadonlySet<number>;

export const everything: CharacterSet = new Set(characters.keys());

/** What a node can match that takes one character; null: it takes none, or more. */
export function setOf(node: PatternNode, ignoreCase: boolean): CharacterSet | null {
  if (node.kind === 'unknown') return node.set === undefined ? everything : written(node.set, ignoreCase);
  if (node.kind === 'text') return listed([node.text], ignoreCase);
  return node.kind === 'choice' ? listed(node.texts, ignoreCase) : null;
}

export function overlap(a: CharacterSet, b: CharacterSet): boolean {
  return !a.isDisjointFrom(b);
}

/** A set as the expression has it, which is known to be valid. */
function written(source: string, ignoreCase: boolean): CharacterSet {
  const member = new RegExp(`^${source}$`, ignoreCase ? 'is' : 'us');
  return new Set([...characters.keys()].filter((index) => member.test(characters[index] ?? '')));
}

function listed(texts: readonly string[], ignoreCase: boolean): CharacterSet {
  const folded = texts.flatMap((text) => (ignoreCase ? [text.toLowerCase(), text.toUpperCase()] : [text]));
  const known = folded.map((text) => characters.indexOf(text)).filter((index) => index >= 0);
  // A character that is not among them counts as one of their last ones, which overlaps with more than it does.
  return new Set(known.length > 0 ? known : [characters.length - 2]);
}

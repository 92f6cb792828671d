import { hostTag } from '../core/filter.ts';
import { type CharacterSet, everything, overlap, setOf } from './charset.ts';
import { type PatternNode, parsePattern } from './pattern.ts';

/** Stands for the address; a character of a private use area. */
const marker = '\uf8ff';
/** Ways through alternatives that are looked at. */
const mostWays = 256;
/** What an address needs at least. */
const address = ['1', '.'].map((text) => setOf({ kind: 'text', text }, false) ?? everything);

/**
 * Whether a client may put another address in the place of `<HOST>`: some text before it is free and can also hold
 * what stands between the two, while nothing fixed stands behind it up to the line's end. So
 * `.* from <HOST>` finds the last ` from ADDRESS` of the line, which may be in a user agent's name or in a path.
 */
export function isAddressLoose(pattern: string, ignoreCase = false): boolean {
  if (!pattern.includes(hostTag)) return false;
  const { root } = parsePattern(pattern.replaceAll(hostTag, marker));
  return waysOf(root).some((way) => isLoose(way, ignoreCase));
}

/** One way through the expression: its parts in a row. */
export type Way = readonly PatternNode[];

/** All ways through groups and alternatives. What may be there or not is there in one, and absent in another. */
export function waysOf(node: PatternNode): readonly Way[] {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce<readonly Way[]>((ways, item) => product(ways, waysOf(item)), [[]]);
    case 'alternatives':
      return node.branches.flatMap(waysOf);
    case 'repeated':
      if (node.maximum === 1) return [...(node.minimum === 0 ? [[]] : []), ...waysOf(node.item)];
      return [[node]];
    default:
      return [[node]];
  }
}

function product(ways: readonly Way[], next: readonly Way[]): readonly Way[] {
  return ways.flatMap((way) => next.map((more) => [...way, ...more])).slice(0, mostWays);
}

function isLoose(way: Way, ignoreCase: boolean): boolean {
  const at = way.findIndex((node) => node.kind === 'text' && node.text === marker);
  if (at < 0) return false;
  const before = way.slice(0, at);
  const behind = way.slice(at + 1);
  for (let index = before.length - 1; index >= -1; index--) {
    const free = index < 0 ? freeBefore(before) : freeOf(before[index], ignoreCase);
    const between = before.slice(index + 1);
    if (free !== null && holds(free, between, ignoreCase) && !isFixed(behind, between, ignoreCase))
      return true;
  }
  return false;
}

/** Anything may stand before an expression that is not bound to the beginning. */
function freeBefore(before: Way): CharacterSet | null {
  return before.some((node) => node.kind === 'empty' && node.anchor === '^') ? null : everything;
}

/** The characters of a repetition without an end; null: it is none, or one that cannot hold an address. */
function freeOf(node: PatternNode | undefined, ignoreCase: boolean): CharacterSet | null {
  if (node?.kind !== 'repeated' || Number.isFinite(node.maximum)) return null;
  const set = allOf(node.item, ignoreCase);
  return address.every((each) => overlap(set, each)) ? set : null;
}

/** The characters that a node can match anywhere in it. */
function allOf(node: PatternNode, ignoreCase: boolean): CharacterSet {
  switch (node.kind) {
    case 'empty':
      return new Set();
    case 'sequence':
      return unionOf(node.items.map((item) => allOf(item, ignoreCase)));
    case 'alternatives':
      return unionOf(node.branches.map((branch) => allOf(branch, ignoreCase)));
    case 'repeated':
      return allOf(node.item, ignoreCase);
    default:
      return setOf(node, ignoreCase) ?? everything;
  }
}

function unionOf(sets: readonly CharacterSet[]): CharacterSet {
  return sets.reduce((all, set) => all.union(set), new Set<number>());
}

/** Whether free text can hold all of these parts. */
function holds(free: CharacterSet, parts: Way, ignoreCase: boolean): boolean {
  return parts.every((part) => {
    if (part.kind === 'empty' || (part.kind === 'repeated' && part.minimum === 0)) return true;
    return overlap(free, allOf(part, ignoreCase));
  });
}

/** Whether the line's end is reached without free text that could hold the address and what stands before it. */
function isFixed(behind: Way, between: Way, ignoreCase: boolean): boolean {
  const last = behind.at(-1);
  if (last?.kind !== 'empty' || last.anchor !== '$') return false;
  return !behind.some((node) => {
    const free = freeOf(node, ignoreCase);
    return free !== null && holds(free, between, ignoreCase);
  });
}

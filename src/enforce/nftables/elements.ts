import { formatRange, fullBits, parseRange, type Range } from '../../core/address.ts';
import type { Address } from '../../core/types.ts';
import type { Element } from '../backend.ts';
import type { NftSet } from './sets.ts';

/**
 * What matters in the JSON of a table: where a set (or anything else) begins, and its elements, which are
 * objects where they have a time, else bare strings. None of it can stand within a string: there, a quotation
 * mark has a backslash before it.
 */
const token = new RegExp(
  [
    String.raw`\{"([a-z]+)": \{"family": "[a-z]+"(?:, "name": "([^"]*)")?`,
    String.raw`\{"elem": \{"val": "([0-9a-f.:]+)"(?:, "timeout": \d+, "expires": (\d+)(\}\}))?`,
    String.raw`(?:\[|, )"([0-9a-f.:]+)"(?=[,\]])`,
  ].join('|'),
  'g',
);

/**
 * The elements of all sets, read from `nft -j list table`; the text is never parsed as a whole, which would hold
 * up everything else. `setOf` names the set of ours; others are passed over. What carries more than a time, or
 * none, has 0 seconds remaining: no ban of ours, so that reconcile writes it anew or removes it.
 */
export function* parseElements(
  json: string,
  setOf: (name: string) => NftSet | null,
): Generator<Element, void> {
  let set: NftSet | null = null;
  for (const [, kind, name = '', timed, expires, ends, bare] of json.matchAll(token)) {
    if (kind !== undefined) set = kind === 'set' ? setOf(name) : null;
    if (set === null) continue;
    const address = addressOf(timed ?? bare ?? '', set);
    if (address === null) continue;
    // nft cuts off the part of a second.
    const remaining = ends === undefined ? 0 : Number(expires) + 1;
    yield { address, policy: set.policy, remaining };
  }
}

/** null where no change can name it and no packet match it: a range with bits behind its prefix, a v4-mapped address. */
function addressOf(text: string, set: NftSet): Address | null {
  const single = parseRange(text);
  if (single === null || single.family !== set.family) return null;
  if (set.bits === fullBits(set.family)) return formatRange(single);
  const range = parseRange(`${text}/${set.bits}`);
  return range !== null && sameBytes(range, single) ? formatRange(range) : null;
}

function sameBytes(a: Range, b: Range): boolean {
  return a.bytes.every((byte, index) => byte === b.bytes[index]);
}

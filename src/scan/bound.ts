import { hostTag } from '../core/filter.ts';
import { type Way, waysOf } from './loose-address.ts';
import { parsePattern } from './pattern.ts';

/** Stands for the address, which is no anchor. */
const address = '0';

/**
 * Whether an expression is bound to the beginning or the end of a text, whichever of its alternatives matches: else a
 * client's text may match it that stands anywhere.
 */
export function isBound(pattern: string): boolean {
  const { root } = parsePattern(pattern.replaceAll(hostTag, address));
  return waysOf(root).every((way) => begins(way, '^') || begins(way.toReversed(), '$'));
}

/** What looks around matches nothing, and stands before an anchor as well as behind it. */
function begins(way: Way, anchor: '^' | '$'): boolean {
  const first = way.find((node) => node.kind !== 'empty' || node.anchor !== undefined);
  return first?.kind === 'empty' && first.anchor === anchor;
}

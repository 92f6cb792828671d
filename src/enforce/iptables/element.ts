import { type Family, formatRange, fullBits, parseRange } from '../../core/address.ts';
import { type Policy, plainPolicy } from '../../core/policy.ts';
import type { Change, Element } from '../backend.ts';
import { kernelTimeout, policySuffix, requireKernelRange } from '../edge.ts';

/** Sets of ours, of any policy or version; also the copy that is there while a set is exchanged. */
export const ourSets = /^bailiff[46](?:-[a-z0-9-]{1,21})?$/;

/** The name of the set of one family and policy. ip_set takes 31 characters (IPSET_MAXNAMELEN). */
export function setName(family: Family, policy: Policy = plainPolicy): string {
  return `bailiff${family}${policySuffix(policy)}`;
}

/** One change as a line for `ipset -`. @throws BailiffError address-invalid */
export function changeLine(change: Change): string {
  const { family, host, bits } = requireKernelRange(change.address);
  const range = bits === fullBits(family) ? host : `${host}/${bits}`;
  const target = `${setName(family, change.policy)} ${range}`;
  return change.kind === 'add'
    ? `add -exist ${target} timeout ${kernelTimeout(change.remaining)}`
    : `del -exist ${target}`;
}

/** What a set of ours holds. */
export interface SetContent {
  readonly family: Family;
  readonly policy: Policy;
}

const elementLine = /^add (\S+) (\S+)(?: timeout (\d+))?(.*)$/;

/**
 * The elements of these sets, read from `ipset save`. What carries options that we never write (`nomatch`,
 * a comment) has 0 seconds remaining: no ban of ours, so that reconcile writes it anew or removes it.
 */
export function* parseElements(
  saved: string,
  sets: ReadonlyMap<string, SetContent>,
): Generator<Element, void> {
  for (const line of linesOf(saved)) {
    const match = elementLine.exec(line);
    const set = match === null ? undefined : sets.get(match[1] ?? '');
    if (match === null || set === undefined) continue;
    const range = parseRange(match[2] ?? '');
    // A v4-mapped address in the IPv6 set cannot be named by its canonical text, nor come from the wire.
    if (range === null || range.family !== set.family) continue;
    const timeout = Number(match[3] ?? 0);
    const foreign = (match[4] ?? '').trim() !== '';
    yield {
      address: formatRange(range),
      policy: set.policy,
      remaining: foreign ? 0 : timeout === 0 ? null : timeout,
    };
  }
}

/** Line by line: to split megabytes at once would hold up everything else. */
export function* linesOf(text: string): Generator<string, void> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end === -1 ? text.length : end);
    start = end === -1 ? text.length : end + 1;
  }
}

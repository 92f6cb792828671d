import { type Family, formatRange, fullBits, parseRange } from '../../core/address.ts';
import { type Policy, plainPolicy } from '../../core/policy.ts';
import type { Change, Element, Taken } from '../backend.ts';
import { kernelTimeout, longestTimeout, policySuffix, requireKernelRange } from '../edge.ts';

/** Sets of ours, of any policy or version; also the copy that is there while a set is exchanged. */
export const ourSets = /^bailiff[46](?:-[a-z0-9-]{1,21})?$/;

/** The name of the set of one family and policy. ip_set takes 31 characters (IPSET_MAXNAMELEN). */
export function setName(family: Family, policy: Policy = plainPolicy): string {
  return `bailiff${family}${policySuffix(policy)}`;
}

/** One change as a line for `ipset -`. @throws BailiffError address-invalid */
export function changeLine(change: Change): string {
  const target = namesOf(change);
  return change.kind === 'add'
    ? `add -exist ${target} timeout ${kernelTimeout(change.remaining)}`
    : `del -exist ${target}`;
}

/** The set and the element, as ipset prints them. @throws BailiffError address-invalid */
function namesOf({ address, policy }: Pick<Element, 'address' | 'policy'>): string {
  const { family, host, bits } = requireKernelRange(address);
  return `${setName(family, policy)} ${bits === fullBits(family) ? host : `${host}/${bits}`}`;
}

/** What a set of ours holds. */
export interface SetContent {
  readonly family: Family;
  readonly policy: Policy;
}

const elementLine = /^add (\S+) (\S+)(?: timeout (\d+))?(?: packets \d+ bytes \d+)?(.*)$/;

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

/** What one element of a set took, read from `ipset save`; null where it does not stand, or its set does not count. */
export function takenIn(saved: string, element: Pick<Element, 'address' | 'policy'>): Taken | null {
  const start = saved.indexOf(`add ${namesOf(element)} timeout `);
  if (start < 0) return null;
  const counted = / packets (\d+) bytes (\d+)/.exec(saved.slice(start, saved.indexOf('\n', start)));
  return counted === null ? null : { packets: Number(counted[1]), bytes: Number(counted[2]) };
}

/**
 * What makes an element of a set in another, read from a line of `ipset save`: its time and what it took; null for one that
 * we never write. ipset prints whole seconds, the rest cut off: a second more, or each copy would end a ban sooner.
 */
export function copyLine(line: string, to: string): string | null {
  const element = /^add \S+ (\S+) timeout (\d+)((?: packets \d+ bytes \d+)?)$/.exec(line.trimEnd());
  if (element === null) return null;
  const [, address, seconds, taken] = element;
  // 0 is an element without an end.
  const left = Number(seconds) === 0 ? 0 : Math.min(Number(seconds) + 1, longestTimeout);
  return `add -exist ${to} ${address} timeout ${left}${taken}`;
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

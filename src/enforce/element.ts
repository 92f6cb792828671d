import { type Family, formatRange, parseRange } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import type { Change, Element } from './backend.ts';

/** The longest timeout the kernel's ip_set holds, in seconds (24.8 days). What lasts longer is refreshed. */
export const longestTimeout = 2_147_483;

/**
 * The timeout an element gets, in whole seconds. Never 0, which is the kernel's word for "permanent":
 * a ban for ever, too, ends by itself should Bailiff be taken away for good.
 */
export function kernelTimeout(remaining: number | null): number {
  if (remaining === null || remaining > longestTimeout) return longestTimeout;
  return remaining > 1 ? Math.ceil(remaining) : 1;
}

/** The name of the set of one family. */
export function setName(family: Family): string {
  return `bailiff${family}`;
}

/**
 * One change as a line for `ipset -`. This is the privileged edge: the address is read and written anew
 * here, since ipset would resolve a host name and take a line end for the next command.
 * @throws BailiffError address-invalid
 */
export function changeLine(change: Change): string {
  const range = parseRange(change.address);
  if (range === null || range.bits === 0) {
    throw new BailiffError('address-invalid', 'what should go into the kernel is not an address', {
      where: JSON.stringify(change.address.slice(0, 64)),
    });
  }
  const target = `${setName(range.family)} ${formatRange(range)}`;
  return change.kind === 'add'
    ? `add -exist ${target} timeout ${kernelTimeout(change.remaining)}`
    : `del -exist ${target}`;
}

const elementLine = /^add (\S+) (\S+)(?: timeout (\d+))?(.*)$/;

/**
 * The elements of one set, read from `ipset save`. What carries options that we never write (`nomatch`,
 * a comment) has 0 seconds remaining: no ban of ours, so that reconcile writes it anew or removes it.
 */
export function* parseElements(saved: string, family: Family): Generator<Element, void> {
  const name = setName(family);
  for (const line of linesOf(saved)) {
    const match = elementLine.exec(line);
    if (match === null || match[1] !== name) continue;
    const range = parseRange(match[2] ?? '');
    // A v4-mapped address in the IPv6 set cannot be named by its canonical text, nor come from the wire.
    if (range === null || range.family !== family) continue;
    const timeout = Number(match[3] ?? 0);
    const foreign = (match[4] ?? '').trim() !== '';
    yield {
      address: formatRange(range),
      remaining: foreign ? 0 : timeout === 0 ? null : timeout,
    };
  }
}

/** Line by line: to split megabytes at once would hold up everything else. */
function* linesOf(text: string): Generator<string, void> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end === -1 ? text.length : end);
    start = end === -1 ? text.length : end + 1;
  }
}

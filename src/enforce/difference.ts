import type { Address } from '../core/types.ts';
import type { Change, Element } from './backend.ts';
import { longestTimeout } from './element.ts';

/** Address -> until, in seconds since the epoch; null for ever. */
export type Desired = ReadonlyMap<Address, number | null>;

/** Seconds by which the kernel's clock and ours may differ: both round, and reading a large set takes time. */
const tolerance = 2;

/**
 * What has to change so that the kernel holds what is desired: the one function behind start-up and
 * repair. Yields null for each element that is right, so that whoever goes through a large set can pause;
 * what is said of an address that changes during such a pause, or since `actual` was read, is void.
 */
export function* difference(
  desired: Desired,
  actual: Iterable<Element>,
  now: number,
): Generator<Change | null, void> {
  const standing = new Set<Address>();
  for (const { address, remaining } of actual) {
    standing.add(address);
    const wanted = changeFor(address, desired.get(address), now);
    const wrong = wanted.kind === 'add' ? isStale(wanted.remaining, remaining) : !endsByItself(remaining);
    yield wrong ? wanted : null;
  }
  for (const [address, until] of desired) {
    const wanted = standing.has(address) ? null : changeFor(address, until, now);
    yield wanted?.kind === 'add' ? wanted : null;
  }
}

/** How one address should stand. `until` is undefined where it should not. */
export function changeFor(address: Address, until: number | null | undefined, now: number): Change {
  if (until === null) return { kind: 'add', address, remaining: null };
  if (until === undefined || until <= now) return { kind: 'delete', address };
  return { kind: 'add', address, remaining: Math.max(1, Math.ceil(until - now)) };
}

function isStale(wanted: number | null, stands: number | null): boolean {
  if (wanted === null || wanted > longestTimeout) {
    // The kernel cannot hold it in one go: it is refreshed when half of what it can hold is over.
    return stands === null ? wanted !== null : stands < longestTimeout / 2;
  }
  return stands === null || Math.abs(stands - wanted) > tolerance;
}

/** An element in its last moments is the kernel's to remove. 0 marks one that was never ours. */
function endsByItself(remaining: number | null): boolean {
  return remaining !== null && remaining > 0 && remaining <= tolerance;
}

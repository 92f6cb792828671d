import { splitTarget, type Target, targetOf } from '../core/policy.ts';
import type { Change, Element } from './backend.ts';
import { longestTimeout } from './edge.ts';
import { proofAddress } from './proof.ts';

/** Target -> until, in seconds since the epoch; null for ever. */
export type Desired = ReadonlyMap<Target, number | null>;

/** Seconds by which the kernel's clock and ours may differ: both round, and reading a large set takes time. */
const tolerance = 2;

/** Elements between two pauses: about a millisecond of work. */
const sliceSize = 1_000;

/**
 * What has to change so that the kernel holds what is desired: the one function behind start-up and
 * repair. Yields null now and then, so that whoever goes through a large set can pause; what is said of a
 * target that changes during such a pause, or since `actual` was read, is void.
 */
export function* difference(
  desired: Desired,
  actual: Iterable<Element>,
  now: number,
): Generator<Change | null, void> {
  const standing = new Set<Target>();
  let looked = 0;
  for (const { address, policy, remaining } of actual) {
    looked += 1;
    if (looked % sliceSize === 0) yield null;
    if (address === proofAddress) continue;
    const target = targetOf(address, policy);
    standing.add(target);
    const until = desired.get(target);
    const wanted = until !== undefined && (until === null || until > now);
    const right = wanted ? !isStale(until === null ? null : until - now, remaining) : endsByItself(remaining);
    if (!right) yield changeFor(target, until, now);
  }
  for (const [target, until] of desired) {
    looked += 1;
    if (looked % sliceSize === 0) yield null;
    const wanted = standing.has(target) ? null : changeFor(target, until, now);
    if (wanted?.kind === 'add') yield { ...wanted, fresh: true };
  }
}

/** How one target should stand. `until` is undefined where it should not. */
export function changeFor(target: Target, until: number | null | undefined, now: number): Change {
  const { address, policy } = splitTarget(target);
  if (until === null) return { kind: 'add', address, policy, remaining: null };
  if (until === undefined || until <= now) return { kind: 'delete', address, policy };
  return { kind: 'add', address, policy, remaining: Math.max(1, Math.ceil(until - now)) };
}

function isStale(wanted: number | null, stands: number | null): boolean {
  if (wanted === null || wanted > longestTimeout) {
    // The kernel cannot hold it in one go: it is refreshed when half of what it can hold is over.
    return stands === null ? wanted !== null : stands < longestTimeout / 2;
  }
  return stands === null || Math.abs(stands - Math.max(1, Math.ceil(wanted))) > tolerance;
}

/** An element in its last moments is the kernel's to remove. 0 marks one that was never ours. */
function endsByItself(remaining: number | null): boolean {
  return remaining !== null && remaining > 0 && remaining <= tolerance;
}

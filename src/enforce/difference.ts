import { splitTarget, type Target, targetOf } from '../core/policy.ts';
import type { Change, Element } from './backend.ts';
import { longestTimeout } from './edge.ts';
import { proofAddress } from './proof.ts';

/** With its end, in seconds since the epoch (null: for ever), and whether it may have been named before. */
export type Wanted = readonly [target: Target, until: number | null, again?: boolean];

/** Seconds by which the kernel's clock and ours may differ: both round. */
const tolerance = 2;

/** Elements between two pauses: about a millisecond of work. */
const sliceSize = 200;

/** By the wall clock, in seconds: the kernel was asked, and had answered, what stands in it; and the time when it is called. */
export interface Times {
  readonly asked: number;
  readonly answered: number;
  now(): number;
}

/**
 * What has to change so that the kernel holds what is desired: the one function behind start-up and
 * repair. Yields null now and then, so that whoever goes through a large set can pause; what is said of a
 * target that changes during such a pause, or since `actual` was read, is void. What `admits` refuses should
 * not stand, whatever is desired. Deletions come last, since whoever goes from one policy to another must not
 * be let in between. `desired` may name a target again with a later end, while the ledger is still being read.
 */
export function* difference(
  desired: Iterable<Wanted>,
  actual: Iterable<Element>,
  times: Times,
  admits: (target: Target) => boolean = () => true,
): Generator<Change | null, void> {
  const standing = new Map<Target, number | null>();
  let looked = 0;
  for (const { address, policy, remaining } of actual) {
    looked += 1;
    if (looked % sliceSize === 0) yield null;
    if (address !== proofAddress) standing.set(targetOf(address, policy), remaining);
  }
  for (const [target, until, again = false] of desired) {
    looked += 1;
    if (looked % sliceSize === 0) yield null;
    const now = times.now();
    if (isOver(until, now) || !admits(target)) continue;
    const stands = standing.get(target);
    if (stands === undefined) yield additionOf(target, until, now, !again);
    else if (isStale(until, stands, times)) yield additionOf(target, until, now, false);
    standing.delete(target);
  }
  for (const [target, remaining] of standing) {
    looked += 1;
    if (looked % sliceSize === 0) yield null;
    if (!endsByItself(remaining)) yield changeFor(target, undefined, times.now());
  }
}

/** How one target should stand. `until` is undefined where it should not. */
export function changeFor(target: Target, until: number | null | undefined, now: number): Change {
  if (until === undefined || isOver(until, now)) return { kind: 'delete', ...splitTarget(target) };
  return additionOf(target, until, now, false);
}

function additionOf(target: Target, until: number | null, now: number, fresh: boolean): Change {
  const { address, policy } = splitTarget(target);
  const remaining = until === null ? null : Math.ceil(until - now);
  if (fresh) return { kind: 'add', address, policy, remaining, fresh };
  return { kind: 'add', address, policy, remaining };
}

function isOver(until: number | null, now: number): boolean {
  return until !== null && until <= now;
}

/** To read a hundred thousand takes a second, and more on a busy machine: each was read at some moment of it. */
function isStale(until: number | null, stands: number | null, { asked, answered }: Times): boolean {
  if (until === null || until - answered > longestTimeout) {
    // The kernel cannot hold it in one go: it is refreshed when half of what it can hold is over.
    return stands === null ? until !== null : stands < longestTimeout / 2;
  }
  if (stands === null) return true;
  const [least, most] = [until - answered, until - asked].map((left) => Math.max(1, Math.ceil(left)));
  return stands < (least ?? 0) - tolerance || stands > (most ?? 0) + tolerance;
}

/** An element in its last moments is the kernel's to remove. 0 marks one that was never ours. */
function endsByItself(remaining: number | null): boolean {
  return remaining !== null && remaining > 0 && remaining <= tolerance;
}

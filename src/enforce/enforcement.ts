import type { Desired, PolicyRule, Target } from '../core/policy.ts';
import type { Address, Clock } from '../core/types.ts';
import type { Backend, Dropped, Hook } from './backend.ts';
import type { Schedule } from './pace.ts';
import type { Proof } from './proof.ts';

/** What the packet filter was asked for: changes of elements, or a look at everything. */
export type Operation = 'add' | 'delete' | 'mixed' | 'reconcile';

export function operationOf(adds: number, deletes: number): Operation {
  if (deletes === 0) return 'add';
  return adds === 0 ? 'delete' : 'mixed';
}

/** What was wrong: a rule was gone, or not where it must be; an element was gone, or nobody's. */
export type RepairKind = 'rule-missing' | 'rule-displaced' | 'element-missing' | 'element-surplus';

export interface EnforcerEvents {
  /** The kernel acknowledged a batch, `seconds` after it was sent. */
  applied(adds: number, deletes: number, seconds: number): void;
  failed(error: unknown, operation: Operation): void;
  /** The packet filter was looked at, and put right, within so many seconds; `whole`: each hook is in place now. */
  reconciled?(seconds: number, whole: boolean): void;
  /** Something that had been right was not, and is again. */
  repaired(what: string, kinds: readonly RepairKind[]): void;
  /** The ledger desired a ban of an address that must never be banned. */
  refused(address: Address, reason: string): void;
}

export interface EnforcerOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** The truth: target -> until (null for ever), merged over jails. `get` must be cheap; it is read anew each time. */
  readonly desired: () => Desired;
  /** What the targets' policies come to, the plain one among them; read anew at each look. */
  readonly policies: () => readonly PolicyRule[];
  /** The allow check at the privileged edge: a reason means it must never reach the kernel. */
  readonly protectedReason: (target: Target) => string | null;
  readonly events: EnforcerEvents;
  /** A clock that is never stepped, for truces and proofs; tests put their own here. */
  readonly monotonic?: Clock;
  /** Timers; tests put their own here. */
  readonly schedule?: Schedule;
  /** Proves the path of a banned packet; tests put their own here. */
  readonly prove?: () => Promise<Proof>;
}

export interface ReconcileReport {
  readonly hooks: readonly Hook[];
  /** Elements added or refreshed, and removed. */
  readonly adds: number;
  readonly deletes: number;
  readonly seconds: number;
}

/** A hook, and whether a packet was seen to be dropped at it. */
export interface VerifiedHook extends Hook {
  readonly verified: boolean;
}

export interface EnforcerStatus {
  readonly backend: string;
  /** `partial`: only some services heed it (hosts-deny). */
  readonly state: 'enforcing' | 'partial' | 'dry-run' | 'degraded';
  /** What is wrong, or '' . */
  readonly detail: string;
  readonly hooks: readonly VerifiedHook[];
  readonly dropped: readonly Dropped[];
  /** What of the policies this machine cannot do, and what is done instead. */
  readonly remarks: readonly string[];
  /** Elements in the kernel: as read by the last reconciliation, counted on with what was changed since. */
  readonly elements: number;
  /** When the last one succeeded, in seconds since the epoch. */
  readonly lastReconcile: number | null;
}

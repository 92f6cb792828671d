import type { Address, Clock } from '../core/types.ts';
import type { Backend, Hook } from './backend.ts';
import type { Desired } from './difference.ts';
import type { Schedule } from './pace.ts';

export interface EnforcerEvents {
  /** The kernel acknowledged a batch, `seconds` after it was sent. */
  applied(adds: number, deletes: number, seconds: number): void;
  failed(error: unknown): void;
  /** Something that had been right was not, and is again. */
  repaired(what: string): void;
  /** The ledger desired a ban of an address that must never be banned. */
  refused(address: Address, reason: string): void;
}

export interface EnforcerOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** The truth: address -> until (null for ever), merged over jails. `get` must be cheap; it is read anew each time. */
  readonly desired: () => Desired;
  /** The allow check at the privileged edge: a reason means it must never reach the kernel. */
  readonly protectedReason: (address: Address) => string | null;
  readonly events: EnforcerEvents;
  /** Between reconciliations, in ms. */
  readonly intervalMs?: number;
  /** Timers; tests put their own here. */
  readonly schedule?: Schedule;
}

export interface ReconcileReport {
  readonly hooks: readonly Hook[];
  /** Elements added or refreshed, and removed. */
  readonly adds: number;
  readonly deletes: number;
  readonly seconds: number;
}

export interface EnforcerStatus {
  readonly backend: string;
  readonly state: 'enforcing' | 'dry-run' | 'degraded';
  /** What is wrong, or '' . */
  readonly detail: string;
  readonly hooks: readonly Hook[];
  /** Elements in the kernel: as read by the last reconciliation, counted on with what was changed since. */
  readonly elements: number;
  /** When the last one succeeded, in seconds since the epoch. */
  readonly lastReconcile: number | null;
}

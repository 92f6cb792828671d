import type { Address } from '../core/types.ts';

/** One address as it should stand, or stands, in the kernel. */
export interface Element {
  readonly address: Address;
  /** Whole seconds until the kernel lets it in by itself; null: never. */
  readonly remaining: number | null;
}

/** One change to the kernel's sets. Idempotent: adding what is there refreshes its timeout, deleting what is not is no error. */
export type Change =
  | { readonly kind: 'add'; readonly address: Address; readonly remaining: number | null }
  | { readonly kind: 'delete'; readonly address: Address };

/** One way a packet meets our rules, per family, as read back from the kernel. */
export interface Hook {
  /** `INPUT`, `FORWARD > DOCKER-USER`, `raw/PREROUTING`. */
  readonly name: string;
  readonly family: 4 | 6;
  readonly ok: boolean;
  /** Why not, where it is not ok. */
  readonly problem?: string;
  /** Whether this `install` had to put it, or what belongs to it, in place. */
  readonly repaired?: boolean;
}

/** What a backend says of this machine before it is used. */
export interface Probe {
  readonly usable: boolean;
  /** What was seen, for the log and status: tool versions, or what is missing and the remedy. */
  readonly detail: string;
}

/**
 * A packet filter. Each backend is one file, stands in enforce/registry.ts, and re-validates every
 * address itself: it is the privileged edge.
 */
export interface Backend {
  readonly name: string;
  /** `full`: packets are dropped; `none`: nothing is (dry-run). */
  readonly strength: 'full' | 'none';
  /** Whether it can work here. Changes nothing. Never throws. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** Makes sets, chain and jumps be there and first; repairs in place. Returns the hooks read back. @throws BailiffError enforcement-failed */
  install(): Promise<readonly Hook[]>;
  /** What stands in the sets now. Holds up no `apply`: a change made meanwhile may be in it or not. */
  list(): Promise<readonly Element[]>;
  /** How many elements stand in the sets, where that costs much less than `list`. May count such as ended seconds ago. */
  count?(): Promise<number>;
  /** Resolves when the kernel has taken all of them; in the order of the calls. Rejects with what it refused. */
  apply(changes: readonly Change[]): Promise<void>;
  /** Takes away everything that `install` made. */
  uninstall(): Promise<void>;
  /** Ends long-lived children; rules and sets stay. */
  close(): Promise<void>;
}

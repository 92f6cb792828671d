import type { Policy, PolicyRule } from '../core/policy.ts';
import type { Address } from '../core/types.ts';

/** One address under one policy, as it should stand, or stands, in the kernel. */
export interface Element {
  readonly address: Address;
  readonly policy: Policy;
  /** Whole seconds until the kernel lets it in by itself; null: never. */
  readonly remaining: number | null;
}

/** One change to the kernel's sets. Idempotent: adding what is there refreshes its timeout, deleting what is not is no error. */
export type Change =
  | {
      readonly kind: 'add';
      readonly address: Address;
      readonly policy: Policy;
      readonly remaining: number | null;
      /** It was seen not to stand: a backend may spare itself the refreshing of its timeout. */
      readonly fresh?: boolean;
    }
  | { readonly kind: 'delete'; readonly address: Address; readonly policy: Policy };

/** One way a packet meets our rules, per family, as read back from the kernel. */
export interface Hook {
  /** `INPUT`, `FORWARD > DOCKER-USER`, `raw/PREROUTING`, `prerouting`. */
  readonly name: string;
  readonly family: 4 | 6;
  readonly ok: boolean;
  /** Why not, where it is not ok. */
  readonly problem?: string;
  /** What this `install` had to put right: `made` what was not there, `moved` a jump that was not first. */
  readonly repaired?: 'made' | 'moved';
}

/** What our rules took, as the kernel counts it since the rules were made. */
export interface Dropped {
  /** The hooks that share the counted rules: `raw/PREROUTING`, `INPUT, DOCKER-USER`, `prerouting`. */
  readonly hook: string;
  readonly family: 4 | 6;
  readonly packets: number;
  readonly bytes: number;
}

/** What the kernel took of the packets that one element matched. */
export type Taken = Pick<Dropped, 'packets' | 'bytes'>;

/** Why it is not known. */
export interface Untold {
  readonly untold: string;
}

/** Whom one asks about; `since` is when its ban began, in seconds since the epoch. */
export interface Asked extends Pick<Element, 'address' | 'policy'> {
  readonly since: number;
}

/** What a backend says of this machine before it is used. */
export interface Probe {
  readonly usable: boolean;
  /** What was seen, for the log and status: tool versions, or what is missing and the remedy. */
  readonly detail: string;
  /** It is not usable for lack of rights: something of ours may stand here all the same. */
  readonly denied?: boolean;
  /** What of it will not hold though it is usable, such as one family; absent where all of it will. */
  readonly lacks?: string;
}

/**
 * A packet filter. Each backend is one file, stands in enforce/registry.ts, and re-validates every
 * address itself: it is the privileged edge.
 */
export interface Backend {
  readonly name: string;
  /** `full`: packets are dropped; `partial`: some services heed it (hosts-deny); `none`: nothing is dropped (dry-run). */
  readonly strength: 'full' | 'partial' | 'none';
  /** The hook that a connection over loopback meets, in IPv4: what a proof proves. Absent where there is none. */
  readonly provable?: string;
  /** Whether it can work here. Changes nothing. Never throws. */
  probe(signal: AbortSignal): Promise<Probe>;
  /**
   * Makes the sets of these policies, chain and jumps be there and first; repairs in place, and takes away
   * sets of policies that are not among them. `yielded` names hooks (`hookKey`) whose jump is left where it
   * stands, since a rival keeps moving it. A backend whose sets stand before its rules calls `fill` in between, so
   * that rules of other policies than before find their sets filled. Returns the hooks read back.
   * @throws BailiffError enforcement-failed
   */
  install(
    policies: readonly PolicyRule[],
    yielded?: ReadonlySet<string>,
    fill?: () => Promise<void>,
  ): Promise<readonly Hook[]>;
  /** What stands in the sets now. Holds up no `apply`: a change made meanwhile may be in it or not. */
  list(): Promise<readonly Element[]>;
  /** How many elements stand in the sets, where that costs much less than `list`. May count such as ended seconds ago. */
  count?(): Promise<number>;
  /** Whether all of these stand, where that costs much less than `list` and there is no `count`. */
  holds?(elements: readonly Pick<Element, 'address' | 'policy'>[]): Promise<boolean>;
  /** Resolves when the kernel has taken all of them; in the order of the calls. Rejects with what it refused. */
  apply(changes: readonly Change[]): Promise<void>;
  /** What our rules took, as the last `install` read it. */
  dropped?(): readonly Dropped[];
  /**
   * What each of these took since it stands in its set; null for one that stands in none. It is read from the kernel, for
   * whoever asks about one address and never to reconcile; what stood before its ban began may not be told apart. Absent
   * where packets are not counted by element.
   * @throws BailiffError enforcement-failed, also where so many stand that reading them costs too much
   */
  taken?(elements: readonly Asked[]): Promise<readonly (Taken | Untold | null)[]>;
  /** What of the policies this machine cannot do, and what is done instead, as the last `install` found. */
  remarks?(): readonly string[];
  /** Takes away everything that `install` made, now or in an earlier life. @returns whether anything stood */
  uninstall(): Promise<boolean>;
  /** Ends long-lived children; rules and sets stay. */
  close(): Promise<void>;
}

export function hookKey({ name, family }: Pick<Hook, 'name' | 'family'>): string {
  return `${name} (IPv${family})`;
}

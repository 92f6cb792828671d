import { type Target, targetOf, unenforced } from '../core/policy.ts';
import type { Wanted } from '../enforce/difference.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Desk } from './desk.ts';
import type { Jails } from './jails.ts';

export interface RestoredBansParts {
  readonly ledger: Ledger;
  readonly desk: Desk;
  readonly jails: Jails;
}

/**
 * The bans of an earlier run, as they are read from the ledger, for the enforcer to bring at once: each held
 * against what must not be banned now, and under the policy that its jail has now. Whoever goes on goes on
 * where the one before left it.
 */
export class RestoredBans implements Iterable<Wanted> {
  readonly #wanted: Iterator<Wanted>;
  readonly #read = Promise.withResolvers<void>();

  constructor(parts: RestoredBansParts) {
    this.#wanted = wanted(parts);
  }

  /** Resolves when all are read: from then on the ledger may be changed. Rejects where it cannot be read. */
  get read(): Promise<void> {
    return this.#read.promise;
  }

  /** Without `return`, so that a loop that is left early ends nothing. */
  [Symbol.iterator](): Iterator<Wanted> {
    return { next: () => this.#next() };
  }

  #next(): IteratorResult<Wanted> {
    try {
      const next = this.#wanted.next();
      if (next.done === true) this.#read.resolve();
      return next;
    } catch (error) {
      this.#read.reject(error);
      throw error;
    }
  }
}

function* wanted({ ledger, desk, jails }: RestoredBansParts): Generator<Wanted, void> {
  for (const { bans, again } of ledger.readBans()) {
    const released = new Set(desk.releaseProtected(bans));
    for (const ban of bans) {
      if (released.has(ban)) continue;
      const policy = jails.get(ban.jail)?.policy ?? ban.policy;
      if (policy !== ban.policy) ledger.movePolicy(ban.jail, policy, [ban]);
      const target = targetOf(ban.address, policy);
      if (again.has(ban.address)) yield* standing(target, ledger);
      else if (policy !== unenforced) yield [target, ban.until];
    }
  }
}

/** Of an address that had a ban before: until the later of both. */
function* standing(target: Target, { active }: Ledger): Generator<Wanted, void> {
  const until = active.merged.get(target);
  if (until !== undefined) yield [target, until, true];
}

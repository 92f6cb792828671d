import type { Target } from '../../src/core/policy.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

/** What the kernel should hold. */
export function targetsOf({ active }: Ledger): Target[] {
  return Array.from(active.merged, ([target]) => target);
}

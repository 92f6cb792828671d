import { canonicalAddress } from '../core/address.ts';
import { type Policy, plainPolicy } from '../core/policy.ts';
import type { Backend } from '../enforce/backend.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Policies } from './policies.ts';

/** The jail of bans whose own jail is not known any more. */
export const restoredJail = 'restored';

/**
 * Where the ledger of an earlier run is lost, the kernel still knows who is shut out, and for how long: they
 * are taken over as bans, before anything compares kernel and ledger and would let them all in. Sets of policies
 * that only a container's label asks for cannot be read yet: their names do not tell the policy. A ban for ever
 * ends with the longest time that a kernel can hold, since nothing tells it from others.
 * @returns how many. @throws BailiffError enforcement-failed
 */
export async function adopt(backend: Backend, ledger: Ledger, policies: Policies): Promise<number> {
  // The sets have to be known before they can be read; what stands in them stays.
  await backend.install(policies.rules());
  let adopted = 0;
  for (const { address, policy, remaining } of await backend.list()) {
    if (remaining === 0 || canonicalAddress(address) !== address) continue;
    const request = { address, jail: jailOf(policy), bantime: remaining, hits: 0, policy };
    if (ledger.ban(request).outcome === 'banned') adopted++;
  }
  return adopted;
}

/** An address may stand under several policies, and has one ban in a jail. */
function jailOf(policy: Policy): string {
  return policy === plainPolicy ? restoredJail : `${restoredJail} (${policy})`;
}

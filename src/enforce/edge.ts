import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Family, formatRange, fullBits, parseRange, type Range, wordOf4 } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import { type Policy, plainPolicy } from '../core/policy.ts';
import type { Address } from '../core/types.ts';

// The privileged edge: what every packet filter of the kernel needs before something goes into it.

/**
 * The one reading of an address before it goes into the kernel: a host name would be resolved there, and a
 * line end taken for the next command.
 * @throws BailiffError address-invalid
 */
export function requireRange(address: Address): Range {
  const range = parseRange(address);
  if (range !== null && range.bits > 0) return range;
  throw new BailiffError('address-invalid', 'what should go into the kernel is not an address', {
    where: JSON.stringify(address.slice(0, 64)),
  });
}

/** An address or range as the sets take it: the canonical text of where it begins, and how many bits of it count. */
export interface KernelRange {
  readonly family: Family;
  readonly host: Address;
  readonly bits: number;
}

/** As `requireRange`; an IPv4 address, which most are, has one way to be written. @throws BailiffError address-invalid */
export function requireKernelRange(address: Address): KernelRange {
  if (wordOf4(address) !== null) return { family: 4, host: address, bits: 32 };
  const { family, bytes, bits } = requireRange(address);
  return { family, host: formatRange({ family, bytes, bits: fullBits(family) }), bits };
}

/** The longest timeout the kernel's ip_set holds, in seconds (24.8 days). What lasts longer is refreshed. */
export const longestTimeout = 2_147_483;

/**
 * The timeout an element gets, in whole seconds. Never 0, which is the kernel's word for "permanent":
 * a ban for ever, too, ends by itself should Bailiff be taken away for good.
 */
export function kernelTimeout(remaining: number | null): number {
  if (remaining === null || remaining > longestTimeout) return longestTimeout;
  return remaining > 1 ? Math.ceil(remaining) : 1;
}

/**
 * What tells the sets of one policy from those of others: '' for the plain one, else its action and a digest
 * of its text, such as `-reject-1a2b3c4d`. Two policies of one digest would share a set; of the few that a
 * host has, with 32 bits, none will.
 */
export function policySuffix(policy: Policy): string {
  if (policy === plainPolicy) return '';
  const digest = createHash('sha256').update(policy).digest('hex').slice(0, 8);
  return `-${policy.split(' ', 1)[0]}-${digest}`;
}

/** Whether this kernel speaks IPv6 at all. One where it is merely switched off on the interfaces does, and has its tables. */
export async function hasIpv6(path = '/proc/net/if_inet6'): Promise<boolean> {
  return existsSync(path);
}

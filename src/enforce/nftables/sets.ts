import { type Family, formatRange, fullBits, parseRange } from '../../core/address.ts';
import { type Policy, plainPolicy } from '../../core/policy.ts';
import { policySuffix } from '../edge.ts';

/** One set in the kernel: addresses of one family and prefix length, under one policy. */
export interface NftSet {
  readonly name: string;
  readonly family: Family;
  /** The prefix length of every element in it. */
  readonly bits: number;
  readonly policy: Policy;
}

/**
 * What every policy has from the start: IPv4 by the address, IPv6 by the /64. Sets of other prefix lengths
 * are made when the first element of theirs comes.
 */
export const firstSets: readonly { readonly family: Family; readonly bits: number }[] = [
  { family: 4, bits: 32 },
  { family: 6, bits: 64 },
];

/** `ban4_32` for plain bans; `reject6_64_1a2b3c4d` for others, with a digest of the policy's text. */
const ourName = /^(ban|drop|reject|log)([46])_(\d{1,3})((?:_[0-9a-f]{8})?)$/;

/** Whether a set bears a name of ours, of whatever policy. */
export function isOurName(name: string): boolean {
  return ourName.test(name);
}

/**
 * The sets of the policies in force: from a policy to its names, and back. The name cannot hold the policy's
 * text, which may be long and hold the name of a container.
 */
export class SetNames {
  readonly #marks = new Map<Policy, { readonly word: string; readonly digest: string }>();
  readonly #policies = new Map<string, Policy>();

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) {
      const mark = markOf(policy);
      this.#marks.set(policy, mark);
      this.#policies.set(mark.word + mark.digest, policy);
    }
  }

  /** null where the policy is not in force. */
  of(policy: Policy, family: Family, bits: number): NftSet | null {
    const mark = this.#marks.get(policy);
    if (mark === undefined) return null;
    return { name: `${mark.word}${family}_${bits}${mark.digest}`, family, bits, policy };
  }

  /** The set of that name, or null where it is none of a policy in force. */
  read(name: string): NftSet | null {
    const match = ourName.exec(name);
    const policy = this.#policies.get(`${match?.[1] ?? ''}${match?.[4] ?? ''}`);
    if (match === null || policy === undefined) return null;
    const set = this.of(policy, match[2] === '4' ? 4 : 6, Number(match[3]));
    return set?.name === name && set.bits > 0 && set.bits <= fullBits(set.family) ? set : null;
  }
}

function markOf(policy: Policy): { word: string; digest: string } {
  if (policy === plainPolicy) return { word: 'ban', digest: '' };
  const [, word = '', digest = ''] = policySuffix(policy).split('-');
  return { word, digest: `_${digest}` };
}

/** The field a set's elements are compared with, as nft calls it. */
export function fieldOf(family: Family): string {
  return family === 4 ? 'ip saddr' : 'ip6 saddr';
}

/** What of a packet's address is looked for in a set. */
export function maskedField({ family, bits }: NftSet): string {
  return fieldOf(family) + (bits === fullBits(family) ? '' : ` & ${maskOf(family, bits)}`);
}

/** `255.255.255.0` for 24 bits of IPv4. */
export function maskOf(family: Family, bits: number): string {
  const ones = family === 4 ? '255.255.255.255' : Array(8).fill('ffff').join(':');
  const masked = parseRange(`${ones}/${bits}`);
  return masked === null ? ones : formatRange({ ...masked, bits: fullBits(family) });
}

/** A set in bounds of any length has room for as many as come: one with a `size` would turn bans away, and takes the memory for all of them at once. */
export function declarationOf(set: NftSet): string {
  return `{ typeof ${fieldOf(set.family)}; flags timeout; }`;
}

/** Whether what nft prints of a set, line by line, is a set as we declare it. */
export function isDeclared(set: NftSet, body: readonly string[]): boolean {
  const types = [`typeof ${fieldOf(set.family)}`, `type ${set.family === 4 ? 'ipv4_addr' : 'ipv6_addr'}`];
  return (
    body.some((line) => types.includes(line)) &&
    body.includes('flags timeout') &&
    !body.some((line) => line.startsWith('size '))
  );
}

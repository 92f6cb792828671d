import { Resolver } from 'node:dns/promises';
import { canonicalAddress, familyOf } from '../core/address.ts';
import { readPlainEntry } from '../core/ignore-entry.ts';
import type { Address } from '../core/types.ts';

/** Both reject where it cannot be told; a code of `absent` says that there is none. */
export interface Dns {
  /** Names that the owner of an address gives it: anything at all. */
  readonly names: (address: Address) => Promise<readonly string[]>;
  /** Addresses, of the family, that the owner of a name gives it. */
  readonly addresses: (name: string, family: 4 | 6) => Promise<readonly string[]>;
}

const absent: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);
/** Names of one address that are confirmed; an attacker may give his thousands. */
const mostNames = 4;
/** How long one server may take, in ms, and how often it is asked. */
const patience = { timeout: 1_000, tries: 2 };

/**
 * The names of an address, of those that are `wanted`, which have that address in turn: whoever controls the reverse
 * lookup of his address alone has none. Others are not even asked for. Rejects where it cannot be told.
 */
export async function confirmedNames(
  address: Address,
  wanted: (name: string) => boolean,
  { names, addresses }: Dns = dnsOf(),
): Promise<readonly string[]> {
  const told = (await orNone(names(address))).flatMap(
    (name) => readPlainEntry(name.replace(/\.$/, '')) ?? [],
  );
  const asked = [...new Set(told)].filter(wanted).slice(0, mostNames);
  const answers = await Promise.allSettled(
    asked.map(async (name) => {
      const found = await orNone(addresses(name, familyOf(address)));
      return found.some((each) => canonicalAddress(each) === address) ? [name] : [];
    }),
  );
  const confirmed = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const [failed] = answers.filter(({ status }) => status === 'rejected');
  if (confirmed.length === 0 && failed !== undefined) throw new Error(`of ${address} it cannot be told`);
  return confirmed.sort();
}

/** By DNS alone, at `servers` (`ADDRESS:PORT`) or those of the machine: the machine's own way takes one of few threads for as long as an attacker's server likes. */
export function dnsOf(servers?: readonly string[]): Dns {
  const resolver = (): Resolver => {
    const own = new Resolver(patience);
    if (servers !== undefined) own.setServers(servers);
    return own;
  };
  return {
    names: (address) => resolver().reverse(address),
    addresses: (name, family) => (family === 4 ? resolver().resolve4(name) : resolver().resolve6(name)),
  };
}

async function orNone(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await answer;
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code)) return [];
    throw error;
  }
}

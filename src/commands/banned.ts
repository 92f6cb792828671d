import { readKey } from '../core/address-key.ts';
import { formatDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { localTime } from '../core/local-time.ts';
import { plainPolicy } from '../core/policy.ts';
import type { Address, Ban } from '../core/types.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';

export interface BannedOptions {
  readonly jail?: string;
  /** One of `banOrders`. */
  readonly sort?: string;
  readonly json?: true;
}

type Order = (a: Ban, b: Ban) => number;

/** What bans can be sorted by: the oldest, the soonest over, the most hits first. */
export const banOrders: Readonly<Record<string, Order>> = {
  address: (a, b) => compareAddresses(a.address, b.address),
  since: (a, b) => a.since - b.since,
  until: (a, b) => untilOf(a) - untilOf(b) || a.since - b.since,
  hits: (a, b) => b.hits - a.hits || a.since - b.since,
};

export async function bannedCommand({ jail, sort = 'since', json }: BannedOptions): Promise<void> {
  const order = banOrders[sort];
  if (order === undefined) {
    const remedy = `Sort by one of ${Object.keys(banOrders).join(', ')}.`;
    throw new BailiffError('usage', `bans cannot be sorted by "${sort.slice(0, 40)}"`, { remedy });
  }
  const all = await daemon().bans();
  const bans = all.filter((ban) => jail === undefined || ban.jail === jail).sort(order);
  if (json) printJson(bans.map(publicForm));
  else if (bans.length > 0) printBans(bans);
  else printLine(jail === undefined ? 'Nobody is banned.' : `Nobody is banned by ${jail}.`);
}

/** What scripts rely on. */
export function publicForm({ address, jail, since, until, hits }: Ban) {
  return { address, jail, since, until, hits };
}

export function printBans(bans: readonly Ban[]): void {
  const now = Date.now() / 1000;
  // Where all bans are plain, a column that says so would only be in the way.
  const plain = bans.every(({ policy, forced }) => policy === plainPolicy && !forced);
  printTable(
    ['ADDRESS', 'JAIL', 'HITS', 'SINCE', 'LEFT', ...(plain ? [] : ['HOW'])],
    bans.map(({ address, jail, hits, since, until, policy, forced }) => [
      address,
      jail,
      String(hits),
      localTime(since),
      formatDuration(until === null ? null : until - now),
      ...(plain ? [] : [forced ? `${policy} (forced)` : policy]),
    ]),
  );
}

function untilOf({ until }: Ban): number {
  return until ?? Number.MAX_VALUE;
}

/** As numbers, IPv4 first, a range before what lies in it. */
function compareAddresses(a: Address, b: Address): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  for (const [index, part] of one.entries()) {
    const difference = part - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function keyOf(address: Address): readonly number[] {
  const key = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };
  readKey(address, key);
  const words = [key.word0, key.word1, key.word2, key.word3].map((word) => word >>> 0);
  return [address.includes(':') ? 6 : 4, ...words, key.bits];
}

import { formatDuration } from '../core/duration.ts';
import { localTime } from '../core/local-time.ts';
import { plainPolicy } from '../core/policy.ts';
import type { Ban } from '../core/types.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';

export async function bannedCommand(options: { json?: true }): Promise<void> {
  const bans = await daemon().bans();
  if (options.json) printJson(bans.map(publicForm));
  else if (bans.length === 0) printLine('Nobody is banned.');
  else printBans(bans);
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

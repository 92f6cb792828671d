import { formatDuration } from '../core/duration.ts';
import type { Ban } from '../core/types.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';

export async function bannedCommand(options: { json?: true }): Promise<void> {
  const bans = await daemon().bans();
  if (options.json) printJson(bans);
  else if (bans.length === 0) printLine('Nobody is banned.');
  else printBans(bans);
}

export function printBans(bans: readonly Ban[]): void {
  const now = Date.now() / 1000;
  printTable(
    ['ADDRESS', 'JAIL', 'HITS', 'SINCE', 'LEFT'],
    bans.map(({ address, jail, hits, since, until }) => [
      address,
      jail,
      String(hits),
      localTime(since),
      formatDuration(until === null ? null : until - now),
    ]),
  );
}

/** `2026-11-22 16:02:01` in the zone of whoever asks. */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
}

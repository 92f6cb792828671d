import { formatDuration, parseDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { localTime } from '../core/local-time.ts';
import { plainPolicy } from '../core/policy.ts';
import type { PastBan } from '../core/types.ts';
import { csvRecord } from './csv.ts';
import { daemon } from './daemon.ts';
import { printable, printJson, printLine, printTable, printText } from './output.ts';

export interface HistoryOptions {
  /** A duration: bans that began no longer ago. */
  readonly since?: string;
  readonly jail?: string;
  readonly csv?: true;
  readonly json?: true;
}

export async function historyCommand({ since, jail, csv, json }: HistoryOptions): Promise<void> {
  if (csv && json) throw new BailiffError('usage', 'choose one of --csv and --json');
  const bans = await pastBans({
    ...(since === undefined ? {} : { since: Date.now() / 1000 - parseDuration(since) }),
    ...(jail === undefined ? {} : { jail }),
  });
  if (json) printJson(bans.map(publicForm));
  else if (csv) printText(csvOf(bans));
  else if (bans.length === 0) printLine('No bans are known.');
  else printHistory(bans);
}

/** All of them, the newest first: the daemon gives them by pages. */
async function pastBans(query: { since?: number; jail?: string }): Promise<PastBan[]> {
  const client = daemon();
  const bans: PastBan[] = [];
  for (let before: number | null = null; ; ) {
    const page = await client.history({ ...query, ...(before === null ? {} : { before }) });
    bans.push(...page.bans);
    before = page.next;
    if (before === null) return bans.sort((a, b) => b.since - a.since);
  }
}

/** What scripts rely on. */
function publicForm({ address, jail, since, until, hits, ended, reason }: PastBan) {
  return { address, jail, since, until, hits, ended, reason };
}

/** A table with a heading, its times in UTC as ISO 8601. */
export function csvOf(bans: readonly PastBan[]): string {
  const time = (seconds: number | null): string =>
    seconds === null ? '' : new Date(seconds * 1000).toISOString();
  const heading = ['address', 'jail', 'since', 'until', 'ended', 'reason', 'hits'];
  return [
    csvRecord(heading),
    ...bans.map(({ address, jail, since, until, ended, reason, hits }) =>
      csvRecord([printable(address), printable(jail), time(since), time(until), time(ended), reason, hits]),
    ),
  ].join('');
}

function printHistory(bans: readonly PastBan[]): void {
  // As in the list of those that stand.
  const plain = bans.every(({ policy }) => policy === plainPolicy);
  printTable(
    ['ADDRESS', 'JAIL', 'HITS', 'SINCE', 'LASTED', 'ENDED', ...(plain ? [] : ['HOW'])],
    bans.map(({ address, jail, hits, since, ended, reason, policy }) => [
      printable(address),
      printable(jail),
      String(hits),
      localTime(since),
      ended === null ? '' : formatDuration(ended - since),
      ended === null ? 'stands' : endings[reason ?? 'expired'],
      ...(plain ? [] : [policy]),
    ]),
  );
}

const endings = { expired: 'expired', manual: 'by hand', protected: 'is protected' } as const;

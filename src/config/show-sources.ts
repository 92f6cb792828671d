import type { RangePrefixes } from '../core/address.ts';
import { formatJournalMatch } from './journal-match.ts';
import type { JailConfiguration } from './schema.ts';

/** What a jail reads, a text each. */
export function describeSources(jail: JailConfiguration): string[] {
  const { logpath, container, journal, kubernetes, syslog, bans, ranges } = jail;
  const by = ranges === null ? '' : ` by range (${formatPrefixes(ranges)})`;
  return [
    ...logpath,
    ...container.map((selector) => `container ${selector}`),
    ...(journal.length === 0 ? [] : [`journal ${formatJournalMatch(journal)}`]),
    ...kubernetes.map((selector) => `pods ${selector}`),
    ...syslog.map((program) => `syslog ${program}`),
    ...bans.map((jails) => `bans of ${jails === '*' ? 'all jails' : jails}${by}`),
  ];
}

/** Whether it counts bans and no lines, so that it needs no filter. */
export function countsOnlyBans(jail: JailConfiguration): boolean {
  const { logpath, container, journal, kubernetes, syslog, bans } = jail;
  return (
    bans.length > 0 && [logpath, container, journal, kubernetes, syslog].every((logs) => logs.length === 0)
  );
}

/** `/24 /48`. */
export function formatPrefixes(prefixes: RangePrefixes): string {
  return [prefixes[4], prefixes[6]].flatMap((bits) => (bits === null ? [] : [`/${bits}`])).join(' ');
}

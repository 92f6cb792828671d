import { formatJournalMatch } from './journal-match.ts';
import type { JailConfiguration } from './schema.ts';

/** What a jail reads, a text each. */
export function describeSources(jail: JailConfiguration): string[] {
  const { logpath, container, journal, kubernetes, syslog, bans } = jail;
  return [
    ...logpath,
    ...container.map((selector) => `container ${selector}`),
    ...(journal.length === 0 ? [] : [`journal ${formatJournalMatch(journal)}`]),
    ...kubernetes.map((selector) => `pods ${selector}`),
    ...syslog.map((program) => `syslog ${program}`),
    ...bans.map((jails) => `bans of ${jails}`),
  ];
}

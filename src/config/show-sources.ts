import { formatJournalMatch } from './journal-match.ts';
import type { JailConfiguration } from './schema.ts';

/** What a jail reads, a text each. */
export function describeSources({ logpath, container, journal }: JailConfiguration): string[] {
  return [
    ...logpath,
    ...container.map((selector) => `container ${selector}`),
    ...(journal.length === 0 ? [] : [`journal ${formatJournalMatch(journal)}`]),
  ];
}

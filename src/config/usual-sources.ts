import type { FilterAbout } from '../core/filter.ts';
import { journalDirectories, journalWrittenAt, lastWritten } from './journal-files.ts';
import type { JournalMatch } from './journal-match.ts';

/** Where the service behind a filter logs on a host. Where distributions differ all files are watched: a missing one is waited for and costs nothing. */
export interface UsualSources {
  readonly logpath: readonly string[];
  readonly journal: JournalMatch;
}

export function usualLogs(about: FilterAbout | null): UsualSources {
  const { files = [], journal = [] } = about?.logs ?? {};
  return { logpath: files, journal };
}

/** Files inside a container to read in place of its output; none where the service writes its log there. */
export function usualInside(about: FilterAbout | null): readonly string[] {
  const { container = [], inside = [] } = about?.logs ?? {};
  return container.length > 0 ? [] : inside;
}

/** How much longer than the journal a log file may have gone unwritten, in seconds, before it counts as left behind. */
const leftBehindAfter = 86_400;

/**
 * The files or the journal, never both: each would count the same attempt. The journal where there is one and no
 * file, or only one to which nothing writes any more, as after rsyslog was removed; and where there are no files to
 * wait for.
 */
export function presentSources(
  { logpath, journal }: UsualSources,
  journalDirectory: string | undefined,
): UsualSources {
  const files = { logpath, journal: [] };
  if (journal.length === 0) return files;
  if (logpath.length === 0) return { logpath, journal };
  const written = journalWrittenAt(journalDirectories(journalDirectory));
  const fileWritten = lastWritten(logpath);
  if (written === null || (fileWritten !== null && fileWritten >= written - leftBehindAfter)) return files;
  return { logpath: [], journal };
}

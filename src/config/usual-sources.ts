import { journalDirectories, journalWrittenAt, lastWritten } from './journal-files.ts';
import type { JournalMatch } from './journal-match.ts';

/**
 * Where the service behind a filter writes its log unless told otherwise. Where distributions
 * differ all are watched: a missing file is waited for and costs nothing.
 */
const usualPaths: Readonly<Record<string, readonly string[]>> = {
  // Debian's rsyslog writes the first, Red Hat's the second.
  sshd: ['/var/log/auth.log', '/var/log/secure'],
  'nginx-http-auth': ['/var/log/nginx/error.log'],
};

/**
 * What of the journal is the log of the service behind a filter. Anybody on the host may write there under any
 * SYSLOG_IDENTIFIER; fields that begin with an underscore come from the kernel (systemd.journal-fields(7)).
 */
const usualMatches: Readonly<Record<string, JournalMatch>> = {
  // The units are Debian's and Red Hat's. What the unit alone does not have: a socket unit makes an instance for
  // each connection, a session's process moves into a scope of its own, and of a process that ended at once
  // journald knows no unit. So also all that root writes under OpenSSH's names (from 9.8 on sshd-session, from
  // 10 on sshd-auth).
  sshd: [
    ['_SYSTEMD_UNIT=ssh.service', '_SYSTEMD_UNIT=sshd.service'],
    ['SYSLOG_IDENTIFIER=sshd', 'SYSLOG_IDENTIFIER=sshd-session', 'SYSLOG_IDENTIFIER=sshd-auth', '_UID=0'],
  ],
};

/** The usual paths of a filter's logs; none where there is no such thing. */
export function usualLogPaths(filter: string): readonly string[] {
  return Object.hasOwn(usualPaths, filter) ? (usualPaths[filter] ?? []) : [];
}

export function usualJournalMatch(filter: string): JournalMatch {
  return Object.hasOwn(usualMatches, filter) ? (usualMatches[filter] ?? []) : [];
}

export const filtersWithUsualPaths: readonly string[] = Object.keys(usualPaths);

/** What a jail of a filter reads that names no source. */
export interface UsualSources {
  readonly logpath: readonly string[];
  readonly journal: JournalMatch;
}

/** How much longer than the journal a log file may have gone unwritten, in seconds, before it counts as left behind. */
const leftBehindAfter = 86_400;

/**
 * The usual files or the journal, never both: each would count the same attempt. The journal where there is one
 * and no file, or only one to which nothing writes any more, as after rsyslog was removed.
 */
export function usualSources(
  filter: string,
  journalDirectory: string | undefined,
  logpath = usualLogPaths(filter),
): UsualSources {
  return presentSources({ logpath, journal: usualJournalMatch(filter) }, journalDirectory);
}

/** Those of the files or of the journal that this machine has; see `usualSources`. */
export function presentSources(
  { logpath, journal }: UsualSources,
  journalDirectory: string | undefined,
): UsualSources {
  const files = { logpath, journal: [] };
  if (journal.length === 0) return files;
  const written = journalWrittenAt(journalDirectories(journalDirectory));
  const fileWritten = lastWritten(logpath);
  if (written === null || (fileWritten !== null && fileWritten >= written - leftBehindAfter)) return files;
  return { logpath: [], journal };
}

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where journald keeps what survives a reboot, and what does not (journald.conf(5), Storage=). */
export const usualJournalDirectories: readonly string[] = ['/var/log/journal', '/run/log/journal'];

/** The directories that journals are looked for in: the one that is set, else journald's own. */
export function journalDirectories(set: string | undefined): readonly string[] {
  return set === undefined ? usualJournalDirectories : [set];
}

/** Those of the directories that hold journal files, in themselves or in a machine's directory below. */
export function withJournalFiles(directories: readonly string[]): readonly string[] {
  return directories.filter((directory) => journalFiles(directory).length > 0);
}

/** When any journal in the directories was last written, in seconds since the epoch; null: there is none. */
export function journalWrittenAt(directories: readonly string[]): number | null {
  return lastWritten(directories.flatMap(journalFiles));
}

/** When any of the files was last written, in seconds since the epoch; null: there is none. */
export function lastWritten(paths: readonly string[]): number | null {
  const times = paths.flatMap((path) => modified(path) ?? []);
  return times.length === 0 ? null : Math.max(...times);
}

function journalFiles(directory: string): string[] {
  return [directory, ...entries(directory).map((name) => join(directory, name))].flatMap((folder) =>
    entries(folder)
      .filter((name) => name.endsWith('.journal'))
      .map((name) => join(folder, name)),
  );
}

/** A directory that cannot be listed holds nothing for us. */
function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function modified(path: string): number | null {
  try {
    return statSync(path).mtimeMs / 1_000;
  } catch {
    return null;
  }
}

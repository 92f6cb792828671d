import type { JailConfiguration } from '../config/schema.ts';
import { FileMounts } from './file-mounts.ts';
import { Patterns } from './file-patterns.ts';
import { FolderWatch } from './folder-watch.ts';
import { FollowedFiles } from './followed-files.ts';
import { baseOf, isPattern } from './glob.ts';
import type { SourceHost, SourceKind } from './source.ts';
import { wantedFiles } from './wanted-files.ts';

/**
 * Log files of the host. The scanner's thread reads them itself: this only says which, and looks again every few
 * seconds which ones the patterns match.
 */
export const fileSource: SourceKind = {
  name: 'file',
  async follow(jails, host, signal) {
    const files = new FollowedFiles(host);
    const mounts = new FileMounts(host);
    try {
      while (!signal.aborted) {
        await followThese(jails.now, { files, mounts, host }, AbortSignal.any([signal, jails.changed]));
        files.jailsChanged();
      }
    } finally {
      files.close();
    }
  },
};

interface FileParts {
  readonly files: FollowedFiles;
  readonly mounts: FileMounts;
  readonly host: SourceHost;
}

/** Until the signal aborts. */
async function followThese(
  jails: readonly JailConfiguration[],
  { files, mounts, host }: FileParts,
  signal: AbortSignal,
): Promise<void> {
  const patterns = [...new Set(jails.flatMap(({ logpath }) => logpath))].filter(isPattern);
  const matching = new Patterns(patterns, host);
  const watch = new FolderWatch(patterns.map(baseOf));
  try {
    // Without patterns nothing is awaited: everything is open when this returns.
    let wanted = wantedFiles(jails, new Map());
    if (patterns.length === 0) files.follow(wanted);
    while (!signal.aborted) {
      if (patterns.length > 0) {
        wanted = wantedFiles(jails, await matching.expand((path) => files.knows(path)));
        if (signal.aborted) break;
        files.follow(wanted);
      }
      await mounts.check(wanted);
      await watch.next(signal);
    }
  } finally {
    watch.close();
    matching.close();
  }
}

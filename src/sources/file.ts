import { FileMounts } from './file-mounts.ts';
import { Patterns } from './file-patterns.ts';
import { FolderWatch } from './folder-watch.ts';
import { FollowedFiles } from './followed-files.ts';
import { baseOf, isPattern } from './glob.ts';
import type { SourceKind } from './source.ts';
import { wantedFiles } from './wanted-files.ts';

/**
 * Log files of the host. The scanner's thread reads them itself: this only says which, and looks again every few
 * seconds which ones the patterns match.
 */
export const fileSource: SourceKind = {
  name: 'file',
  async follow(jails, host, signal) {
    const patterns = [...new Set(jails.flatMap(({ logpath }) => logpath))].filter(isPattern);
    const matching = new Patterns(patterns, host);
    const files = new FollowedFiles(host);
    const mounts = new FileMounts(host);
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
      files.close();
    }
  },
};

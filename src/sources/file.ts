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
    const watch = new FolderWatch(patterns.map(baseOf));
    try {
      // Without patterns nothing is awaited: everything is open when this returns.
      if (patterns.length === 0) files.follow(wantedFiles(jails, new Map()));
      while (!signal.aborted && patterns.length > 0) {
        const matches = await matching.expand((path) => files.knows(path));
        if (!signal.aborted) files.follow(wantedFiles(jails, matches));
        await watch.next(signal);
      }
      await aborted(signal);
    } finally {
      watch.close();
      files.close();
    }
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import path from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { ContainerDetails } from '../docker/client.ts';
import { RootedTree } from '../files/rooted-tree.ts';
import { foldersTo, type WayOptions } from './container-file-way.ts';
import { matcherOf } from './glob.ts';

/** Names of a folder that are looked at, and files that one pattern matches: whoever writes there chooses how many there are. */
const mostNames = 4_096;
const mostFiles = 32;

/** What a pattern comes to in a container now. */
export interface Matches {
  readonly paths: readonly string[];
  /** What keeps files from being found, or ''. */
  readonly problem: string;
}

/**
 * The files in a container whose names match a pattern, the last ones in the order of their names, which dates put there. Only what is seen as a
 * folder can be looked into: the engine hands folders out with all that is in them.
 */
export async function matchesInside(
  container: ContainerDetails,
  pattern: string,
  options: WayOptions,
): Promise<Matches> {
  const problems: string[] = [];
  for (const { way, folder } of await foldersTo(container, path.dirname(pattern), options)) {
    if (typeof folder === 'string') {
      problems.push(`${way}: ${folder}`);
      continue;
    }
    try {
      const names = new RootedTree(folder.root)
        .list(folder.path, mostNames)
        .filter(matcherOf(path.basename(pattern)));
      const paths = names.sort().map((name) => path.join(path.dirname(pattern), name));
      const problem =
        paths.length > mostFiles ? `more than ${mostFiles} files match: the rest is not read` : '';
      return { paths: paths.slice(-mostFiles), problem };
    } catch (error) {
      problems.push(`${way}: ${messageOf(error)}`);
    }
  }
  const remedy = 'a pattern needs the folder itself: mount its volume here, or name the files';
  return { paths: [], problem: [...problems, remedy].join('; ') };
}

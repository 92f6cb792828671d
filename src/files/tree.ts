import {
  type BigIntStats,
  constants,
  type FSWatcher,
  openSync,
  realpathSync,
  statSync,
  watch,
} from 'node:fs';
import type { LogRoot } from '../core/types.ts';
import { firstNames } from './first-names.ts';
import { RootedTree } from './rooted-tree.ts';
import { traitsOf } from './traits.ts';

/** Called with the name in a folder of which something may have changed; null: any. */
export type Notice = (event: string, name: string | null) => void;

/** Where the names of logs are looked up. Paths are absolute, as those who write the logs know them. */
export interface Tree {
  /** Tells it from other trees; '' for the one that this process lives in. */
  readonly name: string;
  /** Opens a file for reading. @throws Error with a `code`, as all of these do */
  open(path: string): number;
  /** Undefined where the path names nothing. */
  stat(path: string): BigIntStats | undefined;
  /** What shows, as far as it does, that a file has changed: cheaper, since it is asked of each file twice a second. */
  look(path: string): readonly number[] | undefined;
  /** The names in a folder, or as many of them as `most`. */
  list(folder: string, most: number): string[];
  /** What a name stands for, through any chain of symbolic links; itself where that is nothing. */
  target(path: string): string;
  watch(folder: string, notice: Notice): FSWatcher;
}

/** A log's name. */
export interface LogName {
  readonly tree: Tree;
  readonly path: string;
}

/** The log's name in the tree that its root makes; absent: in that of this process. */
export function logNamed(path: string, root: LogRoot | undefined): LogName {
  return { tree: root === undefined ? ownTree : new RootedTree(root), path };
}

export const ownTree: Tree = {
  name: '',
  // Without O_NONBLOCK a named pipe would hold the worker for ever.
  open: (path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
  stat: (path) => statSync(path, { bigint: true, throwIfNoEntry: false }),
  look: (path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && traitsOf(stats);
  },
  list: firstNames,
  target: (path) => {
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  },
  watch: (folder, notice) => watch(folder, notice),
};

import type { LogRoot } from '../core/types.ts';
import { identityOf } from './traits.ts';
import { ownTree } from './tree.ts';

/** A folder as a root, which those who write in it call `at`; null where there is none, or it may not be seen. */
export function rootAt(folder: string, at: string): LogRoot | null {
  try {
    const stats = ownTree.stat(folder);
    return stats?.isDirectory() === true ? { path: folder, identity: identityOf(stats), at } : null;
  } catch {
    return null;
  }
}

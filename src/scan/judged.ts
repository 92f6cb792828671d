import type { FilePosition } from '../files/file-cursor.ts';

/** Files that are remembered after nobody reads them any more. */
const mostForgotten = 4_096;

/** A log that is followed: its path, and whom it is read for. */
export interface Follower {
  readonly path: string;
  readonly readers: readonly string[];
}

interface Entry {
  readonly follower: Follower;
  readonly position: FilePosition;
  readonly open: boolean;
}

/**
 * How far the files of one worker were judged, by identity. A rotation can give a file a name that is followed
 * too (`app.log*`, hard links): whoever opens it there goes on where it was left, and waits while it is still
 * being read.
 */
export class Judged {
  readonly #files = new Map<string, Entry>();
  /** Those whose log is read anew by another one. */
  readonly #replaced = new WeakSet<Follower>();

  /**
   * A log is read on from what of it was stored. How far it was read before, for the same readers, counts no more:
   * batches of a source that is opened anew are dropped.
   */
  begin(follower: Follower): void {
    for (const [identity, { follower: other }] of this.#files) {
      if (other.path !== follower.path || !readsFor(other, follower)) continue;
      this.#replaced.add(other);
      this.#files.delete(identity);
    }
  }

  /** Says how far a file was judged, and whether it is still open. */
  note(follower: Follower, position: FilePosition, open: boolean): void {
    if (this.#replaced.has(follower)) return;
    this.#files.delete(position.file);
    this.#files.set(position.file, { follower, position, open });
    if (this.#files.size > mostForgotten) this.#forgetOldest();
  }

  /** What was known of the file holds no more: it was truncated. */
  forget(identity: string): void {
    this.#files.delete(identity);
  }

  /** How far the file was judged for all of these readers, or null; `elsewhere`: the log as which it is being read just now. */
  of(identity: string, follower: Follower): { position: FilePosition; elsewhere: string | null } | null {
    const entry = this.#files.get(identity);
    if (entry === undefined) return null;
    const { follower: other, position, open } = entry;
    if (!readsFor(other, follower)) return null;
    return { position, elsewhere: open && other.path !== follower.path ? other.path : null };
  }

  #forgetOldest(): void {
    for (const [identity, { open }] of this.#files) {
      if (open) continue;
      this.#files.delete(identity);
      if (this.#files.size <= mostForgotten) return;
    }
  }
}

/** Whether all for whom the second one reads are readers of the first. */
function readsFor({ readers }: Follower, { readers: wanted }: Follower): boolean {
  return wanted.every((reader) => readers.includes(reader));
}

import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** Some bind mounts and network file systems never send a notice, so the file is looked at this often. */
const pollMs = 500;

/**
 * Says when a file may have changed. The kernel's notices (of the file, and of its folder for a new file
 * of that name) are hints: they may be missing, late, or about nothing; the poll is what counts.
 */
export class Wake {
  readonly #path: string;
  #folder: FSWatcher | null = null;
  #file: FSWatcher | null = null;
  #pending = false;
  #resolve: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(file: string) {
    this.#path = file;
    // Before anybody looks for the file, so that none can appear unnoticed in between.
    this.#watchFolder();
  }

  /** Resolves at the next notice, one since the last call included, or after the poll's time. */
  next(): Promise<void> {
    if (this.#folder === null) this.#watchFolder();
    if (this.#pending || this.#closed) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#fire(), pollMs);
    });
  }

  /** Watches what the name stands for now; call again when that is another file. */
  watchFile(): void {
    this.#file?.close();
    this.#file = this.#watch(this.#path, null);
  }

  close(): void {
    this.#closed = true;
    this.#file?.close();
    this.#folder?.close();
    this.#fire();
  }

  #watchFolder(): void {
    this.#folder = this.#watch(path.dirname(this.#path), path.basename(this.#path));
  }

  /** `name`: only notices about this one count. */
  #watch(target: string, name: string | null): FSWatcher | null {
    try {
      const watcher = watch(target, (_event, changed) => {
        if (name === null || changed === null || changed === name) this.#fire();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Out of watches, or the folder is not there yet: polling goes on.
      return null;
    }
  }

  #fire(): void {
    clearTimeout(this.#timer);
    const resolve = this.#resolve;
    this.#resolve = null;
    if (resolve === null) this.#pending = true;
    else resolve();
  }
}

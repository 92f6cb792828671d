import { type FSWatcher, watch } from 'node:fs';

/** Patterns are looked at this often, in ms; and no more often than that, whatever the kernel says. */
const pollMs = 3_000;
const leastMs = 200;

/** Says when files may have come or gone. The kernel's notices are hints, and only of these folders themselves. */
export class FolderWatch {
  readonly #watchers: readonly FSWatcher[];
  #noticed = false;
  #fire: () => void = () => undefined;

  constructor(folders: readonly string[]) {
    this.#watchers = [...new Set(folders)].flatMap((folder) => this.#watch(folder));
  }

  /** Resolves after a while, sooner at a notice (one since the last call included), at once when aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const started = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#fire = () => undefined;
        this.#noticed = false;
        resolve();
      };
      this.#fire = () => {
        clearTimeout(timer);
        timer = setTimeout(done, Math.max(0, leastMs - (performance.now() - started)));
      };
      signal.addEventListener('abort', done, { once: true });
      timer = setTimeout(done, pollMs);
      if (this.#noticed) this.#fire();
      if (signal.aborted) done();
    });
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, (event) => {
        if (event !== 'rename') return;
        this.#noticed = true;
        this.#fire();
      });
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }
}

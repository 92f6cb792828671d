import type { FSWatcher } from 'node:fs';
import { identityOf } from '../files/traits.ts';
import type { Tree } from '../files/tree.ts';

/** The folder may be made anew, which ends a watch without a word: looked after this often, in ms. */
const checkMs = 5_000;

/** One watch of a folder, shared by all logs in it: the kernel counts watches, and each notice costs every watcher. */
class Folder {
  readonly #tree: Tree;
  readonly #path: string;
  readonly #listeners = new Map<string, Set<() => void>>();
  #watcher: FSWatcher | null = null;
  #identity = '';
  readonly #timer: NodeJS.Timeout;

  constructor(tree: Tree, path: string) {
    this.#tree = tree;
    this.#path = path;
    this.#check();
    this.#timer = setInterval(() => this.#check(), checkMs);
    this.#timer.unref();
  }

  get unused(): boolean {
    return this.#listeners.size === 0;
  }

  add(name: string, listener: () => void): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener));
  }

  remove(name: string, listener: () => void): void {
    const listeners = this.#listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(name);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  /** Out of watches, or no such folder: those who poll go on, and it is tried again. */
  #check(): void {
    try {
      const stats = this.#tree.stat(this.#path);
      const identity = stats === undefined ? '' : identityOf(stats);
      if (this.#watcher !== null && identity === this.#identity) return;
      this.#watcher?.close();
      this.#watcher = null;
      const watcher = this.#tree.watch(this.#path, (_event, changed) => this.#notify(changed));
      watcher.on('error', () => watcher.close());
      watcher.unref();
      this.#watcher = watcher;
      this.#identity = identity;
    } catch {
      this.#watcher?.close();
      this.#watcher = null;
    }
  }

  #notify(changed: string | null): void {
    const concerned = changed === null ? [...this.#listeners.values()] : [this.#listeners.get(changed)];
    for (const listeners of concerned) for (const listener of listeners ?? []) listener();
  }
}

const folders = new Map<string, Folder>();

/** Calls the listener whenever something may have happened to the name in the folder; returns how to stop that. */
export function listen(tree: Tree, path: string, name: string, listener: () => void): () => void {
  const key = `${tree.name}\0${path}`;
  const folder = folders.get(key) ?? new Folder(tree, path);
  folders.set(key, folder);
  folder.add(name, listener);
  return () => {
    folder.remove(name, listener);
    if (!folder.unused) return;
    folder.close();
    folders.delete(key);
  };
}

import path from 'node:path';
import type { LogName } from '../files/tree.ts';
import { listen } from './notices.ts';

/** Some bind mounts and network file systems never send a notice, so each file is looked at this often. */
const pollMs = 500;

/** Every so many looks count as a change, whatever was seen: not everything shows in a file's times and size. */
const looksToChange = 10;

/** After so many polls in which nothing was seen, only each of so many is a look: most logs are quiet most of the time. */
const pollsToQuiet = 60;
const quietPolls = 4;

/** What `stat` says of a path, as far as it shows that something changed; text: why it says nothing. */
type Look = readonly number[] | string;

/** All that wait, looked after by one timer. */
const waiting = new Set<Wake>();
let timer: NodeJS.Timeout | undefined;

/**
 * Says when a file may have changed. The kernel's notices are hints: they may be missing, late, or about nothing;
 * the poll is what counts.
 */
export class Wake {
  readonly #log: LogName;
  /** Of the path, and of what it leads to where it is a symbolic link. */
  #listening: (() => void)[] = [];
  #seen: Look = '';
  #looks = 0;
  /** Polls since something was seen, or a notice came. */
  #quiet = 0;
  #pending = false;
  #resolve: (() => void) | null = null;
  #closed = false;

  constructor(log: LogName) {
    this.#log = log;
    // Before anybody looks for the file, so that none can appear unnoticed in between.
    this.watchFile();
  }

  /** Watches what the name stands for now; call again when that is another file. */
  watchFile(): void {
    const before = this.#listening;
    const { tree, path: named } = this.#log;
    this.#listening = [...new Set([named, tree.target(named)])].map((each) =>
      listen(tree, path.dirname(each), path.basename(each), () => this.fire()),
    );
    for (const stop of before) stop();
  }

  /** Call before looking for what is new: only what changes later counts for `next`. */
  look(): void {
    this.#seen = lookAt(this.#log);
  }

  /** Resolves when something may have changed since `look`, or with `often` at the next poll. */
  next(often: boolean): Promise<void> {
    if (this.#pending || this.#closed) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#looks = often ? looksToChange - 1 : 0;
      if (often) this.#quiet = 0;
      this.#resolve = resolve;
      waiting.add(this);
      timer ??= setInterval(pollAll, pollMs);
    });
  }

  poll(): void {
    if (++this.#quiet > pollsToQuiet && this.#quiet % quietPolls !== 0) return;
    if (differ(lookAt(this.#log), this.#seen)) this.fire();
    else if (++this.#looks >= looksToChange) this.#wake();
  }

  /** Something happened. */
  fire(): void {
    this.#quiet = 0;
    this.#wake();
  }

  #wake(): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    if (resolve === null) this.#pending = true;
    else {
      this.#rest();
      resolve();
    }
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#listening) stop();
    this.#listening = [];
    this.fire();
  }

  #rest(): void {
    waiting.delete(this);
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }
}

function pollAll(): void {
  for (const each of [...waiting]) each.poll();
}

function lookAt({ tree, path: named }: LogName): Look {
  try {
    return tree.look(named) ?? 'ENOENT';
  } catch (thrown) {
    return String(thrown);
  }
}

function differ(a: Look, b: Look): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a !== b;
  return a.some((value, index) => value !== b[index]);
}

import { lookup } from 'node:dns/promises';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { canonicalAddress } from '../core/address.ts';
import type { AllowEntry } from '../core/allowlist.ts';
import { messageOf } from '../core/errors.ts';
import { readIgnoreEntry, sortIgnoreEntries } from '../core/ignore-entry.ts';

/** Bytes of a file that are read. */
const longestFile = 1024 * 1024;

export interface IgnoreListsParts {
  /** Addresses of a name. Rejects where they cannot be told. */
  readonly addresses?: (name: string) => Promise<readonly string[]>;
  /** How long a name may take, in ms: what it was before counts on, and it is asked again. */
  readonly longestLookupMs?: number;
  /** What could not be read or looked up, and why; once until it changes. */
  readonly failed: (what: string, problem: string) => void;
}

/**
 * Ignore lists with host names and files in them, kept true: read when asked for, and whenever `refresh` is called.
 * What cannot be read or looked up any more keeps the meaning that it had: nobody is locked out because DNS is.
 */
export class IgnoreLists {
  readonly #parts: IgnoreListsParts;
  readonly #names = new Map<string, readonly string[]>();
  readonly #files = new Map<string, readonly string[]>();
  readonly #problems = new Map<string, string>();
  #revision = 0;
  #refreshing = false;

  constructor(parts: IgnoreListsParts) {
    this.#parts = parts;
  }

  /** What `entries` (core/ignore-entry.ts) mean at the time when it is asked. Names and files count from the next `refresh` on. */
  of(entries: readonly string[], reason: string): () => readonly AllowEntry[] {
    const { ranges, names, files } = sortIgnoreEntries(entries);
    for (const name of names) if (!this.#names.has(name)) this.#names.set(name, []);
    for (const file of files) if (!this.#files.has(file)) this.#files.set(file, []);
    let revision = -1;
    let known: readonly AllowEntry[] = [];
    return () => {
      if (revision !== this.#revision) {
        revision = this.#revision;
        const listed = files.flatMap((file) => this.#files.get(file) ?? []);
        const all = [
          ...ranges,
          ...names.flatMap((name) => this.#names.get(name) ?? []),
          ...this.#meant(listed),
        ];
        known = [...new Set(all)].map((range) => ({ range, reason }));
      }
      return known;
    };
  }

  /** What new names and files among these mean, for who goes by them from now on. Never rejects. */
  async learn(entries: readonly string[]): Promise<void> {
    const { names, files } = sortIgnoreEntries(entries);
    const unknown = (known: ReadonlyMap<string, unknown>) => (each: string) => !known.has(each);
    await Promise.all(files.filter(unknown(this.#files)).map((file) => this.#read(file)));
    const listed = [...names, ...this.#names.keys()].filter(
      (name) => (this.#names.get(name) ?? []).length === 0,
    );
    await Promise.all([...new Set(listed)].map((name) => this.#lookUp(name)));
    this.#revision += 1;
  }

  #meant(entries: readonly string[]): readonly string[] {
    const { ranges, names } = sortIgnoreEntries(entries);
    return [...ranges, ...names.flatMap((name) => this.#names.get(name) ?? [])];
  }

  /**
   * Reads the files and looks the names up, or those that could not be read last. Never rejects.
   * @returns whether somebody else is meant than before
   */
  async refresh(onlyOpen = false): Promise<boolean> {
    if (this.#refreshing || (onlyOpen && this.#problems.size === 0)) return false;
    this.#refreshing = true;
    try {
      return await this.#refresh(onlyOpen);
    } finally {
      this.#refreshing = false;
    }
  }

  async #refresh(onlyOpen: boolean): Promise<boolean> {
    const due = (what: string): boolean => !onlyOpen || this.#problems.has(what);
    const before = JSON.stringify([...this.#names, ...this.#files]);
    await Promise.all([...this.#files.keys()].filter(due).map((file) => this.#read(file)));
    await Promise.all([...this.#names.keys()].filter(due).map((name) => this.#lookUp(name)));
    const changed = before !== JSON.stringify([...this.#names, ...this.#files]);
    if (changed) this.#revision += 1;
    return changed;
  }

  async #read(path: string): Promise<void> {
    let unread: string[] = [];
    try {
      // Whoever has put a pipe there holds nothing up.
      const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const stats = await file.stat();
        if (!stats.isFile()) throw new Error('it is no file');
        if (stats.size > longestFile) throw new Error(`it is larger than ${longestFile} bytes`);
        const words = wordsOf(await file.readFile('utf8'));
        const entries = words.flatMap((word) => readIgnoreEntry(word) ?? []);
        unread = words.filter((word) => readIgnoreEntry(word) === undefined);
        const { ranges, names } = sortIgnoreEntries(entries);
        this.#files.set(path, [...ranges, ...names]);
        for (const name of names) if (!this.#names.has(name)) this.#names.set(name, []);
      } finally {
        await file.close();
      }
      if (unread.length === 0) this.#problems.delete(path);
      else this.#fail(path, `${unread.length} words of it name nobody, such as ${JSON.stringify(unread[0])}`);
    } catch (error) {
      this.#fail(path, messageOf(error));
    }
  }

  async #lookUp(name: string): Promise<void> {
    const { addresses = addressesOf, longestLookupMs = 3_000 } = this.#parts;
    try {
      const found = await within(addresses(name), longestLookupMs);
      this.#names.set(name, found.flatMap((address) => canonicalAddress(address) ?? []).sort());
      this.#problems.delete(name);
    } catch (error) {
      this.#fail(name, messageOf(error));
    }
  }

  #fail(what: string, problem: string): void {
    if (this.#problems.get(what) === problem) return;
    this.#problems.set(what, problem);
    this.#parts.failed(what, problem);
  }
}

/** Words of all lines, without what stands behind `#`. */
function wordsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.split('#')[0] ?? '').split(/[\s,]+/).filter(Boolean));
}

/** By DNS and the machine's own list, as its other programs see them. */
async function addressesOf(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

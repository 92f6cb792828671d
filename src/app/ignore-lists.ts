import { lookup } from 'node:dns/promises';
import { canonicalAddress, covers } from '../core/address.ts';
import type { AllowEntry } from '../core/allowlist.ts';
import { messageOf } from '../core/errors.ts';
import {
  type IgnoreEntries,
  type IgnoreFile,
  ignoreFileOf,
  isInDomain,
  sortIgnoreEntries,
} from '../core/ignore-entry.ts';
import type { Address } from '../core/types.ts';
import { readIgnoreFile } from '../host/ignore-file.ts';
import { FileWatch } from './file-watch.ts';
import { IgnoreQuestions, type IgnoreQuestionsParts } from './ignore-questions.ts';
import { within } from './within.ts';

export interface IgnoreListsParts extends Pick<IgnoreQuestionsParts, 'dns' | 'kept' | 'now'> {
  /** Addresses of a name. Rejects where they cannot be told. */
  readonly addresses?: (name: string) => Promise<readonly string[]>;
  /** How long a name may take, in ms: what it was before counts on, and it is asked again. */
  readonly longestLookupMs?: number;
  /** What could not be read or looked up, and why; once until it changes. */
  readonly failed: (what: string, problem: string) => void;
}

/**
 * Ignore lists with host names, domains, files and programs in them, kept true: read when asked for, and whenever
 * `refresh` is called. What cannot be read or looked up any more keeps the meaning that it had: nobody is locked out
 * because DNS is. Whom domains and programs mean is asked about each address by itself, before it is banned.
 */
export class IgnoreLists {
  readonly #parts: IgnoreListsParts;
  readonly #names = new Map<string, readonly string[]>();
  readonly #files = new Map<string, IgnoreFile>();
  readonly #watches = new Map<string, FileWatch>();
  readonly questions: IgnoreQuestions;
  readonly #sorted = new WeakMap<readonly string[], IgnoreEntries>();
  readonly #problems = new Map<string, string>();
  #changed: (address: Address) => void = () => undefined;
  #revision = 0;
  #refreshing = false;

  constructor(parts: IgnoreListsParts) {
    this.#parts = parts;
    this.questions = new IgnoreQuestions({
      ...parts,
      failed: (path, problem) => this.#fail(path, problem),
      changed: (address) => {
        this.#revision += 1;
        this.#changed(address);
      },
    });
  }

  /** From now on `changed` is called with each address of which an answer says something else than before. */
  watch(changed: (address: Address) => void): void {
    this.#changed = changed;
  }

  /** What of the lists protects nobody now, and why. */
  problems(): readonly string[] {
    const files = [...this.#watches.keys()].flatMap((file) => this.#files.get(file)?.problems ?? []);
    return [...files, ...[...this.#problems].map(([what, problem]) => `${what}: ${problem}`)];
  }

  /** What `entries` (core/ignore-entry.ts) mean at the time when it is asked. Names and files count from the next `refresh` on. */
  of(entries: readonly string[], reason: string): () => readonly AllowEntry[] {
    const sorted = this.#sort(entries);
    this.#note(sorted);
    let revision = -1;
    let known: readonly AllowEntry[] = [];
    return () => {
      if (revision !== this.#revision) {
        revision = this.#revision;
        const all = new Map<Address, AllowEntry>();
        for (const entry of this.#meant(sorted, reason))
          if (!all.has(entry.range)) all.set(entry.range, entry);
        known = [...all.values()];
      }
      return known;
    };
  }

  /**
   * Asks whether one of these entries means an address, where only a question tells. What is answered counts in `of`.
   * Returns null where there is nothing to wait for, else what never rejects.
   */
  ask(entries: readonly string[], address: Address): Promise<void> | null {
    const { hosts, commands } = this.#asked(entries);
    return hosts || commands.length > 0 ? this.questions.ask(address, hosts, commands) : null;
  }

  /** Whether there is somebody whom only a question tells: nobody can say of a range that it holds none of them. */
  asks(entries: readonly string[]): boolean {
    const { hosts, commands } = this.#asked(entries);
    return hosts || commands.length > 0;
  }

  #asked(entries: readonly string[]): { readonly hosts: boolean; readonly commands: readonly string[] } {
    const { domains, files, commands } = this.#sort(entries);
    const listed = files.flatMap((file) => this.#files.get(file)?.entries ?? []);
    return { hosts: domains.length > 0 || listed.some(({ entry }) => entry.startsWith('.')), commands };
  }

  /** What new names and files among these mean, for who goes by them from now on. Never rejects. */
  async learn(entries: readonly string[]): Promise<void> {
    const { names, files } = sortIgnoreEntries(entries);
    await Promise.all(files.filter((file) => !this.#files.has(file)).map((file) => this.#read(file)));
    const listed = [...names, ...this.#names.keys()].filter(
      (name) => (this.#names.get(name) ?? []).length === 0,
    );
    await Promise.all([...new Set(listed)].map((name) => this.#lookUp(name)));
    this.#revision += 1;
  }

  /** Forgets what is in none of these lists: nobody goes by it any more. */
  keepOnly(entries: readonly string[]): void {
    const own = sortIgnoreEntries(entries);
    for (const file of this.#watches.keys()) {
      if (own.files.includes(file)) continue;
      this.#watches.delete(file);
      this.#files.delete(file);
    }
    const inFiles = [...this.#files.values()].flatMap((file) => file.entries.map(({ entry }) => entry));
    const listed = sortIgnoreEntries(inFiles);
    const names = new Set([...own.names, ...listed.names]);
    for (const name of this.#names.keys()) if (!names.has(name)) this.#names.delete(name);
    const wanted = new Set([...names, ...own.commands, ...own.files.map((file) => ignoreFileOf(file).path)]);
    for (const what of this.#problems.keys()) if (!wanted.has(what)) this.#problems.delete(what);
    this.questions.keepOnly({ domains: [...own.domains, ...listed.domains], commands: own.commands });
  }

  /**
   * Reads the files and looks the names up; where `onlyOpen`, what has changed or could not be read last. Puts the
   * questions that are due. Never rejects.
   * @returns whether somebody else is meant than before
   */
  async refresh(onlyOpen = false): Promise<boolean> {
    if (this.#refreshing) return false;
    this.#refreshing = true;
    try {
      return await this.#refresh(onlyOpen);
    } finally {
      this.#refreshing = false;
      this.questions.review();
    }
  }

  async #refresh(onlyOpen: boolean): Promise<boolean> {
    const changes = await Promise.all(
      [...this.#watches].map(async ([file, watch]) => ((await watch.look()) ? file : '')),
    );
    const due = (file: string): boolean =>
      !onlyOpen ||
      this.#problems.has(ignoreFileOf(file).path) ||
      changes.includes(file) ||
      !this.#files.has(file);
    const before = JSON.stringify([...this.#names, ...this.#files]);
    await Promise.all([...this.#watches.keys()].filter(due).map((file) => this.#read(file)));
    const open = (name: string): boolean => !onlyOpen || this.#problems.has(name);
    await Promise.all([...this.#names.keys()].filter(open).map((name) => this.#lookUp(name)));
    const changed = before !== JSON.stringify([...this.#names, ...this.#files]);
    if (changed) this.#revision += 1;
    return changed;
  }

  #sort(entries: readonly string[]): IgnoreEntries {
    const sorted = this.#sorted.get(entries) ?? sortIgnoreEntries(entries);
    this.#sorted.set(entries, sorted);
    return sorted;
  }

  #note({ names, domains, files, commands }: Omit<IgnoreEntries, 'ranges'>): void {
    for (const name of names) if (!this.#names.has(name)) this.#names.set(name, []);
    for (const file of files)
      if (!this.#watches.has(file)) this.#watches.set(file, new FileWatch(ignoreFileOf(file).path));
    this.questions.note({ domains, commands });
  }

  *#meant(sorted: IgnoreEntries, reason: string): Generator<AllowEntry> {
    const { ranges, names, domains, files, commands } = sorted;
    for (const range of ranges) yield { range, reason };
    for (const entry of [...names, ...domains]) yield* this.#ofEntry(entry, `${reason}: ${entry}`, []);
    for (const file of files) {
      for (const { entry, where, except } of this.#files.get(file)?.entries ?? [])
        yield* this.#ofEntry(entry, `${reason}: ${where}, ${entry}`, except);
    }
    for (const path of commands) {
      for (const range of this.questions.namedBy(path)) yield { range, reason: `${reason}: ${path} says so` };
    }
  }

  *#ofEntry(entry: string, reason: string, except: readonly string[]): Generator<AllowEntry> {
    const isExcepted = (address: string, names: readonly string[]): boolean =>
      except.some((each) =>
        canonicalAddress(each) === null
          ? names.some((name) => (each.startsWith('.') ? isInDomain(name, each) : name === each))
          : covers(each, address),
      );
    if (entry.startsWith('.')) {
      for (const [address, known] of this.questions.hosts()) {
        const name = known.find((each) => isInDomain(each, entry));
        if (name !== undefined && !isExcepted(address, known))
          yield { range: address, reason: `${reason} (${name})` };
      }
    } else if (canonicalAddress(entry) !== null) yield { range: entry, reason };
    else
      for (const address of this.#names.get(entry) ?? [])
        if (!isExcepted(address, [entry])) yield { range: address, reason };
  }

  async #read(file: string): Promise<void> {
    const { path } = ignoreFileOf(file);
    try {
      const read = await readIgnoreFile(file);
      const before = this.#files.get(file)?.problems ?? [];
      this.#files.set(file, read);
      const { names, domains } = sortIgnoreEntries(read.entries.map(({ entry }) => entry));
      this.#note({ names, domains, files: [], commands: [] });
      this.#problems.delete(path);
      for (const problem of read.problems) if (!before.includes(problem)) this.#parts.failed(path, problem);
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

  /** null: it is well again. */
  #fail(what: string, problem: string | null): void {
    if (problem === null) this.#problems.delete(what);
    else if (this.#problems.get(what) !== problem) {
      this.#problems.set(what, problem);
      this.#parts.failed(what, problem);
    }
  }
}

/** By DNS and the machine's own list, as its other programs see them. */
async function addressesOf(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

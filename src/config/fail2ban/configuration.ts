import { defaultSection, type Entry, type IniFile, type Section } from './ini.ts';
import type { Place } from './place.ts';

/** The section whose options are the values before they were set again: `%(known/…)s`. */
const knownPrefix = 'KNOWN/';

/** Several files as one: what a later one sets counts, and what it replaced is kept as known. */
export class Configuration {
  readonly defaults = new Map<string, Entry>();
  readonly #sections = new Map<string, Section>();
  /** The sections with lines that could not be read; null for lines outside of any. */
  readonly flawed = new Set<string | null>();
  /** Of DEFAULT, what could not be read. */
  readonly lost: string[] = [];
  /** The options that others have referred to. */
  readonly used = new Set<Entry>();

  /** In the order in which they were first opened; without DEFAULT. */
  sections(): string[] {
    return [...this.#sections.keys()].filter((name) => !name.startsWith(knownPrefix));
  }

  section(name: string): Section | undefined {
    return this.#sections.get(name);
  }

  /** The options that a section replaced by others. */
  known(name: string): ReadonlyMap<string, Entry> | undefined {
    return this.#sections.get(knownPrefix + name)?.entries;
  }

  add(file: IniFile): void {
    for (const { section } of file.flaws) this.flawed.add(section);
    this.lost.push(...file.lost);
    for (const [name, { at, entries }] of file.sections) {
      if (name === defaultSection) for (const [option, entry] of entries) this.defaults.set(option, entry);
      else this.#merge(name, at, entries);
    }
  }

  /** Puts options into a section by another way than a file. */
  set(name: string, option: string, entry: Entry): void {
    this.#sections.get(name)?.entries.set(option, entry);
  }

  #merge(title: string, at: Place, entries: ReadonlyMap<string, Entry>): void {
    // [Init?family=inet6] is Init with names that end in ?family=inet6.
    const [, base, condition = ''] = /^([\p{L}\p{N}_]+)(\?.+)$/u.exec(title) ?? [];
    const name = base ?? title;
    const before = this.#sections.get(name)?.entries;
    const target = this.#open(name, at);
    // It is there, perhaps without options, as soon as a second file has the section.
    const known = before === undefined ? undefined : this.#open(knownPrefix + name, at);
    for (const [option, entry] of entries) {
      const key = option + condition;
      const old = target.get(key);
      if (old !== undefined) known?.set(key, old);
      target.set(key, entry);
    }
  }

  #open(name: string, at: Place): Map<string, Entry> {
    const section = this.#sections.get(name) ?? { at, entries: new Map<string, Entry>() };
    this.#sections.set(name, section);
    return section.entries;
  }
}

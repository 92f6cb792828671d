import { readdirSync } from 'node:fs';
import path from 'node:path';
import { BailiffError } from '../../core/errors.ts';
import { Configuration } from './configuration.ts';
import { exists, type FileReader, IncludeWalk } from './includes.ts';
import { type IniFile, readIni } from './ini.ts';
import { isMissing, readText } from './read-text.ts';

/** More than these nobody reads. */
const mostProblems = 100;

/** Reads configurations below one folder, and lists what is wrong with their files; each file is read once. */
export class Files implements FileReader {
  readonly #folder: string;
  readonly #files = new Map<string, IniFile | null>();
  readonly #problems = new Map<string, BailiffError>();
  #further = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The first problems, and how many there are beyond. */
  get problems(): BailiffError[] {
    const problems = [...this.#problems.values()];
    if (this.#further === 0) return problems;
    const message = `${this.#further} further errors are not listed`;
    return [...problems, new BailiffError('fail2ban-invalid', message, { where: this.#folder })];
  }

  /** Where the file that comes first for a configuration would stand. */
  fileOf(name: string): string {
    return path.resolve(this.#folder, `${name}.conf`);
  }

  /**
   * Reads NAME.conf, NAME.d/*.conf, NAME.local and NAME.d/*.local, each behind what it includes before itself and
   * followed by what it includes after; null where there is none of them.
   */
  read(name: string): Configuration | null {
    const base = path.resolve(this.#folder, name);
    const named = [
      `${base}.conf`,
      ...this.#listed(`${base}.d`, '.conf'),
      `${base}.local`,
      ...this.#listed(`${base}.d`, '.local'),
    ];
    const walk = new IncludeWalk(this);
    const configuration = new Configuration();
    for (const file of walk.all(named.filter(exists))) {
      const parsed = this.file(file);
      if (parsed === null) configuration.flawed.add(null);
      else configuration.add(parsed);
    }
    return walk.visits === 0 ? null : configuration;
  }

  /** One file; null where it is missing or cannot be read at all, which is then among the problems. */
  file(file: string): IniFile | null {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const read = this.#readFile(file);
    this.#files.set(file, read);
    for (const { error } of read?.flaws ?? []) this.report(error);
    return read;
  }

  /** Lists a problem, once. */
  report(error: BailiffError): void {
    if (this.#problems.size < mostProblems) this.#problems.set(`${error.where} ${error.message}`, error);
    else this.#further += 1;
  }

  #readFile(file: string): IniFile | null {
    try {
      const text = readText(file);
      return text === null ? null : readIni(text, file);
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      this.report(error);
      return null;
    }
  }

  #listed(folder: string, extension: string): string[] {
    try {
      const names = readdirSync(folder).filter((name) => name.endsWith(extension) && !name.startsWith('.'));
      return names.sort().map((name) => path.join(folder, name));
    } catch (cause) {
      // Most configurations have no such folder.
      if (!isMissing(cause)) {
        const details = { where: folder, remedy: 'See to its permissions.', cause };
        this.report(new BailiffError('fail2ban-unreadable', 'the folder cannot be read', details));
      }
      return [];
    }
  }
}

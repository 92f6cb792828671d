import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { BailiffError } from '../../core/errors.ts';
import { quote } from '../show.ts';
import { Budget } from './budget.ts';
import { Configuration } from './configuration.ts';
import { type IniFile, readIni } from './ini.ts';
import { Interpolation } from './interpolate.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import { readText } from './read-text.ts';

/** Files of one configuration, with all that they include. fail2ban's own has four. */
const mostFiles = 256;
/** Files in one chain of includes. */
const deepestInclude = 16;

/** The section that names other files. */
export const includesSection = 'INCLUDES';

/** Reads configurations below one folder, and lists what is wrong with their files; each file is read once. */
export class Files {
  readonly #folder: string;
  readonly #files = new Map<string, IniFile | null>();
  readonly #problems = new Map<string, BailiffError>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get problems(): BailiffError[] {
    return [...this.#problems.values()];
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
      ...listed(`${base}.d`, '.conf'),
      `${base}.local`,
      ...listed(`${base}.d`, '.local'),
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
    this.#problems.set(`${error.where} ${error.message}`, error);
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
}

/** Follows the includes of one configuration. */
class IncludeWalk {
  readonly #files: Files;
  visits = 0;

  constructor(files: Files) {
    this.#files = files;
  }

  /** The files in the order in which they count, each followed by its .local, with their includes around them. */
  all(files: readonly string[], seen: readonly string[] = []): string[] {
    return withLocal(files).flatMap((file) => this.#withIncludes(file, seen));
  }

  #withIncludes(file: string, seen: readonly string[]): string[] {
    if (!exists(file)) return [];
    this.visits += 1;
    const parsed = this.#files.file(file);
    if (parsed === null) return [file];
    const alone = new Configuration();
    alone.add(parsed);
    const around = (option: string): string[] =>
      this.#included(alone, option).flatMap(({ text, at }) => this.#follow(file, text, at, seen));
    const before = around('before');
    return [...before, file, ...around('after')];
  }

  #included(alone: Configuration, option: string): { text: string; at: Place }[] {
    if (alone.section(includesSection) === undefined) return [];
    try {
      const value = new Interpolation(alone, new Budget()).get(includesSection, option);
      return value?.lines().filter(({ text }) => text !== '') ?? [];
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      this.#files.report(error);
      alone.flawed.add(null);
      return [];
    }
  }

  #follow(from: string, name: string, at: Place, seen: readonly string[]): string[] {
    const file = path.resolve(path.dirname(from), name);
    const refuse = (message: string, remedy: string): [] => {
      this.#files.report(problemAt(at, message, remedy, 'fail2ban-unreadable'));
      return [];
    };
    if (seen.includes(file) || file === from) {
      return refuse(`the include of ${quote(name)} leads back to it`, 'Remove it here or there.');
    }
    if (seen.length >= deepestInclude || this.visits >= mostFiles) {
      const message = `${quote(name)} is one include too many (${deepestInclude} deep, ${mostFiles} in all)`;
      return refuse(message, 'Include fewer files.');
    }
    // A .local is for what an owner may add one day.
    if (!exists(file) && !name.endsWith('.local')) {
      refuse(`there is no file ${quote(name)} to include`, 'Remove the line, or bring the file.');
    }
    return this.all([file], [...seen, from]);
  }
}

/** Each file, and the same with .local for its extension where there is one. */
function withLocal(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const { dir, name } = path.parse(file);
    const local = path.join(dir, `${name}.local`);
    return files.includes(local) || !isFile(local) ? [file] : [file, local];
  });
}

function listed(folder: string, extension: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(extension) && !name.startsWith('.'));
    return names.sort().map((name) => path.join(folder, name));
  } catch {
    // Most configurations have no such folder.
    return [];
  }
}

/** What cannot be looked at counts as there: reading it then says why. */
function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const absent = ['ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];
    return !(error instanceof Error && 'code' in error && absent.includes(String(error.code)));
  }
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

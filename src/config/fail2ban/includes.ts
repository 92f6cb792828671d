import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { BailiffError } from '../../core/errors.ts';
import { quote } from '../show.ts';
import { Budget } from './budget.ts';
import { Configuration } from './configuration.ts';
import type { IniFile } from './ini.ts';
import { Interpolation } from './interpolate.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';

/** Files of one configuration, with all that they include. fail2ban's own has four. */
const mostFiles = 256;
/** Files in one chain of includes. */
const deepestInclude = 16;

/** The section that names other files. */
export const includesSection = 'INCLUDES';

/** Who reads the files, and is told what is wrong with them. */
export interface FileReader {
  file(file: string): IniFile | null;
  report(error: BailiffError): void;
}

/** Follows the includes of one configuration. */
export class IncludeWalk {
  readonly #files: FileReader;
  /** The files that were there. */
  visits = 0;
  #includes = 0;

  constructor(files: FileReader) {
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
    if (this.#includes > mostFiles) return [];
    this.#includes += 1;
    const file = path.resolve(path.dirname(from), name);
    const refuse = (message: string, remedy: string): [] => {
      this.#files.report(problemAt(at, message, remedy, 'fail2ban-unreadable'));
      return [];
    };
    if (seen.includes(file) || file === from) {
      return refuse(`the include of ${quote(name)} leads back to it`, 'Remove it here or there.');
    }
    if (seen.length >= deepestInclude || this.#includes > mostFiles) {
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
    return files.includes(local) || !mayBeRead(local) ? [file] : [file, local];
  });
}

/** What cannot be looked at counts as there, and so does a link that leads nowhere: reading it then says why. */
export function exists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const absent = ['ENOTDIR', 'ENAMETOOLONG'];
    return !(error instanceof Error && 'code' in error && absent.includes(String(error.code)));
  }
}

/** A folder that has the name of a .local is passed over, as by fail2ban. */
function mayBeRead(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true && exists(file);
  } catch {
    return exists(file);
  }
}

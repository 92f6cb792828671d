import { BailiffError } from '../core/errors.ts';
import { type FilterAbout, type FilterDefinition, splitMode } from '../core/filter.ts';
import { aboutOf, definitionOf } from './filter-file.ts';
import type { FilterFile } from './filter-schema.ts';
import { loadFilterFile } from './filters.ts';

/** The filters there are. A file is read when its filter is first asked for: of many, few are used. */
export class FilterLibrary {
  readonly #files: ReadonlyMap<string, string>;
  readonly #read = new Map<string, FilterFile>();

  /** By name, as `findFilters` finds them. */
  constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** What is told of a filter; null: there is none of this name. @throws BailiffError as `loadFilterFile` */
  about(name: string): FilterAbout | null {
    return this.has(name) ? aboutOf(this.#fileOf(name)) : null;
  }

  /** The filter of a jail's `filter`, which may name a mode. @throws BailiffError as `loadFilterFile`; filter-mode */
  definition(name: string): FilterDefinition {
    const { filter, mode } = splitMode(name);
    const file = this.#files.get(filter) ?? '';
    return { ...definitionOf(this.#fileOf(filter), mode), file };
  }

  #fileOf(name: string): FilterFile {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const file = this.#files.get(name);
    if (file === undefined) throw new BailiffError('filter-not-found', `there is no filter "${name}"`);
    const read = loadFilterFile(file);
    this.#read.set(name, read);
    return read;
  }
}

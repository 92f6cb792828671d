import { copied } from '../core/batch.ts';
import { BailiffError, orError } from '../core/errors.ts';
import { type FilterAbout, type FilterDefinition, splitMode } from '../core/filter.ts';
import { readTextFile } from './file.ts';
import { aboutOf, definitionOf } from './filter-file.ts';
import type { FilterFile } from './filter-schema.ts';
import { loadToRun } from './filters.ts';

/** The filters there are. A file is read when its filter is first asked for: of many, few are used. */
export class FilterLibrary {
  readonly #files: ReadonlyMap<string, string>;
  readonly #read = new Map<string, FilterFile>();
  /** By name: the text that says which images a filter belongs to. */
  readonly #images = new Map<string, string>();

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

  /**
   * Whether a filter's file may name an image (without its tag): of the text alone, since reading all filters whole takes
   * half a second. False where it cannot be read, which is told where somebody wants the filter.
   */
  mayBelongTo(name: string, image: string): boolean {
    const images = this.#images.get(name) ?? imagesIn(this.#files.get(name) ?? '');
    this.#images.set(name, images);
    return images.includes(image);
  }

  /** The filter of a jail's `filter`, which may name a mode; its samples stay in its file. @throws BailiffError as `loadFilterFile`; filter-mode */
  definition(name: string): FilterDefinition {
    const { filter, mode } = splitMode(name);
    const file = this.#files.get(filter) ?? '';
    return { ...definitionOf(this.#fileOf(filter), mode), samples: [], file };
  }

  #fileOf(name: string): FilterFile {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const file = this.#files.get(name);
    if (file === undefined) throw new BailiffError('filter-not-found', `there is no filter "${name}"`);
    const read = loadToRun(file);
    this.#read.set(name, read);
    return read;
  }
}

/** The part of a filter's file in which its images stand; all of it, where it is not written as usual. */
function imagesIn(file: string): string {
  const text = orError(() => readTextFile(file));
  if (text === null || text instanceof BailiffError) return '';
  const part = /^images:.*(?:\n(?:[\s#-].*)?)*/m.exec(text)?.[0] ?? text;
  // A copy: a slice would keep the whole text alive.
  return copied(part, 0, part.length);
}

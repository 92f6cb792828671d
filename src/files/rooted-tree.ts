import {
  type BigIntStats,
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readlinkSync,
  watch,
} from 'node:fs';
import path from 'node:path';
import type { LogRoot } from '../core/types.ts';
import { firstNames } from './first-names.ts';
import { identityOf, traitsOf } from './traits.ts';
import type { Notice, Tree } from './tree.ts';

/** open(2); the same on every architecture that Node runs on under Linux. Node has no name for it. */
const O_PATH = 0o10_000_000;

/** As the kernel counts: path_resolution(7). */
const mostLinks = 40;
/** Names on the way, those in links included: each is a descriptor, and whoever writes here chooses how many there are. */
const mostNames = 256;

/** A name that was reached, and the folders on the way to it, from the root on. */
type Way = { readonly name: string; readonly descriptor: number }[];

/**
 * A folder in which somebody else writes, such as the file system of a container. Nothing outside of it can be
 * reached: each name is opened by itself, and what links say is looked up from the root again. So it does not
 * matter what is changed meanwhile, and nothing but regular files is ever opened for reading.
 */
export class RootedTree implements Tree {
  readonly name: string;
  readonly #root: LogRoot;

  constructor(root: LogRoot) {
    this.name = root.path;
    this.#root = root;
  }

  open(file: string): number {
    return this.#reach(file, (descriptor) => {
      if (!fstatSync(descriptor).isFile()) throw coded('EISDIR', 'is not a regular file');
      return openSync(pathOf(descriptor), constants.O_RDONLY | constants.O_NONBLOCK);
    });
  }

  stat(file: string): BigIntStats | undefined {
    return ifThere(() => this.#reach(file, (descriptor) => fstatSync(descriptor, { bigint: true })));
  }

  look(file: string): readonly number[] | undefined {
    return ifThere(() => this.#reach(file, (descriptor) => traitsOf(fstatSync(descriptor))));
  }

  list(folder: string, most: number): string[] {
    return this.#reach(folder, (descriptor) => firstNames(pathOf(descriptor), most));
  }

  target(file: string): string {
    try {
      return this.#reach(file, (_, names) => path.join(this.#root.at, ...names));
    } catch {
      return file;
    }
  }

  watch(folder: string, notice: Notice): FSWatcher {
    return this.#reach(folder, (descriptor) => watch(pathOf(descriptor), notice));
  }

  /** What was reached is closed afterwards. */
  #reach<Result>(file: string, use: (descriptor: number, names: string[]) => Result): Result {
    const way: Way = [{ name: '', descriptor: this.#openRoot() }];
    try {
      this.#walk(way, file);
      return use(
        last(way),
        way.slice(1).map(({ name }) => name),
      );
    } finally {
      for (const { descriptor } of way) closeSync(descriptor);
    }
  }

  #walk(way: Way, file: string): void {
    const rest = this.#namesOf(file, file);
    let links = 0;
    let names = 0;
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      if (++names > mostNames) throw coded('ENAMETOOLONG', `${file} leads through too many folders`);
      if (name === '..') this.#ascend(way, file);
      else {
        const link = descend(way, name);
        if (link === null) continue;
        if (++links > mostLinks) throw coded('ELOOP', `${file} leads through too many links`);
        if (path.isAbsolute(link)) cut(way, 1);
        rest.unshift(...(path.isAbsolute(link) ? this.#namesOf(link, file) : split(link)));
      }
    }
  }

  /** As in a file system: above the root of all is the root itself. */
  #ascend(way: Way, file: string): void {
    if (way.length > 1) cut(way, way.length - 1);
    else if (this.#root.at !== '/') throw this.#leadsOut(file, '..');
  }

  /** The names below the root. */
  #namesOf(absolute: string, file: string): string[] {
    const below = split(this.#root.at);
    const names = split(absolute);
    if (below.some((name, index) => names[index] !== name)) throw this.#leadsOut(file, absolute);
    return names.slice(below.length);
  }

  #leadsOut(file: string, target: string): Error {
    return coded('EXDEV', `${file} leads to ${target}, which is not in ${this.#root.at}`);
  }

  #openRoot(): number {
    const { path: root, identity } = this.#root;
    const descriptor = openSync(root, O_PATH | constants.O_DIRECTORY);
    if (identityOf(fstatSync(descriptor, { bigint: true })) === identity) return descriptor;
    closeSync(descriptor);
    throw coded('ENOENT', `${root} is not any more what it was`);
  }
}

/** Goes one name further; where that is a symbolic link, stays, and returns what it says. */
function descend(way: Way, name: string): string | null {
  const next = path.join(pathOf(last(way)), name);
  const descriptor = openSync(next, O_PATH | constants.O_NOFOLLOW);
  if (!fstatSync(descriptor).isSymbolicLink()) {
    way.push({ name, descriptor });
    return null;
  }
  closeSync(descriptor);
  return readlinkSync(next);
}

function cut(way: Way, length: number): void {
  for (const { descriptor } of way.splice(length)) closeSync(descriptor);
}

const last = (way: Way): number => way.at(-1)?.descriptor ?? -1;

const pathOf = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

const split = (file: string): string[] => file.split('/').filter((name) => name !== '' && name !== '.');

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function ifThere<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function isAbsent(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')
  );
}

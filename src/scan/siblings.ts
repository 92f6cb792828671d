import path from 'node:path';
import { packedSuffix, rotationOf } from '../core/rotation.ts';
import { identityOf } from '../files/traits.ts';
import type { LogName, Tree } from '../files/tree.ts';
import { OpenFile } from './open-file.ts';

/** Entries of a folder that are looked at. */
const mostEntries = 10_000;

export type Packing = 'gzip' | 'zstd' | 'other' | null;

/** A file in the folder of a log, or in that of the file which the log's name stands for. */
export interface Sibling extends LogName {
  readonly identity: string;
  readonly size: number;
  /** Seconds. */
  readonly changed: number;
  readonly packing: Packing;
}

/** The files beside a log, the log itself among them; those that are packed too. */
export function siblingsOf(log: LogName): Sibling[] {
  return namesBeside(log).flatMap((name) => siblingAt(log.tree, name) ?? []);
}

/** A file may vanish while its folder is looked at: all is looked for again, so often. */
const mostLooks = 4;

/**
 * The files whose names say that they held the log's text before: `.1`, `-20261122`, `.2.gz`; where the log is a
 * symbolic link, those named like the file it leads to, up to their digits. The youngest last. A packed file is
 * left out while the file is there of which it is made.
 */
export function rotatedOf(log: LogName): Sibling[] {
  let rotated = lookForRotated(log);
  for (let looks = 1; rotated.includes(null) && looks < mostLooks; looks++) rotated = lookForRotated(log);
  const found = rotated.filter((each) => each !== null);
  const paths = new Set(found.map((each) => each.path));
  return found
    .filter(({ path: name, packing }) => packing === null || !paths.has(name.replace(packedSuffix, '')))
    .sort((a, b) => a.changed - b.changed);
}

/** Null for each that was there a moment ago. */
function lookForRotated(log: LogName): (Sibling | null)[] {
  const { tree, path: named } = log;
  const live = tree.target(named);
  const linked = live !== named;
  return namesBeside(log)
    .filter(
      (name) =>
        name !== live && (isRotated(name, named) || isRotated(name, live) || (linked && isAlike(name, live))),
    )
    .map((name) => siblingAt(tree, name));
}

function isRotated(name: string, log: string): boolean {
  return path.dirname(name) === path.dirname(log) && rotationOf(path.basename(name), path.basename(log));
}

function isAlike(name: string, live: string): boolean {
  const shape = (text: string): string => text.replace(packedSuffix, '').replace(/\d+/g, '0');
  return shape(name) === shape(live);
}

function namesBeside({ tree, path: log }: LogName): string[] {
  const folders = new Set([path.dirname(log), path.dirname(tree.target(log))]);
  return [...folders].flatMap((folder) =>
    tree.list(folder, mostEntries).map((name) => path.join(folder, name)),
  );
}

function siblingAt(tree: Tree, name: string): Sibling | null {
  const stats = statIn(tree, name);
  if (stats === undefined || !stats.isFile()) return null;
  return {
    tree,
    path: name,
    identity: identityOf(stats),
    size: Number(stats.size),
    changed: Number(stats.mtimeNs) / 1e9,
    packing: packingOf(name),
  };
}

/** What a link leads to that may not be followed is not the log's: it must not keep the others from being read. */
function statIn(tree: Tree, name: string): ReturnType<Tree['stat']> {
  try {
    return tree.stat(name);
  } catch {
    return undefined;
  }
}

function packingOf(name: string): Packing {
  const [suffix] = packedSuffix.exec(name) ?? [];
  if (suffix === undefined) return null;
  return suffix === '.gz' ? 'gzip' : /^\.zstd?$/.test(suffix) ? 'zstd' : 'other';
}

/** A file was renamed or packed between the look at its folder and at itself, or all was looked at just now. */
export class LookAgain extends Error {}

/** @throws LookAgain where the file is there no more, under this name */
export function openSibling(sibling: Sibling): OpenFile {
  let file: OpenFile;
  try {
    file = new OpenFile(sibling);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw new LookAgain(sibling.path);
    throw thrown;
  }
  if (file.identity === sibling.identity) return file;
  file.close();
  throw new LookAgain(sibling.path);
}

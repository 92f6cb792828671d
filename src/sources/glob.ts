import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Folders below the first wildcard that are looked into, and entries looked at, for one pattern. */
const deepest = 12;
const mostEntries = 50_000;

/** Whether a path is a pattern. */
export function isPattern(file: string): boolean {
  return /[*?[]/.test(file);
}

/** The folder in which a pattern's first wildcard is looked for. */
export function baseOf(pattern: string): string {
  const parts = pattern.split('/');
  return parts.slice(0, parts.findIndex(isPattern)).join('/') || '/';
}

export interface Expansion {
  readonly paths: readonly string[];
  /** There was more to look at than is looked at. */
  readonly cut: boolean;
  /** Folders that could not be read: path and code. */
  readonly unreadable: readonly string[];
}

/**
 * The files (and whatever else is no folder) that a pattern matches now, in the order of their names. As in a
 * shell, a wildcard leaves out names with a dot first; `**` stands for any folders, but follows no symbolic links.
 */
export async function expand(pattern: string): Promise<Expansion> {
  const walk = new Walk();
  const base = baseOf(pattern);
  const segments = path.relative(base, pattern).split('/');
  await walk.into(base, segments, 0);
  const { found, cut, unreadable } = walk;
  return { paths: [...found].sort(), cut, unreadable };
}

class Walk {
  readonly found = new Set<string>();
  readonly unreadable: string[] = [];
  cut = false;
  #entries = 0;

  async into(folder: string, [segment = '', ...rest]: readonly string[], depth: number): Promise<void> {
    if (segment === '**') {
      await this.into(folder, rest.length === 0 ? ['*'] : rest, depth);
      if (depth >= deepest) this.cut = true;
      else
        for (const entry of await this.#read(folder)) {
          if (entry.isDirectory() && !entry.name.startsWith('.'))
            await this.into(path.join(folder, entry.name), ['**', ...rest], depth + 1);
        }
      return;
    }
    const matches = matcherOf(segment);
    for (const entry of await this.#read(folder)) {
      if (!matches(entry.name)) continue;
      const full = path.join(folder, entry.name);
      if (rest.length > 0) {
        if (entry.isDirectory() || entry.isSymbolicLink()) await this.into(full, rest, depth + 1);
      } else if (!entry.isDirectory() && !(entry.isSymbolicLink() && (await isFolder(full))))
        this.found.add(full);
    }
  }

  async #read(folder: string) {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const room = Math.max(0, mostEntries - this.#entries);
      this.#entries += entries.length;
      if (entries.length > room) this.cut = true;
      return entries.slice(0, room);
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.unreadable.push(`${folder} (${code})`);
      return [];
    }
  }
}

/** A link to nothing is a file that is yet to come. */
async function isFolder(link: string): Promise<boolean> {
  const stats = await stat(link).catch(() => null);
  return stats?.isDirectory() === true;
}

/** Of one name: `*`, `?`, `[a-z]`, `[!a-z]`. */
export function matcherOf(segment: string): (name: string) => boolean {
  if (!isPattern(segment)) return (name) => name === segment;
  const source = segment.replace(
    /\[([!^]?)(\]?[^\]]*)\]|\*+|\?|[^*?[]+|\[/g,
    (part, not: string, set?: string) => {
      if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
      if (part.startsWith('*')) return '.*';
      return part === '?' ? '.' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
  const regexp = new RegExp(`^${source}$`, 's');
  return (name) => regexp.test(name) && (segment.startsWith('.') || !name.startsWith('.'));
}

import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import { readHostsAccess } from '../core/hosts-access.ts';
import { allowedByHosts } from '../core/hosts-allow.ts';
import {
  type IgnoreFile,
  ignoreFileOf,
  type ListedEntry,
  readPlainEntry,
  sortIgnoreEntries,
} from '../core/ignore-entry.ts';
import { readBounded } from './bounded-file.ts';

/** Bytes of a file that are read. */
const longestFile = 1024 * 1024;
/** What is wrong with a file, as far as that is told. */
const mostProblems = 20;

/** Reads what stands behind an element of an ignore list (core/ignore-entry.ts). Rejects where it cannot be read. */
export async function readIgnoreFile(entry: string): Promise<IgnoreFile> {
  const { path, daemon } = ignoreFileOf(entry);
  const text = await textOf(path);
  const { entries, problems } =
    daemon === undefined
      ? readList(text, path)
      : allowedByHosts(readHostsAccess(text), { path, daemon, patternsIn });
  const more = problems.length - mostProblems;
  return {
    entries,
    problems: more > 0 ? [...problems.slice(0, mostProblems), `${path}: and ${more} more`] : problems,
  };
}

/** What of these elements of ignore lists protects nobody, as far as that can be seen without asking anybody. */
export async function ignoreProblems(entries: readonly string[]): Promise<readonly string[]> {
  const { files, commands } = sortIgnoreEntries([...new Set(entries)]);
  const found = await Promise.all([
    ...files.map((file) =>
      readIgnoreFile(file).then(
        ({ problems }) => problems,
        (error: unknown) => [`${ignoreFileOf(file).path}: ${messageOf(error)}`],
      ),
    ),
    ...commands.map((path) =>
      access(path, constants.X_OK).then(
        () => [],
        (error: unknown) => [`${path}: ${messageOf(error)}`],
      ),
    ),
  ]);
  return found.flat().map((problem) => `ignoreip: ${problem}`);
}

async function textOf(path: string): Promise<string> {
  // Whoever has put a pipe there holds nothing up.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is no file');
    if (stats.size > longestFile) throw new Error(`it is larger than ${longestFile} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Words of all lines, without what stands behind `#`. */
function readList(text: string, path: string): IgnoreFile {
  const entries: ListedEntry[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const where = `${path}:${index + 1}`;
    for (const word of (line.split('#')[0] ?? '').split(/[\s,]+/).filter(Boolean)) {
      const entry = readPlainEntry(word);
      if (entry === undefined) problems.push(`${where}: ${JSON.stringify(word.slice(0, 100))} names nobody`);
      else entries.push({ entry, where, except: [] });
    }
  }
  return { entries, problems };
}

/** Of a file that a rule of hosts.allow names: words, whatever they are. */
function patternsIn(path: string): readonly string[] | string {
  const text = readBounded(path, longestFile)?.toString('utf8');
  return text?.split(/\s+/).filter(Boolean) ?? 'it cannot be read';
}

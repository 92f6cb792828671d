import { lstatSync } from 'node:fs';
import path from 'node:path';
import { logsOf, packedSuffix } from '../core/rotation.ts';
import { type Expansion, expand } from './glob.ts';
import type { SourceHost } from './source.ts';
import type { Matches } from './wanted-files.ts';

/** Files that all patterns together may match: each open one costs a descriptor and some 20 kB. */
export const mostFiles = 2_000;

/** The patterns of the configuration: which files they match, and what of that is to be told in `status`. */
export class Patterns {
  readonly #patterns: readonly string[];
  readonly #host: Pick<SourceHost, 'report' | 'forget'>;
  readonly #said = new Map<string, string>();

  constructor(patterns: readonly string[], host: Pick<SourceHost, 'report' | 'forget'>) {
    this.#patterns = patterns;
    this.#host = host;
  }

  /** `knows`: whether a file of this path is or was read. */
  async expand(knows: (path: string) => boolean): Promise<Matches> {
    const matches = new Map<string, readonly string[]>();
    const all = new Set<string>();
    for (const pattern of this.#patterns) {
      // A file may be called exactly so.
      if (exists(pattern)) matches.set(pattern, [pattern]);
      else matches.set(pattern, this.#decide(pattern, await expand(pattern), all, knows));
    }
    return matches;
  }

  /** What was told of the patterns is told no more. */
  close(): void {
    for (const pattern of this.#said.keys()) this.#host.forget(`file:${pattern}`);
  }

  #decide(
    pattern: string,
    expansion: Expansion,
    all: Set<string>,
    knows: (path: string) => boolean,
  ): readonly string[] {
    const found = new Set(expansion.paths);
    const logs = expansion.paths.filter((each) => !isPart(each, (log) => found.has(log) || knows(log)));
    // What is read stays so, whatever else comes to match.
    const room = Math.max(0, mostFiles - all.size);
    const taken = logs.length <= room ? logs : [...logs].sort((a, b) => +knows(b) - +knows(a)).slice(0, room);
    for (const each of taken) all.add(each);
    this.#tell(pattern, expansion, taken.length, logs.length);
    return taken;
  }

  #tell(pattern: string, { cut, unreadable, paths }: Expansion, taken: number, logs: number): void {
    if (taken < logs)
      this.#say(
        pattern,
        'failed',
        `${logs} files match, and only ${mostFiles} are read: narrow the patterns`,
      );
    else if (cut)
      this.#say(pattern, 'failed', 'there are too many files or folders to look at: narrow the pattern');
    else if (unreadable.length > 0)
      this.#say(pattern, 'failed', `not all folders can be read: ${unreadable.slice(0, 5).join(', ')}`);
    else if (taken === 0) this.#say(pattern, 'waiting', 'no file matches yet');
    else {
      const left =
        paths.length - logs === 0 ? '' : `; ${paths.length - logs} rotated or packed ones left out`;
      this.#say(pattern, 'reading', `${taken} ${taken === 1 ? 'file' : 'files'}${left}`);
    }
  }

  #say(pattern: string, state: 'reading' | 'waiting' | 'failed', detail: string): void {
    if (this.#said.get(pattern) === detail) return;
    this.#said.set(pattern, detail);
    this.#host.report(`file:${pattern}`, state, detail);
  }
}

/** Packed, or a part that a rotation has split off from a log that is read. */
function isPart(file: string, isLog: (path: string) => boolean): boolean {
  const name = path.basename(file);
  return packedSuffix.test(name) || logsOf(name).some((log) => isLog(path.join(path.dirname(file), log)));
}

function exists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

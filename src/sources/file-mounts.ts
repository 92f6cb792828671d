import { readFile } from 'node:fs/promises';
import type { SourceHost } from './source.ts';
import type { WantedFile } from './wanted-files.ts';

/**
 * A file that is mounted alone stays the same file when it is renamed outside: a rotation takes it away, and what comes
 * in its place is never seen here. The kernel tells what such a mount stands for, under its present name.
 */
export class FileMounts {
  readonly #host: Pick<SourceHost, 'report'>;
  /** By path: what was mounted there when it was first seen. */
  readonly #first = new Map<string, string>();
  readonly #said = new Set<string>();

  constructor(host: Pick<SourceHost, 'report'>) {
    this.#host = host;
  }

  /** Says which of the files are not any more what was mounted. */
  async check(files: readonly WantedFile[]): Promise<void> {
    const mounts = readMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
    for (const { id, path } of files) {
      const now = mounts.get(path);
      if (now === undefined) continue;
      const first = this.#first.get(path) ?? now;
      this.#first.set(path, first);
      if (now === first || this.#said.has(id)) continue;
      this.#said.add(id);
      this.#host.report(
        id,
        'waiting',
        `outside it was renamed or removed (${now}), and only this one file is mounted: mount its directory instead`,
      );
    }
  }
}

/** What stands at each mount point, within its file system (proc(5), /proc/PID/mountinfo). */
export function readMounts(mountinfo: string): Map<string, string> {
  return new Map(
    mountinfo.split('\n').flatMap((line): [string, string][] => {
      const [, , , root, point] = line.split(' ');
      return root === undefined || point === undefined ? [] : [[plain(point), plain(root)]];
    }),
  );
}

/** Space, tab, newline and backslash are written as three octal digits. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

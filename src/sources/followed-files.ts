import { readAlike } from './jail-list.ts';
import type { OpenSource, SourceHost } from './source.ts';
import type { WantedFile } from './wanted-files.ts';

/** A file that was rotated may be without a successor for a moment; after this long, in seconds, it is gone. */
const goneAfter = 30;

interface Followed {
  wanted: WantedFile;
  readonly source: OpenSource;
  /** Since when it is not there any more, in seconds. */
  goneSince: number | null;
}

/** The files that are being read. */
export class FollowedFiles {
  readonly #host: Pick<SourceHost, 'open' | 'cursorOf' | 'now'>;
  readonly #files = new Map<string, Followed>();
  /** When it was last said which there are, in seconds. */
  #lookedAt: number | null = null;
  /** Whether what is not wanted is so because no jail asks for it any more. */
  #jailsChanged = false;

  constructor(host: Pick<SourceHost, 'open' | 'cursorOf' | 'now'>) {
    this.#host = host;
  }

  /** Whether a file of this path is or was read. */
  knows(path: string): boolean {
    return this.#files.has(`file:${path}`) || this.#host.cursorOf(`file:${path}`) !== null;
  }

  /** From now on others are wanted: those that are opened then need not be new, and those that are left out need not be gone. */
  jailsChanged(): void {
    this.#lookedAt = null;
    this.#jailsChanged = true;
  }

  /** Opens what is wanted; what is no more is read to its end and closed. */
  follow(wanted: readonly WantedFile[]): void {
    const now = this.#host.now();
    const isNew = ({ id }: WantedFile): boolean => this.#host.cursorOf(id) === null;
    // Those that were read before come first: a file may have come under the name of another one.
    for (const each of [...wanted].sort((a, b) => +isNew(a) - +isNew(b))) this.#open(each);
    this.#lookedAt = now;
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, file] of this.#files) {
      if (ids.has(id)) file.goneSince = null;
      else if (this.#jailsChanged) this.#leave(id, file);
      else this.#miss(id, file, now);
    }
    this.#jailsChanged = false;
  }

  close(): void {
    for (const { source } of this.#files.values()) source.close();
    this.#files.clear();
  }

  #open(wanted: WantedFile): void {
    const { id, path, encoding, jails } = wanted;
    const before = this.#files.get(id);
    if (before !== undefined && isSame(before.wanted, wanted)) {
      before.wanted = wanted;
      return;
    }
    const missingAt = this.#lookedAt === null ? {} : { missingAt: this.#lookedAt };
    const readers = jails.map(({ name }) => name);
    const input = { kind: 'file' as const, path, readers, encoding, ...missingAt };
    this.#files.set(id, { wanted, source: this.#host.open({ id, input, jails }), goneSince: null });
  }

  #leave(id: string, { source }: Followed): void {
    this.#files.delete(id);
    source.close();
  }

  #miss(id: string, file: Followed, now: number): void {
    file.goneSince ??= now;
    if (now - file.goneSince < goneAfter) return;
    this.#files.delete(id);
    void file.source.end('the file is gone');
    file.source.close();
  }
}

function isSame(a: WantedFile, b: WantedFile): boolean {
  return a.encoding === b.encoding && readAlike(a.jails, b.jails);
}

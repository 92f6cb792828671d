import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { SourceState } from '../core/types.ts';
import type { DockerClient } from '../docker/client.ts';
import { ArchivedLog } from './archived-log.ts';
import type { FilePlace, Holder } from './container-file.ts';
import { type Folder, type FoundWay, type WayOptions, wayTo } from './container-file-way.ts';
import type { SourceHost } from './source.ts';

export interface ContainerFileParts {
  readonly client: Pick<DockerClient, 'statInside' | 'readInside'>;
  readonly host: SourceHost;
  readonly options: WayOptions;
  readonly pauses: LookPauses;
}

/** In ms, before a file that is not there, or cannot be reached, is looked for again. */
export interface LookPauses {
  readonly first: number;
  /** It is doubled each time up to this one. */
  readonly longest: number;
}

export const usualLookPauses: LookPauses = { first: 1_000, longest: 10_000 };

/** Reads a log file through one container: looks for the way to it until there is one, then goes it. */
export class ContainerFileReader {
  readonly #holder: Holder;
  readonly #place: FilePlace;
  readonly #parts: ContainerFileParts;
  readonly #id: string;
  readonly #closed = new AbortController();
  /** Its reason is the sentence for `status`. */
  readonly #finishing = new AbortController();
  #forgotten = false;
  /** Whether nothing more is read. */
  #ended = false;
  #over = false;
  /** When it was last seen, in seconds, that there is no such file. */
  #missingAt: number | null = null;

  constructor(holder: Holder, place: FilePlace, parts: ContainerFileParts) {
    this.#holder = holder;
    this.#place = place;
    this.#parts = parts;
    const encoding = place.encoding === 'utf-8' ? '' : ` (${place.encoding})`;
    this.#id = `docker:${holder.container.name}:${holder.path}${encoding}`;
  }

  /** Whether its source is gone. */
  get isOver(): boolean {
    return this.#over;
  }

  get containerId(): string {
    return this.#holder.container.id;
  }

  /** Whether it reads this one already, and goes on with it. */
  isFor({ container, path, jails }: Holder): boolean {
    const { container: own, path: ownPath, jails: ownJails } = this.#holder;
    if (this.#finishing.signal.aborted || container.id !== own.id || path !== ownPath) return false;
    if (container.name !== own.name || container.pid !== own.pid) return false;
    // Jails from labels are made anew each time.
    return isDeepStrictEqual(jails, ownJails);
  }

  /** Until it is closed. Never rejects. */
  async run(): Promise<void> {
    const way = await this.#findWay();
    if (way?.kind === 'folder') await this.#readFolder(way);
    else if (way?.kind === 'archive') await this.#readArchive();
    else await this.#showEnd();
    this.#over = true;
  }

  /** What there is is still read. What it came to stays to be seen until it is closed or forgotten. */
  finish(reason: string): void {
    this.#finishing.abort(reason);
  }

  /** Closes it as soon as nothing more is read. */
  forget(): void {
    this.#forgotten = true;
    if (this.#ended) this.close();
  }

  async #showEnd(): Promise<void> {
    this.#ended = true;
    if (this.#forgotten) this.close();
    await abortOf(this.#closed.signal);
  }

  /** Its cursor stays. */
  close(): void {
    this.#closed.abort();
    this.#parts.host.forget(this.#id);
  }

  /** Null: it was closed, or is finished without any. */
  async #findWay(): Promise<FoundWay | null> {
    const awake = AbortSignal.any([this.#closed.signal, this.#finishing.signal]);
    const { first, longest } = this.#parts.pauses;
    for (let retry = first; !this.#closed.signal.aborted; retry = Math.min(retry * 2, longest)) {
      const isLast = this.#finishing.signal.aborted;
      const way = await this.#look();
      if (this.#closed.signal.aborted) break;
      if (way !== null) return way;
      if (isLast) {
        this.#report('ended', this.#finishing.signal.reason);
        break;
      }
      await pause(retry, undefined, { signal: awake, ref: false }).catch(() => undefined);
    }
    return null;
  }

  async #look(): Promise<FoundWay | null> {
    const { client, options, host } = this.#parts;
    const { container, path } = this.#holder;
    try {
      const way = await wayTo(container, path, client, options);
      if (way !== null || this.#closed.signal.aborted) return way;
      this.#missingAt = host.now();
      this.#report('waiting', 'the file does not exist yet');
    } catch (error) {
      const problem = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
      if (!this.#closed.signal.aborted) this.#report('failed', problem);
    }
    return null;
  }

  async #readFolder({ root, path, through }: Folder): Promise<void> {
    const { jails } = this.#holder;
    const { key: cursorKey, encoding } = this.#place;
    const readers = jails.map(({ name }) => name);
    const missing = this.#missingAt === null ? {} : { missingAt: this.#missingAt };
    const input = { kind: 'file', path, root, readers, encoding, ...missing } as const;
    const source = this.#parts.host.open({ id: this.#id, cursorKey, input, jails, through });
    const [closed, finishing] = [this.#closed.signal, this.#finishing.signal];
    await Promise.race([abortOf(closed), abortOf(finishing)]);
    if (!closed.aborted) await Promise.race([source.end(finishing.reason), abortOf(closed)]);
    await this.#showEnd();
    source.close();
  }

  async #readArchive(): Promise<void> {
    const { jails, container, path } = this.#holder;
    const { client, host } = this.#parts;
    const { key: cursorKey, encoding } = this.#place;
    const containerId = container.id;
    const log = new ArchivedLog({
      client,
      host,
      id: this.#id,
      cursorKey,
      containerId,
      path,
      jails,
      encoding,
      wasMissing: this.#missingAt !== null,
    });
    const finishing = this.#finishing.signal;
    void abortOf(finishing).then(() => log.finish(finishing.reason));
    await log.run(this.#closed.signal);
    await this.#showEnd();
    log.close();
  }

  #report(state: SourceState, detail: string): void {
    const jails = this.#holder.jails.map(({ name }) => name);
    this.#parts.host.report(this.#id, state, detail, jails);
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

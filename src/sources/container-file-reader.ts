import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageLine } from '../core/errors.ts';
import type { SourceState } from '../core/types.ts';
import type { DockerClient } from '../docker/client.ts';
import { aborted } from './aborted.ts';
import { usualSettle } from './archived-log.ts';
import type { FilePlace, Holder, Holders } from './container-file.ts';
import { type ReadingTask, readThrough } from './container-file-reading.ts';
import { type FoundWay, type WayOptions, wayTo } from './container-file-way.ts';
import type { SourceHost } from './source.ts';

export interface ContainerFileParts {
  readonly client: Pick<DockerClient, 'statInside' | 'readInside'>;
  readonly host: SourceHost;
  readonly options: WayOptions;
  readonly pauses: LookPauses;
}

/** What the readers of one engine's files share. */
export interface ReaderParts extends ContainerFileParts {
  /** By id in `status`: who reads under it. */
  readonly readers: Map<string, ContainerFileReader>;
  /** The container's file lies outside of the mount: no other has it. `ended`: why the container has, or null. */
  leadsOut(holder: Holder, place: FilePlace, ended: string | null): void;
}

/** In ms, before a file that is not there, or cannot be reached, is looked for again. */
export interface LookPauses {
  readonly first: number;
  /** It is doubled each time up to this one. */
  readonly longest: number;
  /** The same for a folder, where the archive API is read instead. */
  readonly better: number;
  /** Before the last look, once the container has stopped. */
  readonly settle: number;
}

export const usualLookPauses: LookPauses = {
  first: 1_000,
  longest: 10_000,
  better: 180_000,
  settle: usualSettle,
};

/** How long (ms) a file may be read on while a container waits that has taken over the name. */
const lastWordsMs = 10_000;

interface Found {
  readonly holder: Holder;
  readonly way: FoundWay;
}

/** Reads a log file through one of its containers: looks for a way to it until there is one, then goes it. */
export class ContainerFileReader {
  #holders: Holders;
  readonly #place: FilePlace;
  readonly #parts: ReaderParts;
  /** As in `status`; null: nothing was said yet. */
  #id: string | null = null;
  /** Whose way was taken. */
  #through: Holder | null = null;
  readonly #closed = new AbortController();
  /** Its reason is the sentence for `status`. */
  readonly #finishing = new AbortController();
  /** Nothing more is read. */
  readonly #ended = new AbortController();
  #forgotten = false;
  #over = false;
  /** When it was last seen, in seconds, that there is no such file. */
  #missingAt: number | null = null;

  constructor(holders: Holders, place: FilePlace, parts: ReaderParts) {
    this.#holders = holders;
    this.#place = place;
    this.#parts = parts;
  }

  /** Whether its source is gone. */
  get isOver(): boolean {
    return this.#over;
  }

  get containerId(): string | undefined {
    return (this.#through ?? this.#holders.all[0])?.container.id;
  }

  /** Whether it can read for these, too. As long as it looks for a way, it looks for theirs from now on. */
  goesOnFor(holders: Holders): boolean {
    if (this.#finishing.signal.aborted) return false;
    const through = this.#through;
    if (through === null) {
      this.#holders = holders;
      if (holders.all[0] !== undefined && this.#idOf(holders.all[0]) !== this.#id) this.#letGo();
      return true;
    }
    // Jails from labels are made anew each time.
    return (
      holders.all.some((each) => isSame(each, through)) &&
      isDeepStrictEqual(holders.jails, this.#holders.jails)
    );
  }

  /** Until it is closed. Never rejects. */
  async run(): Promise<void> {
    const found = await this.#find();
    if (found !== null) {
      const id = await this.#take(found.holder);
      if (!this.#closed.signal.aborted)
        await readThrough(found.way, this.#taskOf(id, found.holder), this.#parts);
    }
    await this.#showEnd();
    this.#over = true;
  }

  /** What there is is still read. What it came to stays to be seen until it is closed or forgotten. */
  finish(reason: string): void {
    this.#finishing.abort(reason);
  }

  /** Closes it as soon as nothing more is read. */
  forget(): void {
    this.#forgotten = true;
    if (this.#ended.signal.aborted) this.close();
  }

  async #showEnd(): Promise<void> {
    this.#ended.abort();
    if (this.#forgotten) this.close();
    await aborted(this.#closed.signal);
  }

  /** Its cursor stays. */
  close(): void {
    this.#closed.abort();
    this.#letGo();
  }

  /** Null: it was closed, or is finished without any. */
  async #find(): Promise<Found | null> {
    const awake = AbortSignal.any([this.#closed.signal, this.#finishing.signal]);
    const { first, longest, settle } = this.#parts.pauses;
    for (let retry = first; !this.#closed.signal.aborted; retry = Math.min(retry * 2, longest)) {
      const isLast = this.#finishing.signal.aborted;
      if (isLast) await this.#rest(settle, this.#closed.signal);
      const found = await this.#look();
      if (found !== null || this.#closed.signal.aborted) return found;
      if (isLast) {
        await this.#report('ended', this.#finishing.signal.reason);
        break;
      }
      await this.#rest(retry, awake);
    }
    return null;
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** Through the first that leads to it: one that does not, leaves the others as they are. */
  async #look(): Promise<Found | null> {
    const { client, options, host } = this.#parts;
    const problems: string[] = [];
    for (const holder of this.#holders.all) {
      const { container, path } = holder;
      const way = await wayTo(container, path, client, options).catch((error: unknown) => {
        problems.push(messageLine(error));
        return null;
      });
      if (this.#closed.signal.aborted) return null;
      if (way !== null && !this.#isElsewhere(holder, way)) {
        this.#through = holder;
        return { holder, way };
      }
    }
    const [problem] = problems;
    if (problem === undefined) this.#missingAt = host.now();
    if (problem === undefined) await this.#report('waiting', 'the file does not exist yet');
    else await this.#report('failed', problem);
    return null;
  }

  #isElsewhere(holder: Holder, { leadsOut }: FoundWay): boolean {
    if (!leadsOut || !this.#place.isShared) return false;
    const finishing = this.#finishing.signal;
    this.#letGo();
    this.#parts.leadsOut(holder, this.#place, finishing.aborted ? finishing.reason : null);
    return true;
  }

  #taskOf(id: string, holder: Holder): ReadingTask {
    const [closed, finishing] = [this.#closed.signal, this.#finishing.signal];
    const [place, missingAt, { jails }] = [this.#place, this.#missingAt, this.#holders];
    return { id, holder, jails, place, missingAt, closed, finishing, ended: () => this.#showEnd() };
  }

  async #report(state: SourceState, detail: string): Promise<void> {
    const { all, jails } = this.#holders;
    if (all[0] === undefined) return;
    const id = await this.#take(all[0]);
    const names = jails.map(({ name }) => name);
    if (!this.#closed.signal.aborted) this.#parts.host.report(id, state, detail, names);
  }

  #idOf({ container, path }: Holder): string {
    return `docker:${container.name}:${path}${this.#place.suffix}`;
  }

  /** Under the name of a container, one after the other: the one before reads to its end. */
  async #take(holder: Holder): Promise<string> {
    const { readers } = this.#parts;
    const id = this.#idOf(holder);
    if (id === this.#id) return id;
    this.#letGo();
    const before = readers.get(id);
    if (before !== undefined && this.#finishing.signal.aborted) this.close();
    if (this.#closed.signal.aborted) return id;
    readers.set(id, this);
    this.#id = id;
    await before?.giveWay();
    return id;
  }

  /** Another container has the name. Resolves when nothing is read under it any more. */
  async giveWay(): Promise<void> {
    this.finish('another container has its name');
    await Promise.race([aborted(this.#ended.signal), pause(lastWordsMs, undefined, { ref: false })]);
    this.close();
  }

  /** What another one says under the name by now stays. */
  #letGo(): void {
    const { readers, host } = this.#parts;
    const id = this.#id;
    this.#id = null;
    if (id === null || readers.get(id) !== this) return;
    readers.delete(id);
    host.forget(id);
  }
}

function isSame({ container, path }: Holder, other: Holder): boolean {
  const { id, name, pid } = other.container;
  return container.id === id && container.name === name && container.pid === pid && path === other.path;
}

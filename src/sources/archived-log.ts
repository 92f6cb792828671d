import { setTimeout as pause } from 'node:timers/promises';
import type { JailConfiguration } from '../config/schema.ts';
import { BailiffError, messageLine } from '../core/errors.ts';
import type { Encoding, SourceState } from '../core/types.ts';
import { type FoundInside, findInside } from '../docker/archive.ts';
import type { DockerClient } from '../docker/client.ts';
import { fingerprintLength, parseFileCursor } from '../files/file-cursor.ts';
import { aborted } from './aborted.ts';
import { FileHandover } from './file-handover.ts';
import type { OpenSource, SourceHost } from './source.ts';

export interface ArchivedLogParts {
  readonly client: Pick<DockerClient, 'statInside' | 'readInside'>;
  readonly host: SourceHost;
  /** As in `status`. */
  readonly id: string;
  readonly cursorKey: string;
  readonly containerId: string;
  /** Inside the container. */
  readonly path: string;
  readonly jails: readonly JailConfiguration[];
  readonly encoding?: Encoding;
  /** Whether it was seen already that there was no such file: all that is in it is new. */
  readonly wasMissing?: boolean;
  /** Why no better way is taken, for people. */
  readonly instead?: string;
  /** Tests shorten them. */
  readonly pauses?: Partial<ArchivePauses>;
}

/** In ms. */
export interface ArchivePauses {
  /** Between two looks at the file. */
  readonly look: number;
  /** After a failure; doubled after each. */
  readonly retry: number;
  readonly longestRetry: number;
  /** The longest after a reading that took long. */
  readonly longest: number;
  /** Before the last look, once the container has stopped. */
  readonly settle: number;
}

/**
 * How long a container that stopped may take to be removed: a look into it has the engine mount its files, and a
 * removal that is under way fails at them ("directory not empty", Docker 20.10).
 */
export const usualSettle = 2_000;

const usualPauses: ArchivePauses = {
  settle: usualSettle,
  look: 2_000,
  retry: 2_000,
  longestRetry: 60_000,
  longest: 1_200_000,
};
/** Each reading begins at the file's start: no more than a twentieth of the time is spent on it. */
const readingShare = 20;
/**
 * A reading that takes longer than this, in ms, has stalled. The engine keeps the container locked meanwhile, so that
 * `docker inspect` and `docker stop` wait for it (moby, daemon/archive.go). What it brought is kept.
 */
const patienceMs = 60_000;

/** Larger files are not read: each look at one that grows would cost the engine all of it. */
const mostBytes = 64 * 1024 * 1024;

type Outcome = 'read' | 'missing' | 'failed' | 'lost';

/**
 * Follows one log file inside a container by asking the engine for it again and again. What was judged is passed
 * over; a rotation is followed to `.1` and no further.
 */
export class ArchivedLog {
  readonly #parts: ArchivedLogParts;
  readonly #pauses: ArchivePauses;
  /** Its reason is the sentence for `status`. */
  readonly #finishing = new AbortController();
  #source: OpenSource | null = null;
  #handover: FileHandover | null = null;
  #wasMissing: boolean;
  /** As it was when all of it was read. */
  #seen: FoundInside | null = null;
  /** `.1` as it was when the file was known to be the one that is read; undefined: it was not looked at. */
  #older: FoundInside | null | undefined = undefined;
  /** What the last reading took, in ms. */
  #took = 0;
  #failure = '';

  constructor(parts: ArchivedLogParts) {
    this.#parts = parts;
    this.#pauses = { ...usualPauses, ...parts.pauses };
    this.#wasMissing = parts.wasMissing ?? false;
  }

  /** Until the signal aborts, or all is read after `finish`. Never rejects: what goes wrong is a state, and is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    let retry = this.#pauses.retry;
    while (!signal.aborted) {
      const { aborted: isLast, reason } = this.#finishing.signal;
      if (isLast) await this.#settle(signal);
      const outcome = await this.#look(signal);
      if (isLast && outcome !== 'lost' && (await this.#end(reason, outcome, signal))) return;
      if (outcome !== 'failed') retry = this.#pauses.retry;
      await this.#rest(outcome === 'failed' ? Math.max(retry, this.#pace) : this.#pace, signal);
      if (outcome === 'failed') retry = Math.min(retry * 2, this.#pauses.longestRetry);
    }
  }

  async #settle(signal: AbortSignal): Promise<void> {
    await pause(this.#pauses.settle, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** The container stopped: `run` reads once more to the end and says why it ended. A last line may lack its newline. */
  finish(reason: string): void {
    this.#finishing.abort(reason);
  }

  close(): void {
    this.#source?.close();
  }

  async #look(signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#readNew(signal);
    } catch (error) {
      if (signal.aborted || this.#source?.lost.aborted) return 'lost';
      this.#failure = messageLine(error);
      this.#report('failed', this.#failure);
      return 'failed';
    }
  }

  async #readNew(signal: AbortSignal): Promise<Outcome> {
    const { client, containerId, path, instead = '' } = this.#parts;
    const found = await findInside((at) => client.statInside(containerId, at), path);
    if (found === null) {
      this.#wasMissing = true;
      this.#report('waiting', 'the file does not exist yet');
      return 'missing';
    }
    if (found.size > mostBytes) throw tooLarge(found.path, instead);
    const { source, handover } = this.#opened(found);
    if (!isUnchanged(found, this.#seen)) {
      const reading = AbortSignal.any([signal, source.lost, AbortSignal.timeout(patienceMs)]);
      await this.#timed(() => this.#read(found, handover, reading));
      reading.throwIfAborted();
      this.#seen = found;
      handover.caughtUp();
    }
    const why = instead === '' ? '' : ` (${instead})`;
    source.report('reading', `through the archive API, every ${Math.round(this.#pace / 1_000)} s${why}`);
    return 'read';
  }

  /** A reading that fails costs the engine as much. */
  async #timed(read: () => Promise<void>): Promise<void> {
    const began = performance.now();
    try {
      await read();
    } finally {
      this.#took = performance.now() - began;
    }
  }

  /** Opened where there is something to read: the scanner says of what is open that it is being read. */
  #opened(found: FoundInside): { source: OpenSource; handover: FileHandover } {
    const [open, known] = [this.#source, this.#handover];
    if (open !== null && known !== null && !open.lost.aborted) return { source: open, handover: known };
    const { host, id, cursorKey, jails, encoding } = this.#parts;
    const input = { kind: 'stream', framing: 'file-pieces', ...(encoding && { encoding }) } as const;
    const source = host.open({ id, cursorKey, input, jails });
    const unknown = this.#wasMissing ? 0 : found.size;
    const handover = new FileHandover(source, parseFileCursor(source.cursor), unknown, () => host.now());
    this.#source = source;
    this.#handover = handover;
    this.#seen = null;
    return { source, handover };
  }

  async #read(found: FoundInside, handover: FileHandover, signal: AbortSignal): Promise<void> {
    // So little text may stand at the beginning of the next file, too.
    const isShort = handover.offset < fingerprintLength;
    let older = isShort ? await this.#statOlder(found) : null;
    const isDoubtful = isShort && this.#isNewlyRotated(older, handover.offset);
    if (!isDoubtful && (await this.#copy(found, handover, signal))) {
      if (isShort) this.#older = older;
      return;
    }
    older ??= await this.#statOlder(found);
    const isKept = older !== null && (await this.#copy(older, handover, signal));
    // Writers go on in the renamed file until they reopen their log.
    if (found.size === 0) return;
    this.#older = older;
    if (isDoubtful && !isKept && (await this.#copy(found, handover, signal))) return;
    await handover.restart(isKept);
    await this.#copy(found, handover, signal);
  }

  /** What the file was renamed to; null: nothing. */
  async #statOlder({ path }: FoundInside): Promise<FoundInside | null> {
    const { client, containerId } = this.#parts;
    const older = await client.statInside(containerId, `${path}.1`);
    return older?.kind === 'file' ? { ...older, path: `${path}.1` } : null;
  }

  /**
   * Whether `.1` is another file than it was. One that only grew may be the same, to which its writers added: it is
   * another, or all that is new in it lies behind the place, only where it was no longer than that.
   */
  #isNewlyRotated(older: FoundInside | null, offset: number): boolean {
    const before = this.#older;
    if (older === null || before === undefined) return false;
    if (before === null || older.size < before.size) return true;
    return before.size <= offset && !isUnchanged(older, before);
  }

  /** False: what was judged is not in this file. */
  async #copy(file: FoundInside, handover: FileHandover, signal: AbortSignal): Promise<boolean> {
    const { client, containerId } = this.#parts;
    if (file.size < handover.offset || file.size > mostBytes) return false;
    const content = await client.readInside(containerId, file.path, signal);
    if (content === null) return false;
    return handover.take({
      chunks: bounded(content, file.path, this.#parts.instead ?? ''),
      changed: file.changed,
    });
  }

  /** The pause after a look, in ms. */
  get #pace(): number {
    const { look, longest } = this.#pauses;
    return Math.max(look, Math.min(this.#took * readingShare, longest));
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const awake = AbortSignal.any([signal, this.#finishing.signal]);
    await pause(ms, undefined, { signal: awake }).catch(() => undefined);
  }

  /** False: the scanner lost it before it was judged. */
  async #end(reason: string, outcome: Outcome, signal: AbortSignal): Promise<boolean> {
    // A container that is removed at once takes along what came after the last reading.
    const gone = outcome === 'missing' && this.#source !== null ? 'the file is gone' : null;
    const unread = outcome === 'failed' ? this.#failure : gone;
    const said = unread === null ? reason : `${reason}; what came last was not read: ${unread}`;
    if (this.#source === null) {
      this.#report('ended', said);
      return true;
    }
    await Promise.race([this.#source.end(said), aborted(signal)]);
    return !this.#source.lost.aborted;
  }

  #report(state: SourceState, detail: string): void {
    const { host, id, jails } = this.#parts;
    if (this.#source !== null) this.#source.report(state, detail);
    else
      host.report(
        id,
        state,
        detail,
        jails.map(({ name }) => name),
      );
  }
}

function isUnchanged(found: FoundInside, seen: FoundInside | null): boolean {
  return found.path === seen?.path && found.size === seen.size && found.changed === seen.changed;
}

/** A file may have grown since it was looked at. */
async function* bounded(
  content: AsyncIterable<Uint8Array>,
  path: string,
  instead: string,
): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for await (const chunk of content) {
    yield chunk;
    taken += chunk.length;
    if (taken > mostBytes) throw tooLarge(path, instead);
  }
}

function tooLarge(where: string, instead: string): BailiffError {
  const message = `the file is larger than ${mostBytes / 1024 / 1024} MiB, and the engine hands it over only whole`;
  return new BailiffError('container-log-unreadable', message, {
    where,
    remedy: `Rotate it before, or open a way of container-files on which it is followed without the engine${instead === '' ? '' : ` (${instead})`}.`,
  });
}

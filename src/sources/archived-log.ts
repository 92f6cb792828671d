import { setTimeout as pause } from 'node:timers/promises';
import type { JailConfiguration } from '../config/schema.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Encoding, SourceState } from '../core/types.ts';
import { type FoundInside, findInside } from '../docker/archive.ts';
import type { DockerClient } from '../docker/client.ts';
import { fingerprint, parseFileCursor } from '../files/file-cursor.ts';
import { packFilePiece } from '../files/file-piece.ts';
import { fileStart, JudgedPart, lastBytes, type PlaceInFile } from './judged-part.ts';
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
  /** Tests shorten them. */
  readonly pauses?: ArchivePauses;
}

/** In ms. */
export interface ArchivePauses {
  /** Between two looks at the file. */
  readonly look: number;
  /** After a failure; doubled after each. */
  readonly retry: number;
  /** The longest there is. */
  readonly longest: number;
}

const usualPauses: ArchivePauses = { look: 2_000, retry: 2_000, longest: 60_000 };
/** Each reading begins at the file's start: no more than a twentieth of the time is spent on it. */
const readingShare = 20;
/**
 * A reading that takes longer than this, in ms, has stalled. The engine keeps the container locked meanwhile, so that
 * `docker inspect` and `docker stop` wait for it (moby, daemon/archive.go). What it brought is kept.
 */
const patienceMs = 60_000;

/** Larger files are not read: each look at one that grows would cost the engine all of it. */
const mostBytes = 64 * 1024 * 1024;

type Outcome = 'read' | 'failed' | 'lost';

/**
 * Follows one log file inside a container by asking the engine for it again and again. What was judged is passed
 * over; a rotation is followed to `.1` and no further.
 */
export class ArchivedLog {
  readonly #parts: ArchivedLogParts;
  readonly #pauses: ArchivePauses;
  readonly #finish = new AbortController();
  #finishing: string | null = null;
  #source: OpenSource | null = null;
  /** Behind what was handed over: the scanner keeps the line that is not finished. */
  #place: PlaceInFile = fileStart;
  /** The up to 256 bytes before the place, once that was found. */
  #before: Uint8Array = new Uint8Array();
  /** Whether the scanner knows the place. */
  #begun = false;
  /** Whether what lay before the place's beginning is lost. */
  #lost = false;
  /** Bytes whose age nobody knows: they were there when nothing of this file was known. */
  #old = 0;
  /** Whether what comes was written while nobody looked. */
  #resumed = true;
  #wasMissing = false;
  /** As it was when all of it was read. */
  #seen: FoundInside | null = null;
  /** What the last reading took, in ms. */
  #took = 0;
  #failure = '';

  constructor(parts: ArchivedLogParts) {
    this.#parts = parts;
    this.#pauses = parts.pauses ?? usualPauses;
  }

  /** Until the signal aborts, or all is read after `finish`. Never rejects: what goes wrong is a state, and is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    let retry = this.#pauses.retry;
    while (!signal.aborted) {
      const finishing = this.#finishing;
      const outcome = await this.#look(signal);
      if (finishing !== null && outcome !== 'lost' && (await this.#end(finishing, outcome, signal))) return;
      if (outcome !== 'failed') retry = this.#pauses.retry;
      await this.#rest(outcome === 'failed' ? retry : this.#pace, signal);
      if (outcome === 'failed') retry = Math.min(retry * 2, this.#pauses.longest);
    }
  }

  /** The container stopped: `run` reads once more to the end and says why it ended. A last line may lack its newline. */
  finish(reason: string): void {
    this.#finishing = reason;
    this.#finish.abort();
  }

  close(): void {
    this.#source?.close();
  }

  async #look(signal: AbortSignal): Promise<Outcome> {
    try {
      await this.#readNew(signal);
      return 'read';
    } catch (error) {
      if (signal.aborted || this.#source?.lost.aborted) return 'lost';
      this.#failure = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
      this.#report('failed', this.#failure);
      return 'failed';
    }
  }

  async #readNew(signal: AbortSignal): Promise<void> {
    const { client, containerId, path } = this.#parts;
    const found = await findInside((at) => client.statInside(containerId, at), path);
    if (found === null) {
      this.#wasMissing = true;
      this.#report('waiting', 'the file does not exist yet');
      return;
    }
    if (found.size > mostBytes) throw tooLarge(found.path);
    const source = this.#opened(found);
    if (!isUnchanged(found, this.#seen)) {
      const began = performance.now();
      const reading = AbortSignal.any([signal, source.lost, AbortSignal.timeout(patienceMs)]);
      await this.#read(found, source, reading);
      reading.throwIfAborted();
      this.#took = performance.now() - began;
      this.#seen = found;
      this.#resumed = false;
    }
    source.report('reading', `through the archive API, every ${Math.round(this.#pace / 1_000)} s`);
  }

  /** Opened where there is something to read: the scanner says of what is open that it is being read. */
  #opened(found: FoundInside): OpenSource {
    if (this.#source !== null && !this.#source.lost.aborted) return this.#source;
    const { host, id, cursorKey, jails, encoding } = this.#parts;
    const input = { kind: 'stream', framing: 'file-pieces', ...(encoding && { encoding }) } as const;
    const source = host.open({ id, cursorKey, input, jails });
    const cursor = parseFileCursor(source.cursor);
    this.#source = source;
    this.#moveTo(cursor ?? fileStart, false);
    const unknown = this.#wasMissing ? 0 : found.size;
    this.#old = cursor === null ? unknown : cursor.old;
    this.#resumed = cursor !== null || !this.#wasMissing;
    this.#seen = null;
    return source;
  }

  async #read(found: FoundInside, source: OpenSource, signal: AbortSignal): Promise<void> {
    if (await this.#copy(found, source, signal)) return;
    const { client, containerId } = this.#parts;
    const rotated = `${found.path}.1`;
    const older = await client.statInside(containerId, rotated);
    const isKept = older?.kind === 'file' && (await this.#copy({ ...older, path: rotated }, source, signal));
    // Writers go on in the renamed file until they reopen their log.
    if (found.size === 0) return;
    if (isKept) await source.write(packFilePiece({ kind: 'end' }));
    this.#moveTo(fileStart, !isKept);
    this.#old = 0;
    await this.#copy(found, source, signal);
  }

  /** Begins there anew. */
  #moveTo({ offset, hash }: PlaceInFile, lost: boolean): void {
    this.#place = { offset, hash };
    this.#lost = lost;
    this.#begun = false;
  }

  /** Hands over what lies behind the place; false: what lies before it is not the same, or not there. */
  async #copy(file: FoundInside, source: OpenSource, signal: AbortSignal): Promise<boolean> {
    const { client, containerId } = this.#parts;
    if (file.size < this.#place.offset || file.size > mostBytes) return false;
    const content = await client.readInside(containerId, file.path, signal);
    if (content === null) return false;
    const judged = new JudgedPart(this.#place);
    let isFound = false;
    for await (const chunk of content) {
      const next = judged.behind(chunk as Uint8Array);
      if (!judged.isPassed) continue;
      if (!isFound && !(await this.#begin(judged, source))) return false;
      isFound = true;
      await this.#hand(next, file.changed, source);
      if (this.#place.offset > mostBytes) throw tooLarge(file.path);
    }
    return isFound || this.#begin(judged, source);
  }

  /** False: it is not the place. */
  async #begin({ isSame, before }: JudgedPart, source: OpenSource): Promise<boolean> {
    if (!isSame) return false;
    this.#before = before;
    if (this.#begun) return true;
    this.#begun = true;
    const [{ offset }, old, lost] = [this.#place, this.#old, this.#lost];
    await source.write(packFilePiece({ kind: 'begin', offset, before, old, lost }));
    return true;
  }

  /** `changed`: when the file was, in seconds. A piece's lines must be of one age. */
  async #hand(bytes: Uint8Array, changed: number, source: OpenSource): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { offset } = this.#place;
      const piece = rest.subarray(0, offset < this.#old ? this.#old - offset : rest.length);
      const record = packFilePiece({ kind: 'bytes', ...this.#age(changed), bytes: piece });
      this.#before = lastBytes(this.#before, piece);
      this.#place = { offset: offset + piece.length, hash: fingerprint(this.#before) };
      rest = rest.subarray(piece.length);
      await source.write(record);
    }
  }

  /** Of lines without a date. Time 0 is older than any findtime: what may be years old never bans. */
  #age(changed: number): { undated: number; backlog: boolean } {
    const now = this.#parts.host.now();
    if (this.#place.offset < this.#old) return { undated: 0, backlog: true };
    return this.#resumed
      ? { undated: Math.min(now, changed), backlog: true }
      : { undated: now, backlog: false };
  }

  /** The pause after a look, in ms. */
  get #pace(): number {
    const { look, longest } = this.#pauses;
    return Math.max(look, Math.min(this.#took * readingShare, longest));
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const awake = AbortSignal.any([signal, this.#finish.signal]);
    await pause(ms, undefined, { signal: awake }).catch(() => undefined);
  }

  /** False: the scanner lost it before it was judged. */
  async #end(reason: string, outcome: Outcome, signal: AbortSignal): Promise<boolean> {
    const said = outcome === 'failed' ? `${reason}; what came last was not read: ${this.#failure}` : reason;
    if (this.#source === null) {
      this.#report('ended', said);
      return true;
    }
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await Promise.race([this.#source.end(said), aborted]);
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

function tooLarge(where: string): BailiffError {
  const message = `the file is larger than ${mostBytes / 1024 / 1024} MiB, and the engine hands it over only whole`;
  return new BailiffError('container-log-unreadable', message, {
    where,
    remedy: 'Rotate it before, or keep its folder in a volume, where it is followed without the engine.',
  });
}

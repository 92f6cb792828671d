import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Input } from '../core/types.ts';
import {
  type FileCursor,
  type FilePosition,
  formatFileCursor,
  parseFileCursor,
} from '../files/file-cursor.ts';
import { logNamed } from '../files/tree.ts';
import type { CriLines } from './cri-lines.ts';
import { type Coding, codingOf, searchable } from './encoding.ts';
import type { Follower, Judged } from './judged.ts';
import { LogFiles, ReadElsewhere } from './log-files.ts';
import { type BatchMaker, nowMs, type Output } from './output.ts';
import { PackedPlace } from './packed-place.ts';
import { type Piece, Place } from './place.ts';
import type { Reading, Scan } from './scan.ts';
import { LookAgain } from './siblings.ts';
import type { TakeLines } from './timed-lines.ts';
import { Wake } from './wake.ts';

/** For this long, in ms, lines may still come into a file that has lost its name: writers reopen one by one. */
const lateMs = 10_000;

const missing = 'the file does not exist yet';
const onlyMounted =
  'the file was removed where it really lies, and only its own mount still shows it: mount its directory instead of the file';

export interface TailParts {
  readonly scan: Scan;
  readonly batches: BatchMaker;
  readonly output: Output;
  /** Shared by all tails of a worker. */
  readonly judged: Judged;
  /** ms since the epoch. */
  readonly now?: () => number;
  /** Makes text of lines that a container runtime wrote; absent: they are text. */
  readonly format?: CriLines | null;
}

/**
 * Reads one log from its cursor on, over renames, truncation and packing (which files these are, LogFiles knows).
 * Every whole line is judged once. Polling is what it relies on; notices of the kernel only make it faster.
 */
export class Tail {
  readonly #path: string;
  readonly #files: LogFiles;
  readonly #follower: Follower;
  readonly #coding: Coding;
  readonly #scan: Scan;
  readonly #batches: BatchMaker;
  readonly #output: Output;
  readonly #judged: Judged;
  readonly #wake: Wake;
  readonly #nowMs: () => number;
  /** Makes text of lines that a container runtime wrote; null: they are text. */
  readonly #format: CriLines | null;
  #cursor: FileCursor | null;
  #place: Place | PackedPlace | null = null;
  /** The file before, until `#lateUntil` (ms). */
  #late: Place | null = null;
  #lateUntil = 0;
  /** Where the file before that was left. */
  #last: FilePosition | null = null;
  /** Whether files that were rotated while nobody looked are being read, and the bytes of those that come next. */
  #catchingUp = false;
  #toCome = 0;
  /** When it was first seen that there is no file, in seconds. */
  #missingSince: number | null;
  #state = '';
  /** Whether to look again soon, though nothing may change that can be seen. */
  #soon = false;
  #finishing = false;
  #closed = false;

  constructor(input: Extract<Input, { kind: 'file' }>, cursor: string | null, parts: TailParts) {
    this.#path = input.path;
    this.#coding = codingOf(input.encoding ?? 'utf-8', parts.scan.keeps);
    this.#missingSince = input.missingAt ?? null;
    this.#format = parts.format ?? null;
    this.#cursor = parseFileCursor(cursor);
    this.#scan = parts.scan;
    this.#scan.lastDate = this.#cursor?.date ?? null;
    this.#batches = parts.batches;
    this.#output = parts.output;
    this.#judged = parts.judged;
    this.#nowMs = parts.now ?? nowMs;
    const log = logNamed(input.path, input.root);
    this.#wake = new Wake(log);
    this.#follower = {
      path: `${input.path}${input.root === undefined ? '' : ` in ${log.tree.name}`}`,
      readers: input.readers,
    };
    this.#files = new LogFiles(log, this.#follower, this.#coding, this.#judged);
    this.#judged.begin(this.#follower);
    // Another tail may come upon these files under other names.
    if (this.#cursor !== null) this.#judged.note(this.#follower, this.#cursor, true);
    if (this.#cursor?.late != null) this.#judged.note(this.#follower, this.#cursor.late, true);
  }

  /** Reads until it is closed. Never rejects: what goes wrong is a state, and is tried again. */
  async run(): Promise<void> {
    while (!this.#closed) {
      if (this.#output.full) {
        await this.#output.room();
        continue;
      }
      const progress = await this.#tryStep();
      if (progress) {
        // Between two chunks the other sources and the main thread's commands have their turn.
        await setImmediate();
      } else if (this.#finishing && !this.#soon) this.#end();
      else await this.#wake.next(this.#soon || this.#late !== null);
    }
    this.#leave();
    if (this.#cursor !== null) this.#release(this.#cursor);
  }

  /** The file is gone for good: ends when all of it is judged. */
  finish(): void {
    this.#finishing = true;
    this.#wake.fire();
  }

  close(): void {
    this.#closed = true;
    this.#wake.close();
  }

  async #tryStep(): Promise<boolean> {
    this.#wake.look();
    this.#soon = false;
    try {
      return await this.#step();
    } catch (thrown) {
      this.#soon = thrown instanceof LookAgain;
      if (thrown instanceof ReadElsewhere) this.#wait(thrown.message);
      // What is open is read to its end, whatever has become of its folder.
      else if (!this.#soon && !(this.#finishing && this.#place !== null)) this.#fail(thrown);
      return false;
    }
  }

  /** Reads one chunk, or changes files; false where there is nothing to do until something happens. */
  async #step(): Promise<boolean> {
    if (this.#place === null) return this.#open();
    if (this.#drain() || (await this.#read(this.#place))) return true;
    if (this.#closed || (await this.#rotated(this.#place))) return true;
    this.#catchingUp = false;
    return false;
  }

  async #open(): Promise<boolean> {
    const cursor = this.#cursor;
    const opening = await this.#files.begin(cursor, this.#missingSince);
    if (this.#closed) opening?.place.close();
    if (this.#closed) return false;
    if (opening === null) {
      this.#wait(missing);
      return false;
    }
    this.#wake.watchFile();
    this.#place = opening.place;
    if (opening.kind === 'other') this.#format?.forget();
    if (opening.kind === 'rest') this.#beginCatchingUp(opening.place);
    this.#sayReading();
    if (cursor?.late != null) this.#openLate(cursor.late);
    if (cursor !== null) this.#release(cursor);
    // From now on it is known what came after this moment, also where the file is empty.
    if (cursor === null) this.#post(0, this.#nowMs());
    return true;
  }

  /** Files of the cursor that are not read on: another tail may come upon them. */
  #release(cursor: FileCursor): void {
    const open = new Set([this.#place?.position.file, this.#late?.position.file]);
    for (const position of [cursor, cursor.late])
      if (position !== null && !open.has(position.file)) this.#judged.note(this.#follower, position, false);
  }

  #wait(why: string): void {
    this.#missingSince ??= this.#nowMs() / 1_000;
    this.#setState('waiting', why);
  }

  #openLate(position: FilePosition): void {
    this.#late = this.#files.late(position);
    this.#lateUntil = this.#nowMs() + lateMs;
  }

  /** Reads what still came into the file before; after its time it is closed. */
  #drain(): boolean {
    if (this.#late === null) return false;
    const readAtMs = this.#nowMs();
    const piece = this.#late.read(readAtMs / 1_000);
    if (piece === 'truncated') this.#late.restart();
    else if (piece !== null) this.#take(piece, readAtMs);
    else if (readAtMs < this.#lateUntil) return false;
    else this.#post(this.#endLate(readAtMs), readAtMs);
    return true;
  }

  /** Its last line may lack its newline: it is judged now. Returns its bytes. */
  #endLate(readAtMs: number): number {
    if (this.#late === null) return 0;
    const bytes = this.#judge(this.#late.flush(readAtMs / 1_000));
    this.#last = this.#late.position;
    this.#judged.note(this.#follower, this.#last, false);
    this.#late.close();
    this.#late = null;
    return bytes;
  }

  /** What is read of a plain file must be judged before anything is awaited: all files share a buffer. */
  async #read(place: Place | PackedPlace): Promise<boolean> {
    const readAtMs = this.#nowMs();
    const now = readAtMs / 1_000;
    const piece = place instanceof PackedPlace ? await place.read(now) : place.read(now);
    if (this.#closed || piece === null) return false;
    if (piece === 'truncated') await this.#truncated();
    else this.#take(piece, readAtMs);
    return true;
  }

  async #truncated(): Promise<void> {
    const place = this.#place;
    if (!(place instanceof Place)) return;
    const rest = await this.#files.afterTruncation(place, this.#cursor?.at ?? null);
    if (this.#closed) rest?.close();
    if (this.#closed) return;
    if (rest === null) {
      place.restart();
      if (this.#cursor !== null) this.#cursor = { ...this.#cursor, at: this.#nowMs() / 1_000 };
    } else {
      place.close();
      this.#place = rest;
      this.#beginCatchingUp(rest);
    }
    this.#sayReading();
  }

  #take(piece: Piece, readAtMs: number): void {
    if (piece.block !== null) this.#post(this.#judge(piece), readAtMs);
  }

  /** Returns the bytes judged. */
  #judge({ block, reading }: Piece): number {
    if (block === null) return 0;
    if (this.#format === null)
      this.#scan.block(searchable(block, this.#coding), reading, this.#batches.found);
    else this.#format.push(block, this.#judgeTimed(reading));
    return block.length;
  }

  #judgeTimed(reading: Reading): TakeLines {
    return (lines, transport, of) =>
      this.#scan.block(lines, { ...reading, transport, ...of }, this.#batches.found);
  }

  /** With what is wrong with the lines, or may be missing. */
  #sayReading(): void {
    const problem = this.#format?.problem ?? null;
    const detail = [problem?.text, this.#files.gap].filter(Boolean).join('; ');
    this.#setState(problem?.fatal === true ? 'failed' : 'reading', detail);
  }

  #post(bytes: number, readAtMs: number): void {
    if (this.#place === null) return;
    const { position, old, lag } = this.#place;
    const late = this.#late?.position ?? null;
    // Not `readAtMs`: a copy that was made before the read, and lacks what was read, must not look younger.
    this.#cursor = { ...position, old, late, at: this.#nowMs() / 1_000, date: this.#scan.lastDate };
    this.#judged.note(this.#follower, position, true);
    if (late !== null) this.#judged.note(this.#follower, late, true);
    const behind = lag + (this.#late?.lag ?? 0) + (this.#catchingUp ? this.#toCome : 0);
    const text = formatFileCursor(this.#cursor);
    const cursor = this.#format?.cursorAt(text) ?? text;
    this.#output.post(this.#batches.take(cursor, bytes, readAtMs, behind));
    if (this.#format !== null) this.#sayReading();
  }

  /**
   * At the end of the file: goes on with the next one, if there is one. The change is made once that has
   * text, since writers go on in the renamed one until they reopen their log.
   */
  async #rotated(place: Place | PackedPlace): Promise<boolean> {
    const named = this.#files.named();
    if (named?.identity === place.identity && place instanceof Place) {
      if (named.links === 0) this.#setState('waiting', onlyMounted);
      else this.#sayReading();
      return false;
    }
    // Opened before anything changes: where that fails, all stays as it was.
    const next = await this.#files.next(place, named, this.#last, this.#catchingUp);
    if (next === null) return false;
    // What came between the last read and now.
    if (this.#closed || (await this.#read(place))) {
      next.place.close();
      return true;
    }
    this.#catchingUp ||= next.unseen;
    this.#goOn(place, next.place);
    return true;
  }

  #goOn(place: Place | PackedPlace, next: Place | PackedPlace): void {
    const readAtMs = this.#nowMs();
    const bytes = this.#endLate(readAtMs) + this.#leavePlace(place, readAtMs);
    this.#place = next;
    if (this.#catchingUp) this.#beginCatchingUp(next);
    this.#wake.watchFile();
    this.#post(bytes, readAtMs);
    this.#sayReading();
  }

  /** A packed file is over; into a plain one lines may still come. Returns the bytes judged. */
  #leavePlace(place: Place | PackedPlace, readAtMs: number): number {
    if (place instanceof Place) {
      this.#late = place;
      this.#lateUntil = readAtMs + lateMs;
      return 0;
    }
    if (place.problem !== '') this.#files.noteGap(place.problem);
    const bytes = this.#judge(place.flush(readAtMs / 1_000));
    this.#judged.note(this.#follower, place.position, false);
    place.close();
    return bytes;
  }

  #beginCatchingUp(place: Place | PackedPlace): void {
    this.#catchingUp = true;
    this.#toCome = this.#files.bytesAfter(place);
  }

  /** The file is gone, and all of it read: its last line may lack its newline. */
  #end(): void {
    const readAtMs = this.#nowMs();
    let bytes = this.#endLate(readAtMs);
    const last = this.#place?.flush(readAtMs / 1_000) ?? null;
    if (last !== null) {
      bytes += this.#judge(last);
      this.#format?.flush(this.#judgeTimed(last.reading));
    }
    this.#post(bytes, readAtMs);
    this.#setState('ended', '');
    this.close();
  }

  #fail(thrown: unknown): void {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') this.#setState('waiting', missing);
    else this.#setState('failed', `${this.#path}: ${messageOf(thrown)}`);
    this.#leave();
  }

  #leave(): void {
    this.#place?.close();
    this.#place = null;
    this.#late?.close();
    this.#late = null;
  }

  #setState(state: 'reading' | 'waiting' | 'failed' | 'ended', detail: string): void {
    const said = `${state} ${detail}`;
    if (said === this.#state) return;
    this.#state = said;
    this.#output.state(state, detail);
  }
}

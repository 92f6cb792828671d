import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { CriLines } from './cri-lines.ts';
import {
  type FileCursor,
  type FilePosition,
  fingerprintLength,
  formatFileCursor,
  parseFileCursor,
} from './file-cursor.ts';
import { findNext, findRenamed, identify, OpenFile } from './open-file.ts';
import { type BatchMaker, nowMs, type Output } from './output.ts';
import { type Piece, Place } from './place.ts';
import type { Reading, Scan } from './scan.ts';
import type { TakeLines } from './timed-lines.ts';
import { Wake } from './wake.ts';

/** For this long, in ms, lines may still come into a file that has lost its name: writers reopen one by one. */
const lateMs = 10_000;

/**
 * Follows one log by its name, over renames and truncation, from its cursor on. Every whole line is
 * judged once. Polling is what it relies on; notices of the kernel only make it faster.
 */
export class Tail {
  readonly #path: string;
  readonly #scan: Scan;
  readonly #batches: BatchMaker;
  readonly #output: Output;
  readonly #wake: Wake;
  readonly #nowMs: () => number;
  /** Makes text of lines that a container runtime wrote; null: they are text. */
  readonly #format: CriLines | null;
  #cursor: FileCursor | null;
  #place: Place | null = null;
  /** The file before, until `#lateUntil` (ms). */
  #late: Place | null = null;
  #lateUntil = 0;
  /** Whether files that were rotated while nobody looked are being read. */
  #catchingUp = false;
  /** When it was first seen that there is no file, in seconds. */
  #missingSince: number | null = null;
  #state = '';
  #ending = false;
  #closed = false;

  /** `now` gives ms since the epoch. */
  constructor(
    path: string,
    cursor: string | null,
    scan: Scan,
    batches: BatchMaker,
    output: Output,
    now = nowMs,
    format: CriLines | null = null,
  ) {
    this.#path = path;
    this.#format = format;
    this.#cursor = parseFileCursor(cursor);
    this.#scan = scan;
    this.#batches = batches;
    this.#output = output;
    this.#nowMs = now;
    this.#wake = new Wake(path);
  }

  /** Reads until it is closed. Never rejects: what goes wrong is a state, and is tried again. */
  async run(): Promise<void> {
    while (!this.#closed) {
      if (this.#output.full) {
        await this.#output.room();
        continue;
      }
      let progress = false;
      try {
        progress = this.#step();
      } catch (thrown) {
        this.#fail(thrown);
      }
      if (!progress && this.#ending) this.#finish();
      // Between two chunks the other sources and the main thread's commands have their turn.
      await (progress ? setImmediate() : this.#wake.next());
    }
    this.#leave();
  }

  /** Nothing more is written: reads to the end, judges what is unfinished, and is over with the state `ended`. */
  end(): void {
    this.#ending = true;
  }

  close(): void {
    this.#closed = true;
    this.#wake.close();
  }

  /** Reads one chunk, or changes files; false where there is nothing to do until something happens. */
  #step(): boolean {
    if (this.#place === null) return this.#open();
    if (this.#drain() || this.#read(this.#place) || this.#rotated(this.#place)) return true;
    this.#catchingUp = false;
    return false;
  }

  #open(): boolean {
    const found = identify(this.#path);
    const cursor = this.#cursor;
    const renamed =
      cursor !== null && found?.identity !== cursor.file ? findRenamed(this.#path, cursor) : null;
    if (renamed === null && found === null) {
      this.#missingSince ??= this.#nowMs() / 1_000;
      this.#setState('waiting', 'the file does not exist yet');
      return false;
    }
    this.#wake.watchFile();
    this.#place = this.#placeIn(renamed ?? new OpenFile(this.#path), cursor);
    this.#catchingUp = renamed !== null;
    this.#setState('reading', '');
    if (cursor?.late != null) this.#openLate(cursor.late);
    // From now on it is known what came after this moment, also where the file is empty.
    if (cursor === null) this.#post(0, this.#nowMs());
    return true;
  }

  #placeIn(file: OpenFile, cursor: FileCursor | null): Place {
    const { size, born } = file.stat();
    if (cursor !== null && this.#continues(file, cursor))
      return new Place(file, cursor.offset, { old: cursor.old, backlog: size });
    this.#format?.forget();
    if (cursor !== null) return new Place(file, 0, { old: 0, backlog: size });
    // File systems round times, some to a second.
    const madeMeanwhile = this.#missingSince !== null && born > this.#missingSince - 1;
    return new Place(file, 0, madeMeanwhile ? { old: 0, backlog: 0 } : { old: size, backlog: size });
  }

  /**
   * Whether the file goes on behind the cursor. Device numbers change when a machine or a volume is
   * restarted, so the same bytes at the same place count too, where there are enough of them.
   */
  #continues(file: OpenFile, cursor: FilePosition): boolean {
    return (file.identity === cursor.file || cursor.offset >= fingerprintLength) && file.holds(cursor);
  }

  #openLate(position: FilePosition): void {
    const file = findRenamed(this.#path, position);
    if (file === null) return;
    this.#late = new Place(file, position.offset, { old: 0, backlog: file.stat().size });
    this.#lateUntil = this.#nowMs() + lateMs;
  }

  /** Reads what still came into the file before; after its time it is closed. */
  #drain(): boolean {
    if (this.#late === null) return false;
    if (this.#read(this.#late)) return true;
    const readAtMs = this.#nowMs();
    if (readAtMs < this.#lateUntil) return false;
    this.#post(this.#endLate(readAtMs), readAtMs);
    return true;
  }

  /** Its last line may lack its newline: it is judged now. Returns its bytes. */
  #endLate(readAtMs: number): number {
    const bytes = this.#late === null ? 0 : this.#judge(this.#late.flush(readAtMs / 1_000));
    this.#late?.close();
    this.#late = null;
    return bytes;
  }

  #read(place: Place): boolean {
    const readAtMs = this.#nowMs();
    const piece = place.read(readAtMs / 1_000);
    if (piece === null) return false;
    if (piece.block !== null) this.#post(this.#judge(piece), readAtMs);
    return true;
  }

  /** Returns the bytes judged. */
  #judge({ block, reading }: Piece): number {
    if (block === null) return 0;
    if (this.#format === null) this.#scan.block(block, reading, this.#batches.found);
    else this.#format.push(block, this.#judgeTimed(reading));
    return block.length;
  }

  #judgeTimed(reading: Reading): TakeLines {
    return (lines, transport) => this.#scan.block(lines, { ...reading, transport }, this.#batches.found);
  }

  #post(bytes: number, readAtMs: number): void {
    if (this.#place === null) return;
    const { position, old, lag } = this.#place;
    this.#cursor = { ...position, old, late: this.#late?.position ?? null };
    const text = formatFileCursor(this.#cursor);
    const cursor = this.#format?.cursorAt(text) ?? text;
    this.#output.post(this.#batches.take(cursor, bytes, readAtMs, lag));
    this.#sayProblem();
  }

  #sayProblem(): void {
    const problem = this.#format?.problem ?? null;
    if (problem !== null) this.#setState(problem.fatal ? 'failed' : 'reading', problem.text);
  }

  #finish(): void {
    const readAtMs = this.#nowMs();
    const now = readAtMs / 1_000;
    const late = this.#endLate(readAtMs);
    const last = this.#place?.flush(now) ?? null;
    const bytes = last === null ? 0 : this.#judge(last);
    if (last !== null) this.#format?.flush(this.#judgeTimed(last.reading));
    this.#post(late + bytes, readAtMs);
    this.#output.state('ended', '');
    this.close();
  }

  /**
   * At the end of the file: goes on with the next one, if there is one. The change is made once that has
   * text, since writers go on in the renamed one until they reopen their log.
   */
  #rotated(place: Place): boolean {
    // Opened before anything changes: where that fails, all stays as it was.
    const next = this.#next(place.file);
    if (next === null) return false;
    // What came between the last read and now.
    if (this.#read(place)) {
      next.close();
      return true;
    }
    const backlog = this.#catchingUp ? next.stat().size : 0;
    const readAtMs = this.#nowMs();
    const bytes = this.#endLate(readAtMs);
    this.#late = place;
    this.#lateUntil = readAtMs + lateMs;
    this.#place = new Place(next, 0, { old: 0, backlog });
    this.#wake.watchFile();
    this.#post(bytes, readAtMs);
    return true;
  }

  #next(file: OpenFile): OpenFile | null {
    const current = identify(this.#path);
    if (current?.identity === file.identity) return null;
    const unseen = this.#catchingUp ? findNext(this.#path, file) : null;
    if (unseen !== null) return unseen;
    return current === null || current.size === 0 ? null : new OpenFile(this.#path);
  }

  #fail(thrown: unknown): void {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') this.#setState('waiting', 'the file does not exist yet');
    else this.#setState('failed', `${this.#path}: ${messageOf(thrown)}`);
    this.#leave();
  }

  #leave(): void {
    this.#place?.close();
    this.#place = null;
    this.#late?.close();
    this.#late = null;
  }

  #setState(state: 'reading' | 'waiting' | 'failed', detail: string): void {
    const said = `${state} ${detail}`;
    if (said === this.#state) return;
    this.#state = said;
    this.#output.state(state, detail);
  }
}

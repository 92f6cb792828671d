import { type FilePosition, fingerprintLength } from '../files/file-cursor.ts';
import type { Coding } from './encoding.ts';
import { LineCarry } from './line-carry.ts';
import { chunkSize, type OpenFile } from './open-file.ts';
import type { Reading } from './scan.ts';
import { Track } from './track.ts';

/** The buffer that all files of a worker are read into: the bytes that identify the place, then the chunk. */
const buffer = Buffer.allocUnsafeSlow(fingerprintLength + chunkSize);

/** A chunk that was read. */
export interface Piece {
  /** The whole lines; null where the chunk ends none. Valid until the next read of any file. */
  readonly block: Buffer | null;
  readonly reading: Reading;
}

/**
 * How old the bytes are that a file held when it was opened. Up to `old` nobody knows: nothing of this log
 * was known before. Up to `backlog` they came after the cursor, and not after the file's last change. What
 * comes behind is read as it is written.
 */
export interface Ages {
  readonly old: number;
  readonly backlog: number;
}

/** Where one open file is read, chunk by chunk; notices when it was truncated. */
export class Place {
  readonly file: OpenFile;
  readonly #coding: Coding;
  #ages: Ages;
  #track: Track;
  #size: number;

  constructor(file: OpenFile, offset: number, ages: Ages, coding: Coding) {
    this.file = file;
    this.#coding = coding;
    this.#ages = ages;
    this.#size = file.stat().size;
    this.#track = this.#begin(offset);
  }

  get identity(): string {
    return this.file.identity;
  }

  /** When the file was last changed, in seconds. */
  get changed(): number {
    return this.file.stat().changed;
  }

  /** Behind the last whole line that was read. */
  get position(): FilePosition {
    return this.#track.position;
  }

  /** `Ages.old` while there is something before it. */
  get old(): number {
    return this.position.offset < this.#ages.old ? this.#ages.old : 0;
  }

  /** Bytes that are not read yet, as of the last read. A line that has no end yet was read: it waits for its writer. */
  get lag(): number {
    return Math.max(0, this.#size - this.#track.taken);
  }

  /**
   * Reads one chunk; the bytes before it are read again, to see that they are the same. Null: the end.
   * 'truncated': they are not, or not there; nothing is read until `restart`.
   */
  read(now: number): Piece | 'truncated' | null {
    const { before, taken } = this.#track;
    const known = before.length;
    const room = buffer.subarray(0, Math.min(buffer.length, known + this.#edge() - taken));
    const read = this.file.read(room, taken - known);
    if (read < known || buffer.compare(before, 0, known, 0, known) !== 0) return 'truncated';
    const length = read - ((read - known) % this.#coding.unit);
    if (length === known) return null;
    const reading = this.#reading(now, taken);
    return { block: this.#track.push(buffer.subarray(0, length)), reading };
  }

  /** After a truncation: what stands there now was not judged, and is new. */
  restart(): void {
    this.#ages = { old: 0, backlog: 0 };
    this.#track = this.#begin(0);
  }

  /** The last line, which will not be finished. */
  flush(now: number): Piece {
    return { block: this.#track.flush(), reading: this.#reading(now, this.position.offset) };
  }

  close(): void {
    this.file.close();
  }

  #begin(offset: number): Track {
    const before = Buffer.alloc(Math.min(fingerprintLength, offset));
    this.file.read(before, offset - before.length);
    return new Track(this.identity, offset, before, new LineCarry(this.#coding));
  }

  /** A chunk's lines must be of one age. */
  #edge(): number {
    const { old, backlog } = this.#ages;
    const edge = [old, backlog].find((each) => this.#track.taken < each) ?? Number.POSITIVE_INFINITY;
    return edge + (edge % this.#coding.unit || 0);
  }

  /** For lines that begin or end behind `offset`. */
  #reading(now: number, offset: number): Reading {
    const { size, changed } = this.file.stat();
    this.#size = size;
    // Time 0 is older than any findtime: what may be years old never bans.
    if (offset < this.#ages.old) return { now, transport: null, undated: 0, backlog: true };
    if (offset < this.#ages.backlog)
      return { now, transport: null, undated: Math.min(now, changed), backlog: true };
    return { now, transport: null, undated: now };
  }
}

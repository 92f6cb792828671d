import { type FilePosition, fingerprint, fingerprintLength } from './file-cursor.ts';
import { LineCarry } from './line-carry.ts';
import { chunkSize, type OpenFile } from './open-file.ts';
import type { Reading } from './scan.ts';

/** The buffer that all files of a worker are read into: the bytes that identify the place, then the chunk. */
const buffer = Buffer.allocUnsafeSlow(fingerprintLength + chunkSize);
const nothing = Buffer.alloc(0);

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
  readonly #file: OpenFile;
  #ages: Ages;
  /** Bytes read. */
  #position = 0;
  /** The up to 256 bytes before the position: they show whether it is still the same text. */
  #before: Buffer = nothing;
  readonly #carry = new LineCarry();
  #judged: FilePosition;
  #size: number;

  constructor(file: OpenFile, offset: number, ages: Ages) {
    this.#file = file;
    this.#ages = ages;
    this.#size = file.stat().size;
    this.#judged = this.#begin(offset);
  }

  get file(): OpenFile {
    return this.#file;
  }

  /** Behind the last whole line that was read. */
  get position(): FilePosition {
    return this.#judged;
  }

  /** `Ages.old` while there is something before it. */
  get old(): number {
    return this.#judged.offset < this.#ages.old ? this.#ages.old : 0;
  }

  /** Bytes behind the position. */
  get lag(): number {
    return Math.max(0, this.#size - this.#judged.offset);
  }

  /** Reads one chunk; the bytes before it are read again, to see that they are the same. Null: the end. */
  read(now: number): Piece | null {
    const known = this.#before.length;
    const room = buffer.subarray(0, Math.min(buffer.length, known + this.#edge() - this.#position));
    const length = this.#file.read(room, this.#position - known);
    if (length < known || buffer.compare(this.#before, 0, known, 0, known) !== 0) {
      // Truncated, and perhaps written again: what stands there now was not judged, and is new.
      this.#ages = { old: 0, backlog: 0 };
      this.#judged = this.#begin(0);
      return this.read(now);
    }
    if (length === known) return null;
    const reading = this.#reading(now, this.#position);
    const block = this.#carry.push(buffer.subarray(known, length));
    this.#position += length - known;
    // The carried line may have begun before this chunk; the position stays where it was.
    if (block !== null) this.#judged = this.#at(buffer.subarray(0, length - this.#carry.length));
    this.#before = Buffer.from(buffer.subarray(Math.max(0, length - fingerprintLength), length));
    return { block, reading };
  }

  /** The last line, which will not be finished. */
  flush(now: number): Piece {
    return { block: this.#carry.flush(), reading: this.#reading(now, this.#judged.offset) };
  }

  close(): void {
    this.#file.close();
  }

  #begin(offset: number): FilePosition {
    const length = Math.min(fingerprintLength, offset);
    this.#before = Buffer.alloc(length);
    this.#file.read(this.#before, offset - length);
    this.#position = offset;
    this.#carry.clear();
    return this.#at(this.#before);
  }

  /** A chunk's lines must be of one age. */
  #edge(): number {
    const { old, backlog } = this.#ages;
    return [old, backlog].find((edge) => this.#position < edge) ?? Number.POSITIVE_INFINITY;
  }

  /** For lines that begin or end behind `offset`. */
  #reading(now: number, offset: number): Reading {
    const { size, changed } = this.#file.stat();
    this.#size = size;
    // Time 0 is older than any findtime: what may be years old never bans.
    if (offset < this.#ages.old) return { now, transport: null, undated: 0, backlog: true };
    if (offset < this.#ages.backlog)
      return { now, transport: null, undated: Math.min(now, changed), backlog: true };
    return { now, transport: null, undated: now };
  }

  /** `before`: the bytes just before the first line that was not judged. */
  #at(before: Buffer): FilePosition {
    const offset = this.#position - this.#carry.length;
    const hash = fingerprint(before.subarray(Math.max(0, before.length - fingerprintLength)));
    return { file: this.#file.identity, offset, hash };
  }
}

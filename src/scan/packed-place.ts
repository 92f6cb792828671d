import type { ReadStream } from 'node:fs';
import { pipeline, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf } from '../core/errors.ts';
import { type FilePosition, fingerprint, fingerprintLength } from '../files/file-cursor.ts';
import type { Coding } from './encoding.ts';
import { LineCarry } from './line-carry.ts';
import { chunkSize } from './open-file.ts';
import type { Piece } from './place.ts';
import type { Reading } from './scan.ts';
import { openSibling, type Sibling } from './siblings.ts';
import { Track } from './track.ts';

/** A few kilobytes can stand for terabytes: beyond this, in bytes of text, a packed file is not read. */
const mostText = 16 * 1024 ** 3;

/**
 * The rest of a log that was packed (gzip, zstd) before it was read to its end. It is unpacked as it is read,
 * from its beginning, and only as much as is judged: nothing of it is held or written anywhere.
 */
export class PackedPlace {
  readonly identity: string;
  readonly changed: number;
  readonly old = 0;
  readonly #path: string;
  readonly #size: number;
  readonly #coding: Coding;
  readonly #stream: Transform;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #source: ReadStream;
  #track: Track;
  /** Unpacked, but not taken yet. */
  #ahead: Buffer = Buffer.alloc(0);
  /** Why it could not be read to its end, or ''. */
  problem = '';

  /**
   * Opens the file at a place; null where it is not the text in which that place was.
   * @throws Error as `openSibling`
   */
  static async open(file: Sibling, at: FilePosition, coding: Coding): Promise<PackedPlace | null> {
    const place = new PackedPlace(file, at, coding);
    if (await place.#seek(at)) return place;
    place.close();
    return null;
  }

  private constructor(file: Sibling, at: FilePosition, coding: Coding) {
    this.identity = file.identity;
    this.changed = file.changed;
    this.#path = file.path;
    this.#size = file.size;
    this.#coding = coding;
    this.#source = openSibling(file).stream();
    this.#stream =
      file.packing === 'zstd' ? createZstdDecompress({ chunkSize }) : createGunzip({ chunkSize });
    // Its errors come through the iterator.
    pipeline(this.#source, this.#stream, () => undefined);
    this.#chunks = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#track = this.#begin(at.file, 0, Buffer.alloc(0));
  }

  get position(): FilePosition {
    return this.#track.position;
  }

  /** Packed bytes that were not read: fewer than those of the text. */
  get lag(): number {
    return Math.max(0, this.#size - this.#source.bytesRead);
  }

  /** The next chunk, or null: the end, or what can be read of it. */
  async read(now: number): Promise<Piece | null> {
    const chunk = await this.#next();
    if (chunk === null) return null;
    return {
      block: this.#track.push(Buffer.concat([this.#track.before, chunk])),
      reading: this.#reading(now),
    };
  }

  flush(now: number): Piece {
    return { block: this.#track.flush(), reading: this.#reading(now) };
  }

  close(): void {
    this.#stream.destroy();
  }

  /** Unpacks up to the place, and looks whether the bytes before it are the same. */
  async #seek({ file, offset, hash }: FilePosition): Promise<boolean> {
    let before = Buffer.alloc(0);
    let taken = 0;
    while (taken < offset) {
      const chunk = await this.#next();
      if (chunk === null) return false;
      const part = chunk.subarray(0, offset - taken);
      this.#ahead = Buffer.concat([chunk.subarray(part.length), this.#ahead]);
      before = Buffer.from(Buffer.concat([before, part]).subarray(-fingerprintLength));
      taken += part.length;
    }
    if (fingerprint(before) !== hash) return false;
    this.#track = this.#begin(file, offset, before);
    return true;
  }

  #begin(file: string, offset: number, before: Buffer): Track {
    return new Track(file, offset, before, new LineCarry(this.#coding));
  }

  /** Whole units of the coding; null: the end. */
  async #next(): Promise<Buffer | null> {
    const { unit } = this.#coding;
    while (this.#ahead.length < unit) {
      const bytes = await this.#pull();
      if (bytes === null) return null;
      this.#ahead = Buffer.concat([this.#ahead, bytes]);
    }
    const ahead = this.#ahead;
    const length = ahead.length - (ahead.length % unit);
    this.#ahead = Buffer.from(ahead.subarray(length));
    return ahead.subarray(0, length);
  }

  async #pull(): Promise<Buffer | null> {
    if (this.#track.taken > mostText) {
      this.problem = `${this.#path} holds more than ${mostText} bytes of text`;
      return null;
    }
    try {
      const { value, done } = await this.#chunks.next();
      return done === true ? null : value;
    } catch (thrown) {
      this.problem = `${this.#path}: ${messageOf(thrown)}`;
      return null;
    }
  }

  /** All of it was written before it was packed. */
  #reading(now: number): Reading {
    return { now, transport: null, undated: Math.min(now, this.changed), backlog: true };
  }
}

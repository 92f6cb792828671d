import { lineCap } from './line-length.ts';

/** Takes each field's name and value, which may be a part of the chunk; a value longer than the cap is cut one byte behind it. */
export interface TakeFields {
  field(name: string, value: Buffer): void;
  /** The entry's fields were all told. */
  end(): void;
}

const newline = 0x0a;
const nothing = Buffer.alloc(0);
/** A field's name has 64 characters at most (systemd.journal-fields(7)). */
const longestName = 64;
const kept = lineCap + 1 + longestName + 1;
const lengthBytes = 8;
/** journald takes no entry of this size (ENTRY_SIZE_MAX): a length that says so was read at the wrong place. */
const largestValue = 1024 * 1024 * 1024;

/**
 * Splits the journal's export format into fields: `NAME=value` and a newline, or, for any bytes, `NAME`, a
 * newline, 8 bytes of length (little endian), the value and a newline. An empty line ends an entry
 * (systemd.io/JOURNAL_EXPORT_FORMATS). Lengths frame what may hold anything, so that no message can pass for
 * a field; of a value at most the cap is kept, however long it is.
 */
export class ExportFields {
  /** Of the unfinished line or value. */
  #part: Buffer = nothing;
  /** The name of the binary field that is being read; '' between fields. */
  #name = '';
  /** Of the binary field: bytes of its value still to come, -1 while its length is not known. */
  #remaining = -1;

  /** @throws Error where the bytes cannot be the journal's: the stream must be opened again */
  push(chunk: Buffer, take: TakeFields): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#name === '') at = this.#line(chunk, at, take);
      else if (this.#remaining < 0) at = this.#length(chunk, at);
      else at = this.#value(chunk, at, take);
    }
  }

  #line(chunk: Buffer, at: number, take: TakeFields): number {
    const end = chunk.indexOf(newline, at);
    if (end < 0) {
      this.#keep(chunk.subarray(at), kept);
      return chunk.length;
    }
    const line = this.#finish(chunk.subarray(at, end), kept);
    const equals = line.subarray(0, longestName + 1).indexOf('=');
    if (line.length === 0) take.end();
    else if (equals > 0) take.field(line.toString('latin1', 0, equals), line.subarray(equals + 1));
    else if (equals < 0 && line.length <= longestName) this.#name = line.toString('latin1');
    else throw new Error('this is not the journal: a line names no field');
    return end + 1;
  }

  #length(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + lengthBytes - this.#part.length);
    this.#keep(chunk.subarray(at, end), lengthBytes);
    if (this.#part.length < lengthBytes) return end;
    const length = this.#part.readBigUInt64LE();
    if (length >= largestValue) throw new Error(`this is not the journal: a field of ${length} bytes`);
    this.#part = nothing;
    this.#remaining = Number(length);
    return end;
  }

  /** The value, and the newline behind it. */
  #value(chunk: Buffer, at: number, take: TakeFields): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    if (end === chunk.length) {
      this.#keep(chunk.subarray(at, end), kept);
      return end;
    }
    if (chunk[end] !== newline)
      throw new Error('this is not the journal: a field does not end where it says');
    const value = this.#finish(chunk.subarray(at, end), kept);
    const name = this.#name;
    this.#name = '';
    this.#remaining = -1;
    take.field(name, value);
    return end + 1;
  }

  /** A copy: a part of the chunk would keep all of it alive. */
  #keep(bytes: Buffer, most: number): void {
    const room = bytes.subarray(0, Math.max(0, most - this.#part.length));
    if (room.length > 0) this.#part = Buffer.concat([this.#part, room]);
  }

  #finish(bytes: Buffer, most: number): Buffer {
    if (this.#part.length === 0) return bytes.subarray(0, most);
    this.#keep(bytes, most);
    const whole = this.#part;
    this.#part = nothing;
    return whole;
  }
}

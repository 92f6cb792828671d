import { codingOf } from './encoding.ts';
import { LineCarry } from './line-carry.ts';
import { lineCap } from './line-length.ts';

/** One message of Docker's log API: its timestamp, a space, and text that a newline ends or not. */
export interface DockerMessage {
  /** 1 is standard output (and all of a TTY), 2 standard error. */
  readonly stream: number;
  readonly payload: Buffer;
}

/** Splits the API's byte stream into messages. @throws Error where the bytes cannot be Docker's */
export interface MessageReader {
  push(chunk: Buffer, take: (message: DockerMessage) => void): void;
  /** The stream ended for good: what is left of it is a message, where it can be one. */
  flush(take: (message: DockerMessage) => void): void;
}

const headerLength = 8;

/** No log driver writes messages of this size; a header that says so was read at the wrong place. */
const largestFrame = 64 * 1024 * 1024;

/** What is kept of a frame: a line of the cap's length, its timestamp, and one byte that shows it was longer. */
const keptOfFrame = lineCap + 64;

/** Frames with a header each: stream, three zeros, length as 32 bits (Docker API, "Attach to a container"). */
export class FrameReader implements MessageReader {
  #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #remaining = 0;
  #parts: Buffer[] = [];
  #kept = 0;
  #last = 0;

  push(chunk: Buffer, take: (message: DockerMessage) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerFilled < headerLength) at += this.#readHeader(chunk, at);
      if (this.#headerFilled < headerLength) return;
      const length = Math.min(this.#remaining, chunk.length - at);
      this.#keep(chunk.subarray(at, at + length));
      this.#remaining -= length;
      at += length;
      if (this.#remaining === 0) this.#finish(take);
    }
  }

  /** The rest of a frame that was cut off comes again. */
  flush(): void {
    this.#headerFilled = 0;
    this.#parts = [];
    this.#kept = 0;
  }

  #readHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#header, this.#headerFilled, at);
    this.#headerFilled += copied;
    if (this.#headerFilled < headerLength) return copied;
    this.#remaining = this.#header.readUInt32BE(4);
    const valid = (this.#header[0] ?? 4) <= 3 && this.#header.readUIntBE(1, 3) === 0;
    if (!valid || this.#remaining > largestFrame) throw new Error('the log stream holds no valid frame');
    return copied;
  }

  #keep(bytes: Buffer): void {
    const taken = bytes.subarray(0, Math.max(0, keptOfFrame - this.#kept));
    if (taken.length > 0) this.#parts.push(taken);
    this.#kept += taken.length;
    if (bytes.length > 0) this.#last = bytes[bytes.length - 1] ?? 0;
    // A frame that goes on in the next chunk must not keep this one alive.
    if (this.#remaining > bytes.length) this.#parts = [Buffer.concat(this.#parts)];
  }

  #finish(take: (message: DockerMessage) => void): void {
    const [only] = this.#parts;
    let payload = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    // The newline of a cut frame is what says that its line is complete.
    if (this.#kept === keptOfFrame && this.#last === 0x0a)
      payload = Buffer.concat([payload, Buffer.from('\n')]);
    const stream = this.#header[0] ?? 0;
    this.#headerFilled = 0;
    this.#parts = [];
    this.#kept = 0;
    // 0 is standard input, which is never logged; 3 carries the engine's own errors.
    if (stream === 1 || stream === 2) take({ stream, payload });
  }
}

/** Bytes of a line per message: the engine cuts longer lines (moby, daemon/logger/copier.go). */
export const partLength = 16 * 1024;

/** A timestamp and a space. */
const longestPrefix = 36;

/** A TTY's log: messages without headers, so that their ends show only in the newlines. */
export class RawReader implements MessageReader {
  /** The line's timestamp is in it, and again in each of its parts. */
  readonly #carry: LineCarry;

  /** `keeps`: bytes of a line that are wanted. */
  constructor(keeps = lineCap) {
    const parts = Math.ceil(keeps / partLength) + 1;
    this.#carry = new LineCarry(codingOf('utf-8', keeps + parts * longestPrefix));
  }

  push(chunk: Buffer, take: (message: DockerMessage) => void): void {
    const block = this.#carry.push(chunk);
    if (block === null) return;
    for (let start = 0; start < block.length; ) {
      const end = block.indexOf(0x0a, start) + 1;
      take({ stream: 1, payload: withoutInnerTimestamps(block.subarray(start, end)) });
      start = end;
    }
  }

  flush(take: (message: DockerMessage) => void): void {
    const rest = this.#carry.flush();
    if (rest !== null) take({ stream: 1, payload: withoutInnerTimestamps(rest) });
  }
}

/** Each part of a long line begins with the line's timestamp. */
function withoutInnerTimestamps(line: Buffer): Buffer {
  if (line.length <= partLength) return line;
  const prefix = line.subarray(0, line.indexOf(0x20) + 1);
  const parts = [prefix];
  let at = prefix.length;
  while (line.length > at + partLength) {
    const next = at + partLength;
    parts.push(line.subarray(at, next));
    const repeated =
      prefix.length > 0 && line.compare(prefix, 0, prefix.length, next, next + prefix.length) === 0;
    at = repeated ? next + prefix.length : next;
  }
  parts.push(line.subarray(at));
  return Buffer.concat(parts);
}

import type { ContainerStream } from '../core/filter.ts';
import { lineCap } from './line-length.ts';

/** Takes a block of whole lines, valid during the call, their time in seconds, and what a container wrote them to. */
export type TakeLines = (block: Buffer, time: number, of: { readonly stream?: ContainerStream }) => void;

/** All of a worker gather in it: whoever adds lines also flushes, before anybody else has his turn. */
const buffer = Buffer.allocUnsafeSlow(4 * lineCap);
const newline = 0x0a;

/**
 * Gathers lines of one stream that came in the same millisecond, so that under a flood the scan loop gets few large blocks
 * instead of many small ones. They take the time of the first.
 */
export class TimedLines {
  #length = 0;
  #time = 0;
  #of: { readonly stream?: ContainerStream } = {};

  /** `text` is one line, with or without its newline. */
  add(text: Buffer, time: number, take: TakeLines, stream?: ContainerStream): void {
    const needed = text.length + 1;
    const together =
      Math.floor(time * 1_000) === Math.floor(this.#time * 1_000) && stream === this.#of.stream;
    if (!together || this.#length + needed > buffer.length) this.flush(take);
    this.#of = stream === undefined ? {} : { stream };
    if (needed > buffer.length) {
      take(text.at(-1) === newline ? text : Buffer.concat([text, Buffer.from('\n')]), time, this.#of);
      return;
    }
    if (this.#length === 0) this.#time = time;
    this.#length += text.copy(buffer, this.#length);
    if (text.at(-1) !== newline) buffer[this.#length++] = newline;
  }

  flush(take: TakeLines): void {
    const block = buffer.subarray(0, this.#length);
    this.#length = 0;
    if (block.length > 0) take(block, this.#time, this.#of);
  }
}

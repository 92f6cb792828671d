import { lineCap } from './scan.ts';

const newline = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Makes blocks of whole lines out of chunks. The unfinished last line is kept as bytes (a copy: a part
 * of the chunk would keep all of it alive), at most to the line cap, however long the line becomes.
 */
export class LineCarry {
  #kept: Buffer = nothing;
  /** Bytes of the unfinished line that were dropped beyond the cap. */
  #dropped = 0;

  /** Bytes of the unfinished line, kept or dropped. */
  get length(): number {
    return this.#kept.length + this.#dropped;
  }

  /** The whole lines up to the chunk's last newline, or null where the chunk ends none. */
  push(chunk: Buffer): Buffer | null {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return null;
    }
    let block = chunk.subarray(0, end);
    if (this.#dropped > 0)
      block = Buffer.concat([this.#kept, this.#overlong(), block.subarray(block.indexOf(newline))]);
    else if (this.#kept.length > 0) block = Buffer.concat([this.#kept, block]);
    this.clear();
    this.#keep(chunk.subarray(end));
    return block;
  }

  /** The unfinished line, which will not be finished. */
  flush(): Buffer | null {
    if (this.length === 0) return null;
    const rest = this.#dropped > 0 ? Buffer.concat([this.#kept, this.#overlong()]) : this.#kept;
    this.clear();
    return rest;
  }

  clear(): void {
    this.#kept = nothing;
    this.#dropped = 0;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const room = Math.max(0, lineCap - this.#kept.length);
    const taken = bytes.subarray(0, room);
    if (taken.length > 0) this.#kept = Buffer.concat([this.#kept, taken]);
    this.#dropped += bytes.length - taken.length;
  }

  /** One byte over the cap stands for all that was dropped, so that the scan counts the line. */
  #overlong(): Buffer {
    return Buffer.from('.');
  }
}

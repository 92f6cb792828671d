import { type Coding, codingOf } from './encoding.ts';
import { lineCap } from './scan.ts';

const nothing = Buffer.alloc(0);

/**
 * Makes blocks of whole lines out of chunks. The unfinished last line is kept as bytes (a copy: a part
 * of the chunk would keep all of it alive), at most to the line cap, however long the line becomes. NUL bytes
 * before a line are left out: a writer that does not append leaves a hole as long as all it wrote before a
 * truncation. A chunk must hold whole units of the coding.
 */
export class LineCarry {
  #kept: Buffer = nothing;
  /** Bytes of the unfinished line that were dropped beyond the cap. */
  #dropped = 0;
  readonly #coding: Coding;
  readonly #cap: number;

  /** `cap`: characters of a line that are kept. */
  constructor(coding: Coding = codingOf('utf-8'), cap = lineCap) {
    this.#coding = coding;
    this.#cap = cap * coding.unit;
  }

  /** Bytes of the unfinished line, kept or dropped. */
  get length(): number {
    return this.#kept.length + this.#dropped;
  }

  /** The whole lines up to the chunk's last newline, or null where the chunk ends none. */
  push(bytes: Buffer): Buffer | null {
    const chunk = this.length > 0 ? bytes : bytes.subarray(holeLength(bytes, this.#coding.unit));
    const end = this.#endOfLines(chunk);
    if (end === 0) {
      this.#keep(chunk);
      return null;
    }
    let block = chunk.subarray(0, end);
    if (this.#dropped > 0) {
      const rest = block.subarray(this.#firstNewline(block));
      block = Buffer.concat([this.#kept, this.#coding.filler, rest]);
    } else if (this.#kept.length > 0) block = Buffer.concat([this.#kept, block]);
    this.clear();
    this.#keep(chunk.subarray(end));
    return this.#withoutHoles(block);
  }

  /** The unfinished line, which will not be finished. */
  flush(): Buffer | null {
    if (this.length === 0) return null;
    // One character over the cap stands for all that was dropped, so that the scan counts the line.
    const rest = this.#dropped > 0 ? Buffer.concat([this.#kept, this.#coding.filler]) : this.#kept;
    this.clear();
    return rest;
  }

  clear(): void {
    this.#kept = nothing;
    this.#dropped = 0;
  }

  #keep(bytes: Buffer): void {
    const begun = this.#kept.length > 0 ? bytes : bytes.subarray(holeLength(bytes, this.#coding.unit));
    if (begun.length === 0) return;
    const room = Math.max(0, this.#cap - this.#kept.length);
    const taken = begun.subarray(0, room);
    if (taken.length > 0) this.#kept = Buffer.concat([this.#kept, taken]);
    this.#dropped += begun.length - taken.length;
  }

  /** Also between the lines of a block: where a chunk was cut must change nothing. */
  #withoutHoles(block: Buffer): Buffer {
    const { newline, unit } = this.#coding;
    const hole = Buffer.concat([newline, Buffer.alloc(unit)]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = block.indexOf(hole); at >= 0; at = block.indexOf(hole, at + 1)) {
      if (at < from || at % unit !== 0) continue;
      const next = at + unit;
      parts.push(block.subarray(from, next));
      from = next + holeLength(block.subarray(next), unit);
    }
    return parts.length === 0 ? block : Buffer.concat([...parts, block.subarray(from)]);
  }

  #firstNewline(bytes: Buffer): number {
    const { newline, unit } = this.#coding;
    let at = bytes.indexOf(newline);
    while (at % unit !== 0) at = bytes.indexOf(newline, at + 1);
    return at;
  }

  /** Behind the last newline; 0: there is none. */
  #endOfLines(bytes: Buffer): number {
    const { newline, unit } = this.#coding;
    let at = bytes.lastIndexOf(newline);
    while (at > 0 && at % unit !== 0) at = bytes.lastIndexOf(newline, at - 1);
    return at < 0 ? 0 : at + unit;
  }
}

/** Bytes of NUL characters that the bytes begin with. */
function holeLength(bytes: Buffer, unit: number): number {
  let length = 0;
  while (length < bytes.length && bytes[length] === 0) length++;
  return length - (length % unit);
}

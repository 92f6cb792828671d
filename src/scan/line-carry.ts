import { type Coding, codingOf } from './encoding.ts';
import { LinePart } from './line-part.ts';

/**
 * Makes blocks of whole lines out of chunks. The unfinished last line is kept as bytes (a copy: a part
 * of the chunk would keep all of it alive), at most as much as is wanted, however long the line becomes. NUL bytes
 * before a line are left out: a writer that does not append leaves a hole as long as all it wrote before a
 * truncation. A chunk must hold whole units of the coding.
 */
export class LineCarry {
  readonly #coding: Coding;
  readonly #kept: LinePart;

  constructor(coding: Coding = codingOf('utf-8')) {
    this.#coding = coding;
    this.#kept = new LinePart(coding.longest * coding.unit);
  }

  /** Bytes of the unfinished line, kept or dropped. */
  get length(): number {
    return this.#kept.length + this.#kept.dropped;
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
    const { bytes: kept, dropped } = this.#kept;
    if (dropped > 0) {
      const rest = block.subarray(this.#firstNewline(block));
      block = Buffer.concat([kept, this.#coding.filler, rest]);
    } else if (kept.length > 0) block = Buffer.concat([kept, block]);
    this.clear();
    this.#keep(chunk.subarray(end));
    return this.#withoutHoles(block);
  }

  /** The unfinished line, which will not be finished. */
  flush(): Buffer | null {
    if (this.length === 0) return null;
    // One character over the cap stands for all that was dropped, so that the scan counts the line.
    const { bytes, dropped } = this.#kept;
    const rest = dropped > 0 ? Buffer.concat([bytes, this.#coding.filler]) : bytes;
    this.clear();
    return rest;
  }

  clear(): void {
    this.#kept.clear();
  }

  #keep(bytes: Buffer): void {
    this.#kept.append(this.length > 0 ? bytes : bytes.subarray(holeLength(bytes, this.#coding.unit)));
  }

  /** Also between the lines of a block: where a chunk was cut must change nothing. */
  #withoutHoles(block: Buffer): Buffer {
    // One byte is looked for ten times as fast as two, and hardly any text has this one.
    if (!block.includes(0)) return block;
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

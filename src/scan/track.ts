import { type FilePosition, fingerprint, fingerprintLength } from '../files/file-cursor.ts';
import type { LineCarry } from './line-carry.ts';

/** Cuts the bytes of one file, chunk after chunk, into whole lines, and knows the position behind the last of them. */
export class Track {
  readonly #file: string;
  readonly #carry: LineCarry;
  /** Bytes taken, from the file's beginning. */
  #taken: number;
  /** The up to 256 bytes before: they show whether it is still the same text. */
  #before: Buffer;
  #position: FilePosition;

  /** `before`: the up to 256 bytes before the offset. */
  constructor(file: string, offset: number, before: Buffer, carry: LineCarry) {
    this.#file = file;
    this.#taken = offset;
    this.#before = before;
    this.#carry = carry;
    this.#position = this.#at(before);
  }

  get before(): Buffer {
    return this.#before;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Behind the last whole line that was taken. */
  get position(): FilePosition {
    return this.#position;
  }

  /** `bytes`: those before, then the next ones. Returns the whole lines; null where no line ends in them. */
  push(bytes: Buffer): Buffer | null {
    const known = this.#before.length;
    const block = this.#carry.push(bytes.subarray(known));
    this.#taken += bytes.length - known;
    // The carried line may have begun before these bytes; the position stays where it was.
    if (block !== null) this.#position = this.#at(bytes.subarray(0, bytes.length - this.#carry.length));
    this.#before = Buffer.from(bytes.subarray(Math.max(0, bytes.length - fingerprintLength)));
    return block;
  }

  /** The last line, which will not be finished. */
  flush(): Buffer | null {
    return this.#carry.flush();
  }

  /** `before`: the bytes just before the first line that was not judged. */
  #at(before: Buffer): FilePosition {
    const offset = this.#taken - this.#carry.length;
    const hash = fingerprint(before.subarray(Math.max(0, before.length - fingerprintLength)));
    return { file: this.#file, offset, hash };
  }
}

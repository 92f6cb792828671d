import { type FilePosition, fingerprint, fingerprintLength } from '../files/file-cursor.ts';

/** A place in a file, told by the text before it alone. */
export type PlaceInFile = Pick<FilePosition, 'offset' | 'hash'>;

export const fileStart: PlaceInFile = { offset: 0, hash: fingerprint(new Uint8Array()) };

/** The last 256 bytes of two texts, one behind the other. */
export function lastBytes(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= fingerprintLength) return Uint8Array.from(bytes.subarray(-fingerprintLength));
  return Buffer.concat([before, bytes]).subarray(-fingerprintLength);
}

/** Finds a place again in a file that is read from its beginning. */
export class JudgedPart {
  /** The up to 256 bytes before what came. */
  before: Uint8Array = new Uint8Array();
  readonly #place: PlaceInFile;
  #passed = 0;

  constructor(place: PlaceInFile) {
    this.#place = place;
  }

  /** Whether the file is as long. */
  get isPassed(): boolean {
    return this.#passed === this.#place.offset;
  }

  /** Whether it is passed, and is the text that it was. */
  get isSame(): boolean {
    return this.isPassed && fingerprint(this.before) === this.#place.hash;
  }

  /** What of a chunk lies behind the place. */
  behind(chunk: Uint8Array): Uint8Array {
    const judged = chunk.subarray(0, this.#place.offset - this.#passed);
    this.#passed += judged.length;
    this.before = lastBytes(this.before, judged);
    return chunk.subarray(judged.length);
  }
}

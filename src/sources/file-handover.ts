import { type FileCursor, fingerprint } from '../files/file-cursor.ts';
import { packFilePiece } from '../files/file-piece.ts';
import { fileStart, JudgedPart, lastBytes, type PlaceInFile } from './judged-part.ts';
import type { OpenSource } from './source.ts';

/** The text of a file, from its beginning. */
export interface FileContent {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** When the file was last changed, in seconds. */
  readonly changed: number;
}

/**
 * Hands a file's text to the scanner in pieces, from a place on: what was judged is passed over, and must be the same
 * as it was. One for each time that the source is opened.
 */
export class FileHandover {
  readonly #write: OpenSource['write'];
  readonly #now: () => number;
  /** Behind what was handed over: the scanner keeps the line that is not finished. */
  #place: PlaceInFile;
  /** The up to 256 bytes before the place, once that was found. */
  #before: Uint8Array = new Uint8Array();
  /** Whether the scanner knows the place. */
  #begun = false;
  /** Whether what lay before the place's beginning is lost. */
  #lost = false;
  /** Bytes whose age nobody knows: they were there when nothing of this file was known. */
  #old: number;
  /** Whether what comes was written while nobody looked. */
  #resumed: boolean;

  /**
   * From the cursor on; null: nothing is known of the file, of which `unknown` bytes have been there for an unknown
   * time. `now`: in seconds.
   */
  constructor(source: OpenSource, cursor: FileCursor | null, unknown: number, now: () => number) {
    this.#write = (bytes) => source.write(bytes);
    this.#now = now;
    this.#place = cursor ?? fileStart;
    this.#old = cursor === null ? unknown : cursor.old;
    this.#resumed = cursor !== null || unknown > 0;
  }

  /** Bytes of the file that were handed over, or judged before. */
  get offset(): number {
    return this.#place.offset;
  }

  /** From now on what comes is read as it is written. */
  caughtUp(): void {
    this.#resumed = false;
  }

  /** Hands over what lies behind the place; false: what lies before it is not the same, or not there. */
  async take({ chunks, changed }: FileContent): Promise<boolean> {
    const judged = new JudgedPart(this.#place);
    let isFound = false;
    for await (const chunk of chunks) {
      const next = judged.behind(chunk);
      if (!judged.isPassed) continue;
      if (!isFound && !(await this.#begin(judged))) return false;
      isFound = true;
      await this.#hand(next, changed);
    }
    return isFound || this.#begin(judged);
  }

  /** Another file comes, from its beginning. `kept`: the one before was read to its end, and is over. */
  async restart(kept: boolean): Promise<void> {
    if (kept) await this.#write(packFilePiece({ kind: 'end' }));
    this.#place = fileStart;
    this.#begun = false;
    this.#lost = !kept;
    this.#old = 0;
  }

  /** False: it is not the place. */
  async #begin({ isSame, before }: JudgedPart): Promise<boolean> {
    if (!isSame) return false;
    this.#before = before;
    if (this.#begun) return true;
    this.#begun = true;
    const [{ offset }, old, lost] = [this.#place, this.#old, this.#lost];
    await this.#write(packFilePiece({ kind: 'begin', offset, before, old, lost }));
    return true;
  }

  /** A piece's lines must be of one age. */
  async #hand(bytes: Uint8Array, changed: number): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { offset } = this.#place;
      const piece = rest.subarray(0, offset < this.#old ? this.#old - offset : rest.length);
      const record = packFilePiece({ kind: 'bytes', ...this.#age(changed), bytes: piece });
      this.#before = lastBytes(this.#before, piece);
      this.#place = { offset: offset + piece.length, hash: fingerprint(this.#before) };
      rest = rest.subarray(piece.length);
      await this.#write(record);
    }
  }

  /** Of lines without a date. Time 0 is older than any findtime: what may be years old never bans. */
  #age(changed: number): { undated: number; backlog: boolean } {
    const now = this.#now();
    if (this.#place.offset < this.#old) return { undated: 0, backlog: true };
    return this.#resumed
      ? { undated: Math.min(now, changed), backlog: true }
      : { undated: now, backlog: false };
  }
}

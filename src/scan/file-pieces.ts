import { type FilePosition, fingerprint, formatFileCursor } from '../files/file-cursor.ts';
import { type FilePiece, readFilePiece } from '../files/file-piece.ts';
import { type Coding, codingOf, searchable } from './encoding.ts';
import { LineCarry } from './line-carry.ts';
import type { Reading } from './scan.ts';
import { Track } from './track.ts';

/** Takes a block of whole lines, which have no transport's time, and how old they are. */
type TakeLines = (block: Buffer, time: null, age: Age) => void;
type Age = Pick<Reading, 'undated' | 'backlog'>;

type Begin = Extract<FilePiece, { kind: 'begin' }>;
type Bytes = Extract<FilePiece, { kind: 'bytes' }>;

const nothing = Buffer.alloc(0);

/** Reads the pieces of a file that the main thread sends (files/file-piece.ts), one record a chunk. */
export class FilePieces {
  readonly #coding: Coding;
  readonly #tellGap: (detail: string) => void;
  readonly #lastDate: () => number | null;
  /** As it was stored, until the first piece comes. */
  #cursor: string;
  #track: Track | null = null;
  #old = 0;
  /** What is there of a character whose other byte is to come. */
  #half: Buffer = nothing;
  /** Of the unfinished line. */
  #age: Age = { undated: 0, backlog: true };

  constructor(
    cursor: string | null,
    coding: Coding = codingOf('utf-8'),
    tellGap: (detail: string) => void = () => undefined,
    lastDate: () => number | null = () => null,
  ) {
    this.#cursor = cursor ?? '';
    this.#coding = coding;
    this.#tellGap = tellGap;
    this.#lastDate = lastDate;
  }

  /** The position behind the last whole line, or behind all of a file that ended. */
  get cursor(): string {
    return this.#cursor;
  }

  /** @throws Error where the bytes are no record: the stream must be opened again */
  push(record: Buffer, take: TakeLines): void {
    const piece = readFilePiece(record);
    if (piece.kind === 'begin') this.#begin(piece);
    else if (piece.kind === 'bytes') this.#bytes(piece, take);
    else this.flush(take);
  }

  /** The last line, which will not be finished, is judged as it is. */
  flush(take: TakeLines): void {
    if (this.#track === null) return;
    const rest = this.#track.flush();
    if (rest !== null) this.#take(rest, take);
    const { taken, before } = this.#track;
    this.#moveTo({ file: '', offset: taken, hash: fingerprint(before) });
  }

  #begin({ offset, before, old, lost }: Begin): void {
    if (lost) this.#tellGap(gone);
    this.#track = new Track('', offset, Buffer.from(before), new LineCarry(this.#coding));
    this.#old = old;
    this.#half = nothing;
    this.#moveTo(this.#track.position);
  }

  #bytes({ bytes, undated, backlog }: Bytes, take: TakeLines): void {
    if (this.#track === null) throw new Error('a piece of a file came before its beginning');
    const { before } = this.#track;
    const known = Buffer.concat([before, this.#half, bytes]);
    const whole = known.length - ((known.length - before.length) % this.#coding.unit);
    this.#half = Buffer.from(known.subarray(whole));
    this.#age = { undated, backlog };
    const block = this.#track.push(known.subarray(0, whole));
    if (block === null) return;
    this.#take(block, take);
    this.#moveTo(this.#track.position);
  }

  #take(block: Buffer, take: TakeLines): void {
    take(searchable(block, this.#coding), null, this.#age);
  }

  /** The cursor is that of a file, with which any other way to the same file goes on. */
  #moveTo(position: FilePosition): void {
    const old = position.offset < this.#old ? this.#old : 0;
    this.#cursor = formatFileCursor({ ...position, old, late: null, at: null, date: this.#lastDate() });
  }
}

const gone =
  'lines may be lost: the file was truncated, or rotated further than .1, before they were read through the archive ' +
  'API; mount the folder of the log, which is then followed from file to file';

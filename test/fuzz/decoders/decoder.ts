import type { Random } from '../random.ts';

/** Takes a block of whole lines and the transport's time of them, in seconds. */
export type Take = (lines: Buffer, time: number | null) => void;

/** What reads the bytes of one kind of source. */
export interface Decoder {
  readonly cursor: string;
  push(chunk: Buffer, take: Take): void;
  flush(take: Take): void;
}

export interface FuzzedDecoder {
  readonly name: string;
  make(cursor: string | null): Decoder;
  /** Lines, of one character a byte and without line breaks, as the source sends them. */
  encode(lines: readonly string[], random: Random): Buffer;
  /** Makes of chunks what main hands over, where a chunk must be a record of its own; `held`: what was there before them. */
  records?(chunks: Iterable<Buffer>, held: Buffer): Iterable<Buffer>;
  /** What it says of bytes that cannot be the source's; null: it takes any bytes. */
  readonly refusal: RegExp | null;
  /** From which byte on of all that the source holds it is sent for a cursor; null: there is no going back to it. */
  readonly resumesAt: ((held: Buffer, cursor: string) => number) | null;
}

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
  /** What it says of bytes that cannot be the source's; null: it takes any bytes. */
  readonly refusal: RegExp | null;
  /** Of all that the source holds, what it sends from a cursor on; null: there is no going back to it. */
  readonly resend: ((held: Buffer, cursor: string) => Buffer) | null;
}

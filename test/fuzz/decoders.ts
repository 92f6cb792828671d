import { packFilePiece } from '../../src/files/file-piece.ts';
import { DockerFrames } from '../../src/scan/docker-frames.ts';
import { FilePieces } from '../../src/scan/file-pieces.ts';
import { LineCarry } from '../../src/scan/line-carry.ts';
import type { Random } from './random.ts';

type Take = (lines: Buffer, time: number | null) => void;

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
  /** Makes of chunks what main hands over, where a chunk must be a record of its own. */
  records?(chunks: Iterable<Buffer>): Iterable<Buffer>;
  /** What it says of bytes that cannot be the source's; null: it takes any bytes. */
  readonly refusal: RegExp | null;
}

/** A decoder of a new source is one entry here. */
export const decoders: readonly FuzzedDecoder[] = [
  { name: 'lines', make: plainLines, encode: encodeLines, refusal: null },
  {
    name: 'docker-multiplexed',
    make: (cursor) => new DockerFrames('docker-multiplexed', cursor),
    encode: encodeFrames,
    refusal: /^the log stream holds no valid frame$/,
  },
  {
    name: 'docker-raw',
    make: (cursor) => new DockerFrames('docker-raw', cursor),
    encode: (lines, random) => Buffer.concat(messages(lines, random).map(({ payload }) => payload)),
    refusal: null,
  },
  ...(['utf-8', 'utf-16le'] as const).map((encoding) => ({
    name: `file-pieces, ${encoding}`,
    make: (cursor: string | null) => new FilePieces(cursor, encoding),
    encode: (lines: readonly string[]) =>
      encoding === 'utf-8'
        ? encodeLines(lines)
        : Buffer.from(encodeLines(lines).toString('latin1'), encoding),
    records: filePieces,
    refusal: /^the stream holds no valid piece of a file$|^a piece of a file came before its beginning$/,
  })),
];

function plainLines(): Decoder {
  const carry = new LineCarry();
  const each = (block: Buffer | null, take: Take): void => {
    if (block !== null) take(block, null);
  };
  return {
    cursor: '',
    push: (chunk, take) => each(carry.push(chunk), take),
    flush: (take) => each(carry.flush(), take),
  };
}

function encodeLines(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}

function* filePieces(chunks: Iterable<Buffer>): Generator<Buffer> {
  const before = new Uint8Array();
  yield Buffer.from(packFilePiece({ kind: 'begin', offset: 0, before, old: 0, lost: false }));
  for (const bytes of chunks)
    yield Buffer.from(packFilePiece({ kind: 'bytes', undated: 1, backlog: false, bytes }));
}

interface Message {
  readonly stream: number;
  readonly payload: Buffer;
}

/** Docker's messages: long lines in parts of 16 KiB, some times twice, some earlier than the one before. */
function messages(lines: readonly string[], random: Random): Message[] {
  let ms = Date.parse('2026-11-22T16:02:01Z');
  return lines.flatMap((line) => {
    ms += random.below(4) * 250 - (random.below(20) === 0 ? 500 : 0);
    const timestamp = `${new Date(ms).toISOString().slice(0, -1)}456789Z`;
    const stream = 1 + random.below(2);
    const text = `${line}\n`;
    const parts: Message[] = [];
    for (let at = 0; at < text.length; at += 16_384) {
      const payload = Buffer.from(`${timestamp} ${text.slice(at, at + 16_384)}`, 'latin1');
      parts.push({ stream, payload });
    }
    return parts;
  });
}

function encodeFrames(lines: readonly string[], random: Random): Buffer {
  return Buffer.concat(
    messages(lines, random).flatMap(({ stream, payload }) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(payload.length, 4);
      return [header, payload];
    }),
  );
}

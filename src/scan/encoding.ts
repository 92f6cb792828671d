import type { Encoding } from '../core/types.ts';
import { lineCap } from './line-length.ts';

/** How lines are cut out of the bytes of a text. */
export interface Coding {
  readonly encoding: Encoding;
  /** Bytes of the smallest character; a newline stands only at a multiple of them. */
  readonly unit: 1 | 2;
  readonly newline: Buffer;
  /** Any character that is no newline. */
  readonly filler: Buffer;
  /** Characters of a line that are kept. */
  readonly longest: number;
}

export function codingOf(encoding: Encoding, longest = lineCap): Coding {
  const of = (character: number): Buffer => Buffer.from([character]);
  const little = (character: number): Buffer => Buffer.from([character, 0]);
  const big = (character: number): Buffer => Buffer.from([0, character]);
  const bytes = encoding === 'utf-16le' ? little : encoding === 'utf-16be' ? big : of;
  return { encoding, unit: bytes === of ? 1 : 2, newline: bytes(0x0a), filler: bytes(0x2e), longest };
}

/** Whole lines as the scan takes them: one byte or UTF-8, never UTF-16, whose bytes cannot be searched. */
export function searchable(block: Buffer, { encoding, unit }: Coding): Buffer {
  return unit === 1 ? block : Buffer.from(new TextDecoder(encoding).decode(block));
}

/** Makes text of a part of a block. Latin 1 is read as it is: to `TextDecoder` it would mean windows-1252. */
export function lineDecoder(encoding: Encoding): (block: Buffer, start: number, end: number) => string {
  if (encoding === 'latin1') return (block, start, end) => block.toString('latin1', start, end);
  if (encoding !== 'windows-1252') return (block, start, end) => block.toString('utf8', start, end);
  const decoder = new TextDecoder(encoding);
  return (block, start, end) => decoder.decode(block.subarray(start, end));
}

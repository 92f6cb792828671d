import { overlaps, type Range } from './address.ts';

/** The ranges that make up what is left of one without others. */
export function without(range: Range, taken: readonly Range[]): Range[] {
  const near = taken.filter((each) => overlaps(each, range));
  if (near.length === 0) return [range];
  if (near.some(({ bits }) => bits <= range.bits)) return [];
  return halves(range).flatMap((half) => without(half, near));
}

function halves({ family, bytes, bits }: Range): Range[] {
  const upper = bytes.map((byte, index) => (index === bits >> 3 ? byte | (0x80 >> (bits & 7)) : byte));
  return [bytes, upper].map((half) => ({ family, bytes: half, bits: bits + 1 }));
}

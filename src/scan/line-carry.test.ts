import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codingOf } from './encoding.ts';
import { LineCarry } from './line-carry.ts';

/** The text of all whole lines, of bytes that come in pieces of so many. */
function carried(bytes: Buffer, size: number, encoding: 'utf-8' | 'utf-16le' | 'utf-16be'): string {
  const carry = new LineCarry(codingOf(encoding));
  const blocks: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    const block = carry.push(Buffer.from(bytes.subarray(from, from + size)));
    if (block !== null) blocks.push(block);
  }
  return new TextDecoder(encoding).decode(Buffer.concat(blocks));
}

test('holes before a line are left out, wherever a chunk was cut; NUL bytes within one stay', () => {
  const text = '\0\0\0one\n\0two\0\n\0\0\n\nthree\n\0';
  const wide = Buffer.from(text, 'utf16le');
  const encoded = {
    'utf-8': Buffer.from(text),
    'utf-16le': wide,
    'utf-16be': Buffer.from(wide).swap16(),
  } as const;
  for (const encoding of ['utf-8', 'utf-16le', 'utf-16be'] as const) {
    const unit = encoding === 'utf-8' ? 1 : 2;
    for (let size = unit; size <= encoded[encoding].length; size += unit) {
      assert.equal(
        carried(encoded[encoding], size, encoding),
        'one\ntwo\0\n\n\nthree\n',
        `${encoding}, ${size}`,
      );
    }
  }
});

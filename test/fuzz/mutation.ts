import type { Random } from './random.ts';

/** Bytes and words that mean something to somebody who reads a log, one character a byte. */
const words: readonly [string, ...string[]] = [
  '\0',
  ...'\t\r\n "\'\\[](){}<>:;,.=+-/@#|%*?\x1b\x7f\x80\xff',
  '\xe2\x80\xaf',
  '\xc3',
  '\xf0\x9f\x98\x80',
  '203.0.113.7',
  '2001:db8::7',
  '::ffff:203.0.113.7',
  '999.0.0.1',
  ' from ',
  ' port 22 ssh2',
  'sshd[100]: ',
  '2026-11-22T16:02:01Z ',
  'Nov 22 16:02:01 ',
  '[22/Nov/2026:16:02:01 +0000] ',
  '1795363321.123 ',
  '{"time":"',
  '\\"',
  '\\u0000',
  '9'.repeat(30),
  ' '.repeat(300),
  ' PM ',
  ' CET ',
  '] "',
];

/** Changes a text, of one character a byte, in one to four places. `other` gives a part of itself. */
export function mutated(text: string, other: string, random: Random): string {
  let result = text;
  for (let count = 1 + random.below(4); count > 0; count--) result = mutatedOnce(result, other, random);
  return result;
}

function mutatedOnce(text: string, other: string, random: Random): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(24));
  const [before, span, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)];
  switch (random.below(9)) {
    case 0:
      return before + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return before + random.pick(words) + text.slice(at);
    case 2:
      return before + random.pick(words) + after;
    case 3:
      return before + after;
    case 4:
      return before + span + span + after;
    case 5:
      return before + other.slice(random.below(other.length + 1));
    case 6:
      return before + span.replace(/\d/g, () => String(random.below(10))) + after;
    case 7:
      return before + span.repeat(1 + random.below(random.below(2_000) === 0 ? 4_000 : 20)) + after;
    default:
      return before + span.toUpperCase() + after;
  }
}

/** Cuts bytes into chunks at random places: mostly small ones, now and then all at once. */
export function* chunksOf(bytes: Buffer, random: Random): Generator<Buffer> {
  const largest = random.below(20) === 0 ? 1 + random.below(8) : random.pick([64, 512, 4_096, 65_536]);
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(largest);
    // Copied: a real chunk is its own memory too.
    yield Buffer.from(bytes.subarray(at, at + length));
    at += length;
  }
}

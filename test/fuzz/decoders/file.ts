import { CriLines } from '../../../src/scan/cri-lines.ts';
import { LineCarry } from '../../../src/scan/line-carry.ts';
import { mutated } from '../mutation.ts';
import type { Random } from '../random.ts';
import type { Decoder, FuzzedDecoder, Take } from './decoder.ts';

export const plainLines: FuzzedDecoder = {
  name: 'lines',
  make: (cursor) => new LinesOfFile(cursor, new PlainText()),
  encode: (lines) => Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'),
  refusal: null,
  resumesAt: (_held, cursor) => offsetOf(cursor),
};

export const criLines: FuzzedDecoder = {
  name: 'cri',
  make: (cursor) => new LinesOfFile(cursor, new CriLines(cursor)),
  encode: encodeCri,
  refusal: null,
  resumesAt: (_held, cursor) => offsetOf(cursor),
};

/** What is made of whole lines. */
type Format = Pick<CriLines, 'cursorAt' | 'flush'> & { push(block: Buffer, take: Take): void };

class PlainText implements Format {
  cursorAt(position: string): string {
    return position;
  }
  push(block: Buffer, take: Take): void {
    take(block, null);
  }
  flush(): void {}
}

/** Cuts a file into lines as scan/track.ts does, from the cursor's offset on. */
class LinesOfFile implements Decoder {
  readonly #carry = new LineCarry();
  readonly #format: Format;
  #taken: number;

  constructor(cursor: string | null, format: Format) {
    this.#taken = offsetOf(cursor);
    this.#format = format;
  }

  get cursor(): string {
    return this.#format.cursorAt(JSON.stringify({ offset: this.#taken - this.#carry.length }));
  }

  push(chunk: Buffer, take: Take): void {
    this.#taken += chunk.length;
    this.#judge(this.#carry.push(chunk), take);
  }

  flush(take: Take): void {
    this.#judge(this.#carry.flush(), take);
    this.#format.flush(take);
  }

  #judge(block: Buffer | null, take: Take): void {
    if (block !== null) this.#format.push(block, take);
  }
}

/** Files are read on at the first line that was not judged; with a damaged cursor from their beginning. */
export function offsetOf(cursor: string | null): number {
  try {
    return Number(JSON.parse(cursor ?? '').offset);
  } catch {
    return 0;
  }
}

const streams = ['stdout', 'stderr'] as const;

/** Both streams of a container, between each other; some lines in parts, and some entries damaged. */
function encodeCri(lines: readonly string[], random: Random): Buffer {
  const waiting = { stdout: [] as string[], stderr: [] as string[] };
  for (const line of lines) {
    const stream = random.pick(streams);
    waiting[stream].push(...entriesOf(line, stream, random));
  }
  let ms = Date.parse('2026-11-22T16:02:01Z');
  let text = '';
  while (waiting.stdout.length + waiting.stderr.length > 0) {
    ms += random.below(2);
    const entry = waiting[random.pick(streams)].shift();
    if (entry === undefined) continue;
    const whole = `${new Date(ms).toISOString().slice(0, -1)}${100_000 + random.below(900_000)}Z ${entry}`;
    text += `${random.below(30) === 0 ? mutated(whole, entry, random) : whole}\n`;
  }
  return Buffer.from(text, 'latin1');
}

function entriesOf(line: string, stream: string, random: Random): string[] {
  const length = random.below(5) === 0 ? 1 + random.below(40) : 16_384;
  const entries: string[] = [];
  for (let at = 0; at < line.length || at === 0; at += length) {
    const last = at + length >= line.length;
    entries.push(
      `${stream} ${last ? 'F' : 'P'}${random.below(9) === 0 ? ':x' : ''} ${line.slice(at, at + length)}`,
    );
  }
  // A runtime that died has not finished its line.
  if (random.below(30) === 0) entries.pop();
  return entries;
}

import { formatDockerCursor, parseDockerCursor } from '../core/docker-cursor.ts';
import { FrameReader, type MessageReader, RawReader } from './docker-messages.ts';
import { lineCap } from './scan.ts';

/** A whole line, ended by a newline, and the time that Docker gave it in seconds (null: none). */
export type TakeLine = (line: Buffer, time: number | null) => void;

/** A timestamp as a number of nanoseconds would need it: whole seconds in ms, and the nanoseconds beside. */
interface Instant {
  readonly ms: number;
  readonly nanoseconds: number;
}

/** Longest RFC 3339 timestamp with nanoseconds and an offset, and its space. */
const longestTimestamp = 36;
const overlong = Buffer.from('.\n');

/**
 * Reads a container's log as the API sends it with `timestamps=1`: lines of both streams, the parts of long
 * ones joined, without those that the cursor says were judged (`since` gives the last ones once more).
 */
export class DockerFrames {
  readonly #reader: MessageReader;
  readonly #unfinished = new Map<number, Buffer>();
  #timestamp: string;
  #instant: Instant | null;
  /** Messages with this timestamp. */
  #ordinal: number;
  /** Messages of the same timestamp seen again since the stream was opened; null once it is past the cursor. */
  #repeated: number | null;

  constructor(framing: 'docker-multiplexed' | 'docker-raw', cursor: string | null) {
    this.#reader = framing === 'docker-raw' ? new RawReader() : new FrameReader();
    const stored = parseDockerCursor(cursor);
    this.#timestamp = stored?.timestamp ?? '';
    this.#instant = instantOf(this.#timestamp);
    this.#ordinal = stored?.ordinal ?? 0;
    this.#repeated = this.#instant === null ? null : 0;
    for (const [stream, text] of storedParts(cursor))
      this.#unfinished.set(stream, Buffer.from(text, 'latin1'));
  }

  /** The position behind the last message read; lines that are not finished yet stand in it. */
  get cursor(): string {
    const cursor = { timestamp: this.#timestamp, ordinal: this.#ordinal };
    if (this.#unfinished.size === 0) return formatDockerCursor(cursor);
    const parts = Object.fromEntries(
      [...this.#unfinished].map(([stream, part]) => [stream, part.toString('latin1')]),
    );
    return JSON.stringify({ ...cursor, parts });
  }

  /** @throws Error where the bytes cannot be Docker's: the stream must be opened again */
  push(chunk: Buffer, take: TakeLine): void {
    this.#reader.push(chunk, ({ stream, payload }) => this.#message(stream, payload, take));
  }

  /** The lines that the container did not finish: it ended. */
  flush(take: TakeLine): void {
    const time = this.#instant === null ? null : secondsOf(this.#instant);
    for (const part of this.#unfinished.values()) take(Buffer.concat([part, Buffer.from('\n')]), time);
    this.#unfinished.clear();
  }

  #message(stream: number, payload: Buffer, take: TakeLine): void {
    const space = payload.subarray(0, longestTimestamp).indexOf(0x20);
    const timestamp = space < 0 ? '' : payload.toString('latin1', 0, space);
    const instant = instantOf(timestamp);
    if (instant !== null && this.#wasJudged(instant)) return;
    if (instant !== null) this.#advance(timestamp, instant);
    const text = instant === null ? payload : payload.subarray(space + 1);
    this.#join(stream, text, instant === null ? null : secondsOf(instant), take);
  }

  #wasJudged(instant: Instant): boolean {
    if (this.#repeated === null || this.#instant === null) return false;
    const order = instant.ms - this.#instant.ms || instant.nanoseconds - this.#instant.nanoseconds;
    if (order < 0) return true;
    if (order === 0 && this.#repeated < this.#ordinal) {
      this.#repeated++;
      return true;
    }
    this.#repeated = null;
    return false;
  }

  #advance(timestamp: string, instant: Instant): void {
    this.#ordinal = timestamp === this.#timestamp ? this.#ordinal + 1 : 1;
    // Cut out of a longer text: copied, or it would keep that alive.
    if (timestamp !== this.#timestamp) this.#timestamp = Buffer.from(timestamp).toString('latin1');
    this.#instant = instant;
  }

  #join(stream: number, text: Buffer, time: number | null, take: TakeLine): void {
    const before = this.#unfinished.get(stream);
    if (text.at(-1) !== 0x0a) {
      const joined = before === undefined ? Buffer.from(text) : Buffer.concat([before, text]);
      this.#unfinished.set(stream, joined.subarray(0, lineCap + 1));
      return;
    }
    this.#unfinished.delete(stream);
    if (before === undefined) take(text, time);
    else if (before.length > lineCap) take(Buffer.concat([before, overlong]), time);
    else take(Buffer.concat([before, text]), time);
  }
}

function instantOf(timestamp: string): Instant | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(timestamp);
  if (match === null) return null;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(ms) ? null : { ms, nanoseconds: Number((match[2] ?? '').padEnd(9, '0')) };
}

function secondsOf({ ms, nanoseconds }: Instant): number {
  return ms / 1_000 + nanoseconds / 1e9;
}

/** The unfinished lines of a stored cursor. */
function storedParts(cursor: string | null): (readonly [number, string])[] {
  if (cursor === null) return [];
  try {
    const { parts } = JSON.parse(cursor) as { parts?: Record<string, unknown> };
    return Object.entries(parts ?? {}).flatMap(([stream, text]) =>
      typeof text === 'string' ? [[Number(stream), text] as const] : [],
    );
  } catch {
    return [];
  }
}

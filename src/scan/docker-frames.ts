import { formatDockerCursor, parseDockerCursor } from '../core/docker-cursor.ts';
import type { ContainerStream } from '../core/filter.ts';
import { FrameReader, type MessageReader, partLength, RawReader } from './docker-messages.ts';
import { lineCap } from './line-length.ts';
import { LinePart } from './line-part.ts';
import { type Instant, rfc3339Instant, secondsOf } from './rfc3339.ts';
import { messageKey, SeenMessages } from './seen-messages.ts';

/**
 * A whole line, ended by a newline, the time that Docker gave it in seconds (null: none), and what it was written to: of a
 * terminal that is not known.
 */
export type TakeLine = (line: Buffer, time: number | null, of: { readonly stream?: ContainerStream }) => void;

/** Told of lines that the engine threw away, or may have, before they could be read: since when, and the remedy. */
export type TellGap = (detail: string) => void;

export interface DockerFramesOptions {
  /** Bytes of a line that are wanted; the line cap by default. */
  readonly keeps?: number;
  readonly tellGap?: TellGap;
}

/** The beginning of a line whose end is in another message. */
interface Unfinished {
  /** At most what is wanted, and one byte that shows that there was more. */
  readonly text: LinePart;
  /** All messages of one line have the time of its first one; '' where it is not known any more. */
  timestamp: string;
}

/** Longest RFC 3339 timestamp with nanoseconds and an offset, and its space. */
const longestTimestamp = 36;
const overlong = Buffer.from('.\n');
const newline = Buffer.from('\n');

/**
 * Reads a container's log as the API sends it with `timestamps=1`: lines of both streams, the parts of long
 * ones joined, without those that the cursor says were judged.
 *
 * The engine stamps the two streams in two goroutines, and a clock may be set back, so messages do not come
 * in the order of their times. What is fixed is the order in the log: a replay repeats it. So the cursor is
 * the message with the latest time so far (the first one of that time), and how many came from it on. It
 * never moves back. In a replay everything up to that message and that many from it on were judged; a
 * message of a later time ends the replay at once, since nothing as late was judged before. After it all
 * messages are judged, whatever their time.
 *
 * `since` with the cursor's time makes the replay begin at that very message (moby from 23.0 on stops
 * comparing times there; daemon/logger/loggerutils, forwarder.Do). Older engines go on comparing, so that
 * there an earlier time which was written after the resume point is never sent. The log is in order up to that
 * message, whose time was the latest so far: a replay that comes to a later time without it is one of a log
 * that no longer holds it, and what else went is not known.
 *
 * Engines before 23.0 send messages a second time when they rotate a log that is followed: the last one, or,
 * when they rotate again before they have sent it, all of a file (measured, 20.10). So a message that is not
 * the latest is dropped where it is one of those that came before.
 */
export class DockerFrames {
  readonly #reader: MessageReader;
  readonly #tellGap: TellGap;
  readonly #keeps: number;
  readonly #isTerminal: boolean;
  readonly #unfinished = new Map<number, Unfinished>();
  readonly #seen = new SeenMessages();
  #timestamp: string;
  #instant: Instant | null;
  /** Messages from the first one of this timestamp on. */
  #ordinal: number;
  /** Of the replay: how many of these messages are still to come; 0: it is over, or there is none. */
  #repeating: number;
  /** Whether the replay has come to the first of them. */
  #found = false;
  /** Messages that were sent again, one after the other, since the last one that was not. */
  #repeated = 0;
  #overtaken = false;

  constructor(
    framing: 'docker-multiplexed' | 'docker-raw',
    cursor: string | null,
    { keeps = lineCap, tellGap = () => undefined }: DockerFramesOptions = {},
  ) {
    this.#tellGap = tellGap;
    this.#keeps = keeps;
    this.#isTerminal = framing === 'docker-raw';
    this.#reader = framing === 'docker-raw' ? new RawReader(keeps) : new FrameReader();
    const stored = parseDockerCursor(cursor);
    this.#timestamp = stored?.timestamp ?? '';
    this.#instant = rfc3339Instant(this.#timestamp);
    this.#ordinal = stored?.ordinal ?? 0;
    this.#repeating = this.#instant === null ? 0 : this.#ordinal;
    for (const [stream, { text, timestamp }] of storedParts(cursor)) {
      // What was behind it is gone.
      const line = new LinePart(text.length > lineCap ? text.length : keeps + 1);
      line.append(text);
      this.#unfinished.set(stream, { text: line, timestamp });
    }
  }

  /**
   * The position behind the last message read; lines that are not finished yet stand in it, up to the cap: of a longer
   * one the rest is not judged if the stream ends before the line does.
   */
  get cursor(): string {
    const cursor = { timestamp: this.#timestamp, ordinal: this.#ordinal };
    if (this.#unfinished.size === 0) return formatDockerCursor(cursor);
    const unfinished = [...this.#unfinished];
    const parts = unfinished.map(([stream, { text }]) => [
      stream,
      text.bytes.toString('latin1', 0, lineCap + 1),
    ]);
    const times = unfinished.map(([stream, { timestamp }]) => [stream, timestamp]);
    return JSON.stringify({
      ...cursor,
      parts: Object.fromEntries(parts),
      times: Object.fromEntries(times),
    });
  }

  /** @throws Error where the bytes cannot be Docker's: the stream must be opened again */
  push(chunk: Buffer, take: TakeLine): void {
    this.#reader.push(chunk, ({ stream, payload }) => this.#message(stream, payload, take));
  }

  /** The lines that the container did not finish: it ended. */
  flush(take: TakeLine): void {
    this.#reader.flush(({ stream, payload }) => this.#message(stream, payload, take));
    const time = this.#instant === null ? null : secondsOf(this.#instant);
    for (const [stream, { text }] of this.#unfinished) {
      take(Buffer.concat([text.bytes, newline]), time, this.#named(stream));
      text.clear();
    }
    this.#unfinished.clear();
  }

  #message(stream: number, payload: Buffer, take: TakeLine): void {
    const space = payload.subarray(0, longestTimestamp).indexOf(0x20);
    const timestamp = space < 0 ? '' : payload.toString('latin1', 0, space);
    const instant = rfc3339Instant(timestamp);
    if (instant === null) {
      this.#join(stream, payload, '', null, take);
      return;
    }
    if (this.#isKnown(timestamp, instant, stream, payload)) return;
    this.#advance(timestamp, instant);
    this.#join(stream, payload.subarray(space + 1), timestamp, secondsOf(instant), take);
  }

  /** Whether it was judged before: a replay's, or one that came before on this stream. */
  #isKnown(timestamp: string, instant: Instant, stream: number, payload: Buffer): boolean {
    const key = messageKey(instant.ms, instant.nanoseconds, stream, payload);
    const known = this.#wasJudged(timestamp, instant) || this.#isRepeated(timestamp, instant, stream, key);
    this.#seen.add(key);
    return known;
  }

  #isRepeated(timestamp: string, instant: Instant, stream: number, key: number): boolean {
    if (this.#instant === null || compare(instant, this.#instant) > 0) return this.#isNew();
    // The next part of a long line may be as the one before.
    if (this.#unfinished.get(stream)?.timestamp === timestamp) return this.#isNew();
    if (!this.#seen.has(key)) return this.#isNew();
    this.#repeated++;
    if (this.#repeated > 1 && !this.#overtaken) {
      this.#overtaken = true;
      this.#tellGap(overtaken);
    }
    return true;
  }

  #isNew(): false {
    this.#repeated = 0;
    return false;
  }

  #wasJudged(timestamp: string, instant: Instant): boolean {
    if (this.#repeating <= 0 || this.#instant === null) return false;
    const order = compare(instant, this.#instant);
    if (order > 0) {
      if (!this.#found) this.#tellGap(gone(this.#timestamp, timestamp));
      this.#repeating = 0;
      return false;
    }
    if (order === 0) this.#found = true;
    if (this.#found) this.#repeating--;
    return true;
  }

  #advance(timestamp: string, instant: Instant): void {
    if (this.#instant !== null && compare(instant, this.#instant) <= 0) {
      this.#ordinal++;
      return;
    }
    this.#ordinal = 1;
    this.#timestamp = copied(timestamp);
    this.#instant = instant;
  }

  #join(stream: number, text: Buffer, timestamp: string, time: number | null, take: TakeLine): void {
    const before = this.#unfinished.get(stream);
    if (text.at(-1) !== 0x0a && !isLastPart(text, timestamp, before)) {
      const line = before ?? { text: new LinePart(this.#keeps + 1), timestamp: '' };
      line.text.append(text);
      line.timestamp = copied(timestamp);
      this.#unfinished.set(stream, line);
      return;
    }
    this.#unfinished.delete(stream);
    const end = text.at(-1) === 0x0a ? text : Buffer.concat([text, newline]);
    const line =
      before === undefined ? end : Buffer.concat([before.text.bytes, before.text.isFull ? overlong : end]);
    take(line, time, this.#named(stream));
    before?.text.clear();
  }

  #named(stream: number): { readonly stream?: ContainerStream } {
    if (this.#isTerminal) return {};
    return { stream: stream === 2 ? 'stderr' : 'stdout' };
  }
}

/**
 * Whether it ends its line without a newline. The driver `local` of Docker 20.10 leaves that out after a line of several
 * parts (so does its copy of what other drivers log), and the next line would pass for more of this one: a client that
 * makes a line longer than a part would hide what it does next. All parts but the last are full.
 */
function isLastPart(text: Buffer, timestamp: string, before: Unfinished | undefined): boolean {
  return text.length < partLength && timestamp !== '' && before?.timestamp === timestamp;
}

const overtaken =
  'the engine rotates this log faster than it can be followed, and may have left out lines, as Docker before 23.0 ' +
  'does; raise max-size of its logging driver';

function gone(from: string, to: string): string {
  return (
    `lines between ${from} and ${to} may be lost: the engine threw them away before they were read; raise max-size ` +
    'or max-file of its logging driver'
  );
}

/** Cut out of a longer text, it would keep that alive. */
function copied(timestamp: string): string {
  return Buffer.from(timestamp).toString('latin1');
}

/** Negative: `a` is earlier. */
function compare(a: Instant, b: Instant): number {
  return a.ms - b.ms || a.nanoseconds - b.nanoseconds;
}

/** The unfinished lines of a stored cursor. */
function storedParts(cursor: string | null): (readonly [number, { text: Buffer; timestamp: string }])[] {
  if (cursor === null) return [];
  try {
    const { parts, times } = JSON.parse(cursor) as Partial<
      Record<'parts' | 'times', Record<string, unknown>>
    >;
    return Object.entries(parts ?? {}).flatMap(([stream, text]) => {
      if (typeof text !== 'string') return [];
      const timestamp = times?.[stream];
      const line = {
        text: Buffer.from(text, 'latin1'),
        timestamp: typeof timestamp === 'string' ? timestamp : '',
      };
      return [[Number(stream), line] as const];
    });
  } catch {
    return [];
  }
}

import type { ContainerStream } from '../core/filter.ts';
import { lineCap } from './line-length.ts';
import { LinePart } from './line-part.ts';
import { rfc3339Seconds } from './rfc3339.ts';
import { type TakeLines, TimedLines } from './timed-lines.ts';

/** Bytes at a line's start among which its head must end: a timestamp of 35, a stream, and a few tags. */
const longestHead = 128;

/**
 * `TIMESTAMP STREAM TAGS TEXT`; of the tags, set apart by colons, the first says whether the line ends here (F)
 * or goes on in the next entry of its stream (P). (Kubernetes, "CRI: log management for container stdout/stderr".)
 */
const head = /^(\S{20,35}) (stdout|stderr) ([FP])(?::[^ ]*)? /;

/** After so many lines, none of which was in this format, it is said to be another. */
const telling = 10;

/** How a line of Docker's json-file begins: cri-dockerd's logs stand in the same folder. */
const dockerStart = '{"log":"';

/**
 * Makes the text lines of a container out of the lines of its CRI log, the parts of long ones joined. Lines
 * that are in no such format are counted and passed over: nobody knows whose text they are.
 */
export class CriLines {
  /** Of each at most what is wanted, and one byte that shows that there was more. */
  readonly #unfinished = new Map<ContainerStream, LinePart>();
  readonly #keeps: number;
  readonly #lines = new TimedLines();
  #sound = 0;
  #damaged = 0;
  #likeDocker = false;
  /** The time of the latest line. */
  #time = 0;

  /** `cursor`: one that `cursorAt` gave, or null. `keeps`: bytes of a line that are wanted. */
  constructor(cursor: string | null, keeps = lineCap) {
    this.#keeps = keeps;
    const { time, parts } = stored(cursor);
    this.#time = time;
    for (const [stream, bytes] of parts)
      this.#keep(stream, bytes, bytes.length > lineCap ? bytes.length : keeps + 1);
  }

  /**
   * The file's cursor, with the lines that are not finished yet in it, up to the cap, and the time that they would have:
   * of a longer one the rest is not judged if the worker ends before the line does.
   */
  cursorAt(position: string): string {
    if (this.#unfinished.size === 0) return position;
    const parts = [...this.#unfinished].map(([stream, { bytes }]) => [
      stream,
      bytes.toString('base64', 0, lineCap + 1),
    ]);
    return JSON.stringify({ ...JSON.parse(position), time: this.#time, parts: Object.fromEntries(parts) });
  }

  /** `block` is whole lines of the file; only the last one may lack its newline. */
  push(block: Buffer, take: TakeLines): void {
    for (let start = 0; start < block.length; ) {
      // Where a machine lost its power, some file systems leave zeros.
      while (block[start] === 0) start++;
      const newline = block.indexOf(0x0a, start);
      const next = newline < 0 ? block.length : newline + 1;
      this.#line(block.subarray(start, next), take);
      start = next;
    }
    this.#lines.flush(take);
  }

  /** The log is complete: what is not finished is a line too. */
  flush(take: TakeLines): void {
    for (const [stream, { bytes }] of this.#unfinished) this.#lines.add(bytes, this.#time, take, stream);
    this.forget();
    this.#lines.flush(take);
  }

  /** Another file begins: what was not finished stays so. */
  forget(): void {
    for (const line of this.#unfinished.values()) line.clear();
    this.#unfinished.clear();
  }

  /** What is wrong with the log's lines, or null. `fatal`: none is as it should be. */
  get problem(): { readonly text: string; readonly fatal: boolean } | null {
    if (this.#damaged === 0) return null;
    if (this.#sound > 0 || this.#damaged < telling)
      return { text: `lines that are not in the CRI format, passed over: ${this.#damaged}`, fatal: false };
    const remedy = this.#likeDocker ? '; Docker writes this one: let the jail read it with `container`' : '';
    return { text: `none of its lines is in the CRI format${remedy}`, fatal: true };
  }

  #line(line: Buffer, take: TakeLines): void {
    const beginning = line.toString('latin1', 0, longestHead);
    const match = head.exec(beginning);
    const time = match === null ? null : rfc3339Seconds(match[1] ?? '');
    if (match === null || time === null) {
      this.#damaged++;
      this.#likeDocker ||= beginning.startsWith(dockerStart);
      return;
    }
    this.#sound++;
    this.#time = time;
    const stream = match[2] === 'stderr' ? 'stderr' : 'stdout';
    const text = line.subarray(match[0].length);
    if (match[3] === 'P') this.#keep(stream, withoutNewline(text));
    else if (this.#unfinished.has(stream)) this.#finish(stream, text, take);
    else this.#lines.add(text, time, take, stream);
  }

  #keep(stream: ContainerStream, text: Buffer, most = this.#keeps + 1): LinePart {
    const line = this.#unfinished.get(stream) ?? new LinePart(most);
    this.#unfinished.set(stream, line);
    line.append(text);
    return line;
  }

  #finish(stream: ContainerStream, text: Buffer, take: TakeLines): void {
    const line = this.#keep(stream, withoutNewline(text));
    this.#unfinished.delete(stream);
    this.#lines.add(line.bytes, this.#time, take, stream);
    line.clear();
  }
}

function withoutNewline(text: Buffer): Buffer {
  return text.at(-1) === 0x0a ? text.subarray(0, -1) : text;
}

interface Stored {
  readonly time: number;
  readonly parts: readonly (readonly [ContainerStream, Buffer])[];
}

/** The unfinished lines of a stored cursor; of one that is something else, none. */
function stored(cursor: string | null): Stored {
  try {
    const { time, parts } = JSON.parse(cursor ?? '{}') as { time?: unknown; parts?: Record<string, unknown> };
    return {
      time: typeof time === 'number' ? time : 0,
      parts: Object.entries(parts ?? {}).flatMap(([stream, text]) =>
        (stream === 'stdout' || stream === 'stderr') && typeof text === 'string'
          ? [[stream, Buffer.from(text, 'base64')] as const]
          : [],
      ),
    };
  } catch {
    return { time: 0, parts: [] };
  }
}

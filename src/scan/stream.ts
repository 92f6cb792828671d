import { messageOf } from '../core/errors.ts';
import { parseSyslogSelector } from '../core/syslog-selector.ts';
import type { Input } from '../core/types.ts';
import { parseFileCursor } from '../files/file-cursor.ts';
import { DockerFrames } from './docker-frames.ts';
import { codingOf } from './encoding.ts';
import { FilePieces } from './file-pieces.ts';
import { JournalEntries } from './journal-entries.ts';
import { LineCarry } from './line-carry.ts';
import { type BatchMaker, nowMs, type Output } from './output.ts';
import type { Reading, Scan } from './scan.ts';
import { SyslogRecords } from './syslog-records.ts';

type StreamInput = Extract<Input, { kind: 'stream' }>;

/** Takes a block of whole lines, the transport's time of them, and what else is known: how old they are (absent: new). */
type Judge = (
  block: Buffer,
  time: number | null,
  known?: Partial<Pick<Reading, 'undated' | 'backlog' | 'stream'>>,
) => void;

/** What reads one framing. */
interface Decoder {
  readonly cursor: string;
  push(chunk: Buffer, judge: Judge): void;
  flush(judge: Judge): void;
  /** What is to be said of the source, once; or ''. */
  takeNotice?(): string;
}

function decoderOf(
  input: StreamInput,
  cursor: string | null,
  scan: Scan,
  gap: (detail: string) => void,
): Decoder {
  const { keeps } = scan;
  switch (input.framing) {
    case 'lines':
      return new PlainLines(keeps);
    case 'journal':
      return new JournalEntries(cursor);
    case 'syslog':
      return new SyslogRecords(input.select);
    case 'file-pieces':
      scan.lastDate = parseFileCursor(cursor)?.date ?? null;
      return new FilePieces(cursor, codingOf(input.encoding ?? 'utf-8', keeps), gap, () => scan.lastDate);
    default:
      return new DockerFrames(input.framing, cursor, { keeps, tellGap: gap });
  }
}

/** One stream that the main thread opened and whose bytes it sends. */
export class Stream {
  readonly #decoder: Decoder;
  readonly #scan: Scan;
  readonly #batches: BatchMaker;
  readonly #output: Output;
  readonly #dateless: boolean;
  readonly #claimed: boolean;
  #closed = false;

  constructor(input: StreamInput, cursor: string | null, scan: Scan, batches: BatchMaker, output: Output) {
    this.#decoder = decoderOf(input, cursor, scan, (detail) => output.gap(detail));
    this.#dateless = isDateless(input);
    this.#claimed = input.framing === 'syslog';
    this.#scan = scan;
    this.#batches = batches;
    this.#output = output;
    output.state('reading', '');
  }

  /** Judges what came, or with null the end. False: the bytes make no sense, nothing more is read. */
  async take(bytes: Uint8Array | null): Promise<boolean> {
    while (this.#output.full && !this.#closed) await this.#output.room();
    if (this.#closed) return true;
    const readAtMs = nowMs();
    const now = readAtMs / 1_000;
    const [dateless, claimed] = [this.#dateless, this.#claimed];
    const judge: Judge = (block, time, known) =>
      this.#scan.block(
        block,
        { now, transport: time, claimed, dateless, undated: now, ...known },
        this.#batches.found,
      );
    let problem: string | null = null;
    try {
      if (bytes === null) this.#decoder.flush(judge);
      else this.#decoder.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), judge);
    } catch (thrown) {
      problem = messageOf(thrown);
    }
    // What came before the senseless bytes counts.
    this.#output.post(this.#batches.take(this.#decoder.cursor, bytes?.length ?? 0, readAtMs, 0));
    const notice = this.#decoder.takeNotice?.() ?? '';
    if (notice !== '') this.#output.state('reading', notice);
    if (problem !== null) this.#output.state('failed', problem);
    else if (bytes === null) this.#output.state('ended', '');
    if (problem !== null || bytes === null) this.#closed = true;
    return problem === null;
  }

  close(): void {
    this.#closed = true;
  }
}

/** The text alone of a syslog message is what a service wrote: it may begin with a date of its own. */
function isDateless(input: StreamInput): boolean {
  if (input.framing === 'journal') return true;
  return (
    input.framing === 'syslog' &&
    !input.select.some((text) => parseSyslogSelector(text)?.messageOnly === true)
  );
}

/** Lines without any transport of their own; such a stream cannot be taken up again. */
class PlainLines implements Decoder {
  readonly #carry: LineCarry;
  #received = 0;

  constructor(keeps: number) {
    this.#carry = new LineCarry(codingOf('utf-8', keeps));
  }

  get cursor(): string {
    return JSON.stringify({ received: this.#received });
  }

  push(chunk: Buffer, judge: Judge): void {
    this.#received += chunk.length;
    const block = this.#carry.push(chunk);
    if (block !== null) judge(block, null);
  }

  flush(judge: Judge): void {
    const rest = this.#carry.flush();
    if (rest !== null) judge(rest, null);
  }
}

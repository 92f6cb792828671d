import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import {
  type FileCursor,
  fingerprint,
  fingerprintLength,
  formatFileCursor,
  parseFileCursor,
} from './file-cursor.ts';
import { LineCarry } from './line-carry.ts';
import { chunkSize, findRenamed, identify, OpenFile } from './open-file.ts';
import { type BatchMaker, nowMs, type Output } from './output.ts';
import type { Scan } from './scan.ts';
import { Wake } from './wake.ts';

/** The buffer that all tails of a worker read into: the bytes that identify the place, then the chunk. */
const buffer = Buffer.allocUnsafeSlow(fingerprintLength + chunkSize);
const nothing = Buffer.alloc(0);

/**
 * Follows one file by its name, over renames and truncation, from its cursor on. Every whole line is
 * judged once. Polling is what it relies on; notices of the kernel only make it faster.
 */
export class Tail {
  readonly #path: string;
  readonly #scan: Scan;
  readonly #batches: BatchMaker;
  readonly #output: Output;
  readonly #wake: Wake;
  #cursor: FileCursor | null;
  #file: OpenFile | null = null;
  /** Bytes read of the open file. */
  #position = 0;
  /** The up to 256 bytes before the position: they show whether it is still the same text. */
  #before: Buffer = nothing;
  #carry = new LineCarry();
  #state = '';
  #closed = false;

  constructor(path: string, cursor: string | null, scan: Scan, batches: BatchMaker, output: Output) {
    this.#path = path;
    this.#cursor = parseFileCursor(cursor);
    this.#scan = scan;
    this.#batches = batches;
    this.#output = output;
    this.#wake = new Wake(path);
  }

  /** Reads until it is closed. Never rejects: what goes wrong is a state, and is tried again. */
  async run(): Promise<void> {
    while (!this.#closed) {
      if (this.#output.full) {
        await this.#output.room();
        continue;
      }
      let progress = false;
      try {
        progress = this.#step();
      } catch (thrown) {
        this.#fail(thrown);
      }
      // Between two chunks the other sources and the main thread's commands have their turn.
      await (progress ? setImmediate() : this.#wake.next());
    }
    this.#leave();
  }

  close(): void {
    this.#closed = true;
    this.#wake.close();
  }

  /** Reads one chunk, or changes files; false where there is nothing to do until something happens. */
  #step(): boolean {
    if (this.#file === null && !this.#open()) return false;
    if (this.#read()) return true;
    return this.#rotated();
  }

  #open(): boolean {
    const found = identify(this.#path);
    if (found === null && this.#cursor === null) {
      this.#setState('waiting', 'the file does not exist yet');
      return false;
    }
    this.#wake.watchFile();
    const cursor = this.#cursor;
    const renamed =
      cursor !== null && found?.identity !== cursor.file ? findRenamed(this.#path, cursor) : null;
    if (renamed === null && found === null) {
      this.#setState('waiting', 'the file does not exist yet');
      return false;
    }
    this.#file = renamed ?? new OpenFile(this.#path);
    this.#begin(cursor !== null && this.#continues(this.#file, cursor) ? cursor.offset : 0);
    this.#setState('reading', '');
    return true;
  }

  /**
   * Whether the file goes on behind the cursor. Device numbers change when a machine or a volume is
   * restarted, so the same bytes at the same place count too, where there are enough of them.
   */
  #continues(file: OpenFile, cursor: FileCursor): boolean {
    return (file.identity === cursor.file || cursor.offset >= fingerprintLength) && file.holds(cursor);
  }

  #begin(offset: number): void {
    const length = Math.min(fingerprintLength, offset);
    this.#before = Buffer.alloc(length);
    this.#file?.read(this.#before, offset - length);
    this.#position = offset;
    this.#carry.clear();
  }

  /** Reads and judges one chunk. The bytes before it are read again, to see that they are the same. */
  #read(): boolean {
    const file = this.#file;
    if (file === null) return false;
    const known = this.#before.length;
    const length = file.read(buffer, this.#position - known);
    if (length < known || buffer.compare(this.#before, 0, known, 0, known) !== 0) {
      // Truncated, and perhaps written again: what stands there now was not judged.
      this.#begin(0);
      return true;
    }
    if (length === known) return false;
    const readAtMs = nowMs();
    const { size, changed } = file.stat();
    const chunk = buffer.subarray(known, length);
    this.#position += chunk.length;
    const block = this.#carry.push(chunk);
    if (block !== null) this.#judge(block, readAtMs, changed);
    const judged = length - this.#carry.length;
    // The carried line may have begun before this chunk; its cursor stays where it was.
    if (block !== null) this.#post(file, buffer.subarray(0, judged), block.length, readAtMs, size);
    this.#before = Buffer.from(buffer.subarray(Math.max(0, length - fingerprintLength), length));
    return true;
  }

  #judge(block: Buffer, readAtMs: number, changed: number): void {
    const now = readAtMs / 1_000;
    this.#scan.block(block, { now, transport: null, undated: Math.min(now, changed) }, this.#batches.found);
  }

  /** `upToCursor` are the bytes just before the cursor. */
  #post(file: OpenFile, upToCursor: Buffer, bytes: number, readAtMs: number, size: number): void {
    const offset = this.#position - this.#carry.length;
    const tail = upToCursor.subarray(Math.max(0, upToCursor.length - fingerprintLength));
    this.#cursor = { file: file.identity, offset, hash: fingerprint(tail) };
    const lag = Math.max(0, size - offset);
    this.#output.post(this.#batches.take(formatFileCursor(this.#cursor), bytes, readAtMs, lag));
  }

  /**
   * At the end of the file: whether its name now belongs to another one. The change is made once the
   * new file has text, since a writer may go on in the renamed one until it reopens its log.
   */
  #rotated(): boolean {
    const file = this.#file;
    const current = identify(this.#path);
    if (file === null || current === null || current.identity === file.identity || current.size === 0)
      return false;
    // What came between the last read and now.
    if (this.#read()) return true;
    // Opened before anything is judged: where that fails, the old file stays as it was.
    const next = new OpenFile(this.#path);
    const rest = this.#carry.flush();
    const readAtMs = nowMs();
    if (rest !== null) this.#judge(rest, readAtMs, file.stat().changed);
    file.close();
    this.#file = next;
    this.#begin(0);
    this.#wake.watchFile();
    // Says that the old file is done with, so that a restart does not look for its end again.
    this.#post(this.#file, nothing, rest?.length ?? 0, readAtMs, current.size);
    return true;
  }

  #fail(thrown: unknown): void {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') this.#setState('waiting', 'the file does not exist yet');
    else this.#setState('failed', `${this.#path}: ${messageOf(thrown)}`);
    this.#leave();
  }

  #leave(): void {
    this.#file?.close();
    this.#file = null;
    this.#carry.clear();
  }

  #setState(state: 'reading' | 'waiting' | 'failed', detail: string): void {
    const said = `${state} ${detail}`;
    if (said === this.#state) return;
    this.#state = said;
    this.#output.state(state, detail);
  }
}

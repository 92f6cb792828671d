import { setImmediate } from 'node:timers/promises';
import { packedLength, packSyslogRecord, type SyslogRecord } from '../core/syslog-record.ts';

/** Bytes that may wait for the scanner before senders are held back. */
const mostWaiting = 1024 * 1024;
const chunkSize = 256 * 1024;

/**
 * Messages of all connections on their way to the scanner, in few large pieces. It takes whatever it is given:
 * whoever adds asks `full` first, and then waits (a stream) or drops (a datagram).
 */
export class SyslogQueue {
  readonly #write: (records: Uint8Array) => Promise<void>;
  #chunks: Buffer[] = [];
  /** The last chunk, and how much of it is used. */
  #chunk = Buffer.alloc(0);
  #used = 0;
  #waiting = 0;
  #sending = false;
  #resumes: (() => void)[] = [];

  /** `write` resolves when there is room for more; it may keep and transfer the bytes. */
  constructor(write: (records: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  get full(): boolean {
    return this.#waiting >= mostWaiting;
  }

  add(record: SyslogRecord): void {
    const length = packedLength(record);
    if (this.#used + length > this.#chunk.length) this.#turnOver(length);
    this.#used = packSyslogRecord(record, this.#chunk, this.#used);
    this.#waiting += length;
    if (!this.#sending) void this.#send();
  }

  /** Calls back once, when it is no longer full. */
  whenRoom(resume: () => void): void {
    this.#resumes.push(resume);
  }

  #turnOver(least: number): void {
    if (this.#used > 0) this.#chunks.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkSize, least));
    this.#used = 0;
  }

  async #send(): Promise<void> {
    this.#sending = true;
    // What comes in the same turn goes together.
    await setImmediate();
    while (this.#waiting > 0) {
      const records = this.#take();
      // Transferred, they have no length any more.
      const { length } = records;
      // A failure is one of the scanner: the lines are lost, as they are when its thread dies.
      await this.#write(records).catch(() => undefined);
      this.#waiting -= length;
      this.#wake();
    }
    this.#sending = false;
  }

  #take(): Buffer {
    const next = this.#chunks.shift();
    if (next !== undefined) return next;
    const rest = Buffer.allocUnsafeSlow(this.#used);
    this.#chunk.copy(rest, 0, 0, this.#used);
    this.#used = 0;
    return rest;
  }

  #wake(): void {
    if (this.full) return;
    const resumes = this.#resumes;
    this.#resumes = [];
    for (const resume of resumes) resume();
  }
}

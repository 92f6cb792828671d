import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { BailiffError, messageOf } from '../core/errors.ts';

/** Where a reader's pipe lies at the path, nobody waits for the reader. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
/** Who is banned is nothing for everybody, and something for those who read logs. */
const mode = 0o640;

/** Characters that wait while nothing can be written: some 90,000 lines. */
const mostWaiting = 8 * 1024 * 1024;
/** What could not be written is tried again after this time. */
const retryMs = 1_000;
/** What a slow disk may take of a daemon's last moments. */
const patienceMs = 2_000;

export interface AppendedFileEvents {
  /** Nothing can be written: said once, until `recovered`. */
  readonly failed: (error: BailiffError) => void;
  /** It can again. `lost`: lines for which there was no room meanwhile. */
  readonly recovered: (lost: number) => void;
}

/**
 * Appends lines to a file, and holds nobody up. What comes in one turn of the event loop is one write. The file is
 * opened for each, so that the lines are always in the one which has the name, whatever a rotation did with those
 * before. A line of which only a part was written is completed before anything else.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #events: AppendedFileEvents;
  #waiting = '';
  /** What of the last write is not in the file. */
  #rest: Uint8Array = new Uint8Array();
  #work: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failing = false;
  #lost = 0;

  constructor(path: string, events: AppendedFileEvents) {
    this.#path = path;
    this.#events = events;
  }

  append(line: string): void {
    if (this.#rest.length + this.#waiting.length + line.length > mostWaiting) {
      this.#lost += 1;
      return;
    }
    this.#waiting += `${line}\n`;
    if (this.#retry === null) this.#work ??= this.#writeAll();
  }

  /** Writes what waits, where that can be done in two seconds. */
  async close(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    const last = async () => {
      await this.#work;
      await this.#write();
    };
    await Promise.race([last(), wait(patienceMs, undefined, { ref: false })]);
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  async #writeAll(): Promise<void> {
    do await setImmediate();
    while ((await this.#write()) && this.#waiting !== '');
    this.#work = null;
  }

  /** @returns whether all is written that waited */
  async #write(): Promise<boolean> {
    const bytes = Buffer.concat([this.#rest, Buffer.from(this.#waiting)]);
    this.#waiting = '';
    let written = 0;
    try {
      if (bytes.length > 0) {
        await using file = await open(this.#path, flags, mode);
        while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
      }
      this.#rest = new Uint8Array();
      this.#succeeded();
      return true;
    } catch (error) {
      this.#rest = bytes.subarray(written);
      this.#failed(error);
      return false;
    }
  }

  #succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#events.recovered(this.#lost);
    this.#lost = 0;
  }

  #failed(cause: unknown): void {
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#work ??= this.#writeAll();
    }, retryMs).unref();
    if (this.#failing) return;
    this.#failing = true;
    this.#events.failed(
      new BailiffError('fail2ban-log-unwritable', messageOf(cause), {
        where: this.#path,
        remedy: 'Make its folder, or room on its disk. Bans do not depend on it.',
        cause,
      }),
    );
  }
}

import { mkdirSync, readFileSync } from 'node:fs';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { countedThings } from '../core/counted.ts';
import type { Notice } from './notice.ts';

/** Notices that wait; beyond that they are dropped and counted. */
const mostWaiting = 10_000;
/** Of so many the lines of logs are wanted: a message has no room for more. */
const mostWithLines = 100;
/** Lines of the file that say nothing any more, before it is written anew. */
const mostStale = 2_000;

/** A line of the file: a notice, or so many of the oldest that were sent, or for which there was no room. */
type Entry = Notice | { readonly sent: number } | { readonly dropped: number };

export interface KeptQueueOptions {
  /** The file; its folder is made where it is not there. */
  readonly path: string;
  /** It could not be read or written: what waits stays in memory. Said once, until it can again. */
  readonly failed: (error: unknown) => void;
  readonly most?: number;
}

/**
 * What is to be told, in order, kept in a file over a restart. A change is appended to the file in the same turn of the
 * event loop, and nobody waits for it: a SIGKILL may lose the last of them, and a message that was just sent may be
 * sent again.
 */
export class KeptQueue {
  readonly #options: KeptQueueOptions;
  readonly #most: number;
  #waiting: Notice[] = [];
  #dropped = 0;
  /** What is not in the file yet. */
  #unwritten = '';
  /** The file is to be written anew: it holds what is of no use, or not all that it should. */
  #whole = false;
  /** Lines of the file. */
  #lines = 0;
  #work: Promise<void> | null = null;
  #failing = false;

  constructor(options: KeptQueueOptions) {
    this.#options = options;
    this.#most = options.most ?? mostWaiting;
  }

  /** What an earlier run has left. What is no notice is passed over. */
  restore(): void {
    const { path, failed } = this.#options;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      for (const line of readFileSync(path, 'utf8').split('\n')) this.#replay(entryOf(line));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) failed(error);
    }
    this.#whole = this.#lines > 0;
  }

  get waiting(): readonly Notice[] {
    return this.#waiting;
  }

  /** For so many there was no room since something was sent last. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the lines of logs are of use that come with the next. */
  get wantsLines(): boolean {
    return this.#waiting.length < mostWithLines;
  }

  /** @returns false where there is no room for it */
  add(notice: Notice): boolean {
    if (this.#waiting.length >= this.#most) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(notice);
    this.#note(notice);
    return true;
  }

  /** The oldest were sent, and so many that were dropped were told of. */
  sent(count: number, dropped: number): void {
    this.#waiting.splice(0, count);
    this.#dropped -= dropped;
    if (this.#waiting.length === 0 || this.#lines > this.#waiting.length + mostStale) this.#whole = true;
    this.#note({ sent: count });
  }

  /** Resolves once the file holds everything, or cannot. */
  async flush(): Promise<void> {
    if (this.#dropped > 0) this.#note({ dropped: this.#dropped });
    await this.#work;
  }

  #replay(entry: Entry | null): void {
    if (entry === null) return;
    this.#lines += 1;
    if ('sent' in entry) this.#waiting.splice(0, entry.sent);
    else if ('dropped' in entry) this.#dropped = entry.dropped;
    else if (this.#waiting.length < this.#most) this.#waiting.push(entry);
  }

  #note(entry: Entry): void {
    this.#unwritten += lineOf(entry);
    this.#work ??= this.#write();
  }

  async #write(): Promise<void> {
    // The caller goes on first.
    await Promise.resolve();
    try {
      while (this.#unwritten !== '') await this.#writeOnce();
      this.#failing = false;
    } catch (error) {
      this.#whole = true;
      this.#unwritten = '';
      if (!this.#failing) this.#options.failed(error);
      this.#failing = true;
    }
    this.#work = null;
  }

  async #writeOnce(): Promise<void> {
    const { path } = this.#options;
    const text = this.#unwritten;
    this.#unwritten = '';
    if (!this.#whole) {
      this.#lines += text.split('\n').length - 1;
      return appendFile(path, text, { mode: 0o600 });
    }
    this.#whole = false;
    const dropped = this.#dropped > 0 ? [{ dropped: this.#dropped }] : [];
    this.#lines = this.#waiting.length + dropped.length;
    await writeFile(`${path}.new`, [...this.#waiting, ...dropped].map(lineOf).join(''), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}

function lineOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** The last line of a file may have been written in part, and a disk may give back anything. */
function entryOf(line: string): Entry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const has = (key: string, ...types: string[]) =>
    types.includes(key in value ? typeof (value as Record<string, unknown>)[key] : 'undefined');
  if ('sent' in value || 'dropped' in value) return has('sent', 'number') || has('dropped', 'number');
  if (!has('time', 'number') || !('kind' in value)) return false;
  if (value.kind === 'problem') return has('text', 'string') && has('solved', 'boolean');
  const texts = ['jail', 'address', 'host'].every((key) => has(key, 'string'));
  const numbers = ['failures', 'bancount'].every((key) => has(key, 'number'));
  if ((value.kind !== 'ban' && value.kind !== 'unban') || !texts || !numbers) return false;
  if (!('counts' in value ? countedThings.some((each) => each === value.counts) : true)) return false;
  if (!('until' in value) || (value.until !== null && typeof value.until !== 'number')) return false;
  return (
    'lines' in value && Array.isArray(value.lines) && value.lines.every((line) => typeof line === 'string')
  );
}

import type { DaemonEvent } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import { jsonText } from '../core/printable.ts';

/** What happened lately, beside attempts, is kept for who asks afterwards. */
const mostRecent = 200;

/** Readers at a time. */
const mostReaders = 16;

/** Events are handed on so often (ms), and no more than these at a time: a flood costs a reader its details only. */
const flushMs = 200;
const mostFound = 500;
const mostOthers = 2_000;

/** What is to be written to a reader: whole lines of JSON. */
export type EventReader = (lines: string) => void;

/** What happens, for those who follow it. Nobody who reads can hold up what happens. */
export class Events {
  readonly #readers = new Set<EventReader>();
  readonly #recent: DaemonEvent[] = [];
  #waiting: DaemonEvent[] = [];
  #found = 0;
  #skipped = 0;
  #timer: NodeJS.Timeout | null = null;

  /** Whether anybody wants to be told of attempts. */
  get followed(): boolean {
    return this.#readers.size > 0;
  }

  /** The newest last. */
  recent(): readonly DaemonEvent[] {
    return this.#recent;
  }

  tell(event: DaemonEvent): void {
    if (event.event !== 'found' && this.#recent.push(event) > mostRecent) this.#recent.shift();
    if (!this.followed) return;
    if (this.#hasRoomFor(event)) this.#waiting.push(event);
    else this.#skipped++;
    this.#timer ??= setTimeout(() => this.#flush(event.time), flushMs);
  }

  /** @returns what ends it. @throws BailiffError request-invalid where too many follow already */
  follow(reader: EventReader): () => void {
    if (this.#readers.size >= mostReaders)
      throw new BailiffError('request-invalid', `${mostReaders} programs follow the events already`);
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  #hasRoomFor({ event }: DaemonEvent): boolean {
    if (event === 'found') return this.#found++ < mostFound;
    return this.#waiting.length < mostFound + mostOthers;
  }

  #flush(time: number): void {
    const skipped = this.#skipped;
    if (skipped > 0) this.#waiting.push({ event: 'skipped', time, count: skipped });
    const lines = this.#waiting.map((event) => `${jsonText(event)}\n`).join('');
    this.#waiting = [];
    this.#found = 0;
    this.#skipped = 0;
    this.#timer = null;
    for (const reader of this.#readers) reader(lines);
  }
}

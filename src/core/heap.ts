import { none } from './entry-pool.ts';

/** Where the entries of a heap keep what they are ordered by, and their place in it (none: in no heap). */
export interface QueuedEntries {
  /** Must not change while the entry is in the heap. */
  until(entry: number): number;
  queued(entry: number): number;
  setQueued(entry: number, place: number): void;
}

/** A binary min-heap of entry numbers that knows where each is: the next expiry among many bans. */
export class EntryHeap {
  readonly #entries: QueuedEntries;
  readonly #heap: number[] = [];

  constructor(entries: QueuedEntries) {
    this.#entries = entries;
  }

  /** The one that is over first, or none. */
  get first(): number {
    return this.#heap[0] ?? none;
  }

  add(entry: number): void {
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1, entry);
  }

  /** Takes an entry out. One that is in no heap stays out. */
  delete(entry: number): void {
    const at = this.#entries.queued(entry);
    if (at === none) return;
    this.#entries.setQueued(entry, none);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    if (this.#rise(at, last) === at) this.#sink(at, last);
  }

  /** Puts an entry at a place, or above it. @returns where it is */
  #rise(place: number, entry: number): number {
    const until = this.#entries.until(entry);
    let at = place;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above] ?? none;
      if (this.#entries.until(parent) <= until) break;
      this.#put(at, parent);
      at = above;
    }
    this.#put(at, entry);
    return at;
  }

  #sink(place: number, entry: number): void {
    const until = this.#entries.until(entry);
    let at = place;
    for (;;) {
      const below = this.#earlier(2 * at + 1, 2 * at + 2);
      const child = this.#heap[below];
      if (child === undefined || until <= this.#entries.until(child)) break;
      this.#put(at, child);
      at = below;
    }
    this.#put(at, entry);
  }

  #earlier(left: number, right: number): number {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    if (one === undefined || other === undefined) return left;
    return this.#entries.until(other) < this.#entries.until(one) ? right : left;
  }

  #put(at: number, entry: number): void {
    this.#heap[at] = entry;
    this.#entries.setQueued(entry, at);
  }
}

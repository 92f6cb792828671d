import { lineCap } from './line-length.ts';

/** Beginnings of more bytes than this are long ones; so much of them is always kept. */
const longFrom = 2 * lineCap;

/** Long ones that a worker keeps at a time: writers who never end a line, of whatever number, fill no memory. */
const mostLong = 4;
const longOnes: LinePart[] = [];

const nothing = Buffer.alloc(0);

/**
 * The beginning of a line whose end is still to come: at most `cap` bytes of it, copied, and how many there were beyond.
 * Of long ones the four that became so last are kept whole; an older one is cut, for who wrote it is in no hurry.
 */
export class LinePart {
  readonly #cap: number;
  #buffer: Buffer = nothing;
  #length = 0;
  #dropped = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Bytes that are kept. */
  get length(): number {
    return this.#length;
  }

  /** Whether more than what is kept may have been there. */
  get isFull(): boolean {
    return this.#dropped > 0 || this.#length >= this.#cap;
  }

  /** Bytes that were not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What is kept. Valid until it is cleared: what is appended goes behind it. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  append(bytes: Buffer): void {
    // Behind a hole nothing is what it seems.
    const taken = this.#dropped > 0 ? 0 : Math.min(bytes.length, this.#cap - this.#length);
    if (taken > 0) {
      this.#makeRoom(this.#length + taken);
      this.#length += bytes.copy(this.#buffer, this.#length, 0, taken);
    }
    this.#dropped += bytes.length - taken;
  }

  /** Begins the next line. Whoever has the bytes keeps them. */
  clear(): void {
    if (this.#length > longFrom) forget(this);
    this.#buffer = nothing;
    this.#length = 0;
    this.#dropped = 0;
  }

  /** Keeps the beginning alone. */
  cut(): void {
    this.#dropped += this.#length - longFrom;
    this.#length = longFrom;
    this.#buffer = Buffer.from(this.bytes);
  }

  #makeRoom(needed: number): void {
    if (needed > longFrom && this.#length <= longFrom) remember(this);
    if (needed <= this.#buffer.length) return;
    // Twice as much each time: a long line that comes in small parts is not copied at each of them.
    const room = Buffer.allocUnsafe(Math.min(this.#cap, Math.max(needed, 2 * this.#buffer.length)));
    this.bytes.copy(room);
    this.#buffer = room;
  }
}

function remember(part: LinePart): void {
  longOnes.push(part);
  if (longOnes.length > mostLong) longOnes.shift()?.cut();
}

function forget(part: LinePart): void {
  const at = longOnes.indexOf(part);
  if (at >= 0) longOnes.splice(at, 1);
}

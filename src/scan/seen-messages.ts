/** Messages a half of the memory holds at first, and at most: the lines of some 5 MB of log. */
const fewest = 64;
const most = 32_768;

/**
 * Remembers the latest messages of one log, between 32,768 and twice as many where there are so many: 8 bytes in
 * a table that is at most half full, so 1 MiB for the busiest. Two halves, of which the older is thrown
 * away when the younger is full.
 */
export class SeenMessages {
  #younger = new KeySet(fewest);
  #older = new KeySet(0);

  has(key: number): boolean {
    return this.#younger.has(key) || this.#older.has(key);
  }

  add(key: number): void {
    if (this.#younger.isFull && this.#younger.capacity < most) this.#younger = this.#younger.doubled();
    if (this.#younger.isFull) {
      this.#older = this.#younger;
      this.#younger = new KeySet(most);
    }
    this.#younger.add(key);
  }
}

/** A set of numbers that are not 0, of a fixed size, by linear probing. */
class KeySet {
  readonly capacity: number;
  readonly #slots: Float64Array;
  #size = 0;

  /** `capacity` is a power of two, or 0. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slots = new Float64Array(capacity * 2);
  }

  get isFull(): boolean {
    return this.#size >= this.capacity;
  }

  doubled(): KeySet {
    const wider = new KeySet(this.capacity * 2);
    for (const key of this.#slots) if (key !== 0) wider.add(key);
    return wider;
  }

  has(key: number): boolean {
    return this.#slots.length > 0 && this.#slots[this.#slotOf(key)] === key;
  }

  add(key: number): void {
    const slot = this.#slotOf(key);
    if (this.#slots[slot] === key) return;
    this.#slots[slot] = key;
    this.#size++;
  }

  /** Where the key is, or would be. */
  #slotOf(key: number): number {
    const mask = this.#slots.length - 1;
    let slot = key & mask;
    for (; this.#slots[slot] !== key && this.#slots[slot] !== 0; slot = (slot + 1) & mask);
    return slot;
  }
}

/**
 * A message's key: 53 bits out of its time, stream, length and last bytes. Times are nanoseconds, so hardly
 * ever alike. Never 0.
 */
export function messageKey(ms: number, nanoseconds: number, stream: number, payload: Uint8Array): number {
  const { length } = payload;
  const low = mix(mix(stream, ms / 1_000), nanoseconds);
  let high = mix(mix(low, nanoseconds), length);
  for (let at = Math.max(0, length - mostDiffering); at < length; at++) high = mix(high, payload[at] ?? 0);
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0) || 1;
}

/** Bytes at the end of a line. */
const mostDiffering = 16;

/** One round of MurmurHash3's 32-bit mixing. */
function mix(state: number, value: number): number {
  let word = Math.imul(value, 0xcc9e2d51);
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  const mixed = state ^ word;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** Times of a page: 32 KiB. */
const pageBits = 12;
const pageLength = 1 << pageBits;

const none = -1;

/**
 * Many short lists of times in few arrays. A list lies in a block of the next power of two; a block that became free
 * is used for the next list of its size, and meanwhile holds where the free one after it is. Pages are of one size
 * and are not given back, so that they leave no holes; only a longer list has one of its own.
 */
export class TimeSlab {
  readonly #pages: Float64Array<ArrayBuffer>[] = [];
  /** The page that still has room, and where that begins. */
  #open = none;
  #used = pageLength;
  /** Where the first free block of each size is, by the size's exponent. */
  readonly #free: number[] = [];

  /** @returns where the list lies; it is not empty */
  add(times: readonly number[]): number {
    const at = this.#allocate(exponentOf(times.length));
    this.#write(at, times);
    return at;
  }

  /** Puts a list in place of the one of `count` times that lies at `at`. @returns where it lies */
  replace(at: number, count: number, times: readonly number[]): number {
    if (exponentOf(count) !== exponentOf(times.length)) {
      this.remove(at, count);
      return this.add(times);
    }
    this.#write(at, times);
    return at;
  }

  /** Gives up the list of `count` times that lies at `at`. */
  remove(at: number, count: number): void {
    const exponent = exponentOf(count);
    this.#write(at, [this.#free[exponent] ?? none]);
    this.#free[exponent] = at;
  }

  /** Frees its memory at once; it must not be used any more. */
  release(): void {
    for (const { buffer } of this.#pages.splice(0)) buffer.transfer(0);
  }

  /** The list of `count` times that lies at `at`. */
  read(at: number, count: number): number[] {
    const page = this.#pages[at >> pageBits];
    const start = at & (pageLength - 1);
    const times: number[] = [];
    for (let index = start; index < start + count; index++) times.push(page?.[index] ?? 0);
    return times;
  }

  #write(at: number, times: readonly number[]): void {
    const page = this.#pages[at >> pageBits];
    if (page === undefined) return;
    const start = at & (pageLength - 1);
    for (let index = 0; index < times.length; index++) page[start + index] = times[index] ?? 0;
  }

  #allocate(exponent: number): number {
    const free = this.#free[exponent] ?? none;
    if (free !== none) {
      this.#free[exponent] = this.read(free, 1)[0] ?? none;
      return free;
    }
    const length = 1 << exponent;
    if (length > pageLength) return this.#addPage(length) << pageBits;
    if (this.#used + length > pageLength) {
      this.#open = this.#addPage(pageLength);
      this.#used = 0;
    }
    const at = (this.#open << pageBits) + this.#used;
    this.#used += length;
    return at;
  }

  #addPage(length: number): number {
    return this.#pages.push(new Float64Array(length)) - 1;
  }
}

/** Of the smallest power of two that holds so many; `count` is positive. */
function exponentOf(count: number): number {
  return 32 - Math.clz32(count - 1);
}

/** Room for times in a new slab. */
const firstLength = 16;

/**
 * Many short lists of times in one array. A list lies in a block of the next power of two; a block that became free
 * is used for the next list of its size, and meanwhile holds where the free one after it is.
 */
export class TimeSlab {
  #times = new Float64Array(firstLength);
  #used = 0;
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
    this.#times[at] = this.#free[exponent] ?? -1;
    this.#free[exponent] = at;
  }

  /** The list of `count` times that lies at `at`. */
  read(at: number, count: number): number[] {
    const times: number[] = [];
    for (let index = at; index < at + count; index++) times.push(this.#times[index] ?? 0);
    return times;
  }

  #write(at: number, times: readonly number[]): void {
    for (let index = 0; index < times.length; index++) this.#times[at + index] = times[index] ?? 0;
  }

  #allocate(exponent: number): number {
    const free = this.#free[exponent] ?? -1;
    if (free >= 0) {
      this.#free[exponent] = this.#times[free] ?? -1;
      return free;
    }
    const at = this.#used;
    this.#used += 1 << exponent;
    if (this.#used > this.#times.length) this.#grow();
    return at;
  }

  #grow(): void {
    const wider = new Float64Array(Math.max(this.#used, Math.ceil(this.#times.length * 1.25)));
    wider.set(this.#times);
    this.#times = wider;
  }
}

/** Of the smallest power of two that holds so many; `count` is positive. */
function exponentOf(count: number): number {
  return 32 - Math.clz32(count - 1);
}

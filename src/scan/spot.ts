/** Bytes of the shared memory that a worker says in where it is. */
export const spotBytes = 7 * Int32Array.BYTES_PER_ELEMENT;

const [counter, source, filter, expression, length, watched, judging] = [0, 1, 2, 3, 4, 5, 6] as const;

/** In place of an expression's number: the worker is at none. */
const nowhere = -1;

/** One run of one expression. */
export interface Place {
  /** Another one at each run. */
  readonly count: number;
  /** Whose line it is: the generation of its source. */
  readonly generation: number;
  /** Index of the filter as the worker was started with it, and of the expression in it (filters/patterns.ts). */
  readonly filter: number;
  readonly expression: number;
  /** Characters of the text that it runs on. */
  readonly length: number;
}

/**
 * Where a worker is, for the main thread to see while the worker cannot answer. The writes are plain ones, which cost
 * next to nothing: whoever reads waits for a place that does not change, and by then has seen all of them. Only
 * that there are lines again is told at once, so that nobody has to look while there are none.
 */
export class Spot {
  readonly #cells: Int32Array;
  #count = 0;

  constructor(memory: ArrayBufferLike = new ArrayBuffer(spotBytes)) {
    this.#cells = new Int32Array(memory);
    this.leave();
  }

  /** The lines that come next are of this source. Wakes who watches. */
  begin(generation: number): void {
    this.#cells[source] = generation;
    this.leave();
    Atomics.store(this.#cells, judging, 1);
    if (Atomics.exchange(this.#cells, watched, 1) === 0) Atomics.notify(this.#cells, watched);
  }

  /** The lines are judged. */
  end(): void {
    this.leave();
    Atomics.store(this.#cells, judging, 0);
  }

  enter(filterIndex: number, expressionIndex: number, textLength: number): void {
    this.#count = (this.#count + 1) | 0;
    this.#cells[counter] = this.#count;
    this.#cells[filter] = filterIndex;
    this.#cells[length] = textLength;
    this.#cells[expression] = expressionIndex;
  }

  leave(): void {
    this.#cells[expression] = nowhere;
  }

  get generation(): number {
    return this.#cells[source] ?? 0;
  }
}

/** Resolves when there are lines, or `wakeWatcher` was called: at once, where one of these came since the last call. */
export async function linesBegin(memory: SharedArrayBuffer): Promise<void> {
  const cells = new Int32Array(memory);
  await Atomics.waitAsync(cells, watched, 0).value;
  Atomics.store(cells, watched, 0);
}

export function wakeWatcher(memory: SharedArrayBuffer): void {
  const cells = new Int32Array(memory);
  Atomics.store(cells, watched, 1);
  Atomics.notify(cells, watched);
}

/** Whether there are lines just now: the worker may yet come to any expression. */
export function isJudging(memory: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(memory), judging) === 1;
}

/** Where the worker is, or null: at no expression. */
export function readSpot(memory: ArrayBufferLike): Place | null {
  const cells = new Int32Array(memory);
  const [count = 0, generation = 0, filterIndex = 0, expressionIndex = nowhere, textLength = 0] = cells;
  if (expressionIndex === nowhere) return null;
  return { count, generation, filter: filterIndex, expression: expressionIndex, length: textLength };
}

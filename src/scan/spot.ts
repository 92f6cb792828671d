/** Bytes of the shared memory that a worker says in where it is. */
export const spotBytes = 5 * Int32Array.BYTES_PER_ELEMENT;

const [counter, source, filter, expression, length] = [0, 1, 2, 3, 4] as const;

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
 * next to nothing: whoever reads waits for a place that does not change, and by then has seen all of them.
 */
export class Spot {
  readonly #cells: Int32Array;
  #count = 0;

  constructor(memory: ArrayBufferLike = new ArrayBuffer(spotBytes)) {
    this.#cells = new Int32Array(memory);
    this.leave();
  }

  /** The lines that come next are of this source. */
  begin(generation: number): void {
    this.#cells[source] = generation;
    this.leave();
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

/** Where the worker is, or null: at no expression. */
export function readSpot(memory: ArrayBufferLike): Place | null {
  const cells = new Int32Array(memory);
  const [count = 0, generation = 0, filterIndex = 0, expressionIndex = nowhere, textLength = 0] = cells;
  if (expressionIndex === nowhere) return null;
  return { count, generation, filter: filterIndex, expression: expressionIndex, length: textLength };
}

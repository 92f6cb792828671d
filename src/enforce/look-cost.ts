/** The cheapest of so many looks tells the cost: the others had to wait for a busy machine. */
const looksCompared = 8;

/** What a look at the packet filter costs, by how long the last ones took, in ms. */
export class LookCost {
  readonly #took: number[] = [];

  /** Whether as many looks are known as are compared. */
  get isSettled(): boolean {
    return this.#took.length === looksCompared;
  }

  /** @returns the cost, this look included */
  add(tookMs: number): number {
    this.#took.push(tookMs);
    if (this.#took.length > looksCompared) this.#took.shift();
    return Math.min(...this.#took);
  }
}

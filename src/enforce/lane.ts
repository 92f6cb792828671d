/** Work done one after another, in the order it came; what fails does not hold up what follows. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the work does. A promise that nobody waits for does no harm. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything given so far is over. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

/** What is known of traffic that this host's packet filter does not see, by whom it was found. */
export class Gaps {
  readonly #found = new Map<string, readonly string[]>();

  /** Replaces what one finder (`host`, a container's name) says; an empty list takes it back. @returns whether that is news */
  replace(finder: string, gaps: readonly string[]): boolean {
    const before = JSON.stringify(this.#found.get(finder) ?? []);
    if (gaps.length === 0) this.#found.delete(finder);
    else this.#found.set(finder, gaps);
    return JSON.stringify(gaps) !== before;
  }

  all(): string[] {
    return [...new Set([...this.#found.values()].flat())];
  }
}

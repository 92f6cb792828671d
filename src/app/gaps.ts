/** What is known of traffic that this host's packet filter does not see, by whom it was found. */
export class Gaps {
  readonly #said: (gap: string) => void;
  readonly #found = new Map<string, readonly string[]>();

  /** `said` is called for each gap when a finder has something new to say. */
  constructor(said: (gap: string) => void) {
    this.#said = said;
  }

  /** Replaces what one finder (`host`, a container's name) says; an empty list takes it back. */
  replace(finder: string, gaps: readonly string[]): void {
    const before = JSON.stringify(this.#found.get(finder) ?? []);
    if (JSON.stringify(gaps) === before) return;
    if (gaps.length === 0) this.#found.delete(finder);
    else this.#found.set(finder, gaps);
    for (const gap of gaps) this.#said(gap);
  }

  all(): string[] {
    return [...new Set([...this.#found.values()].flat())];
  }
}

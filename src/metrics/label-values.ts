/** The value under which everything is counted for which there is no room. No source is called so. */
export const others = '(others)';

/**
 * Values of one label that come and go, such as names of containers. So many have series of their own at a time; what
 * comes after them shares those of `others`, since each series costs this process and Prometheus memory.
 */
export class LabelValues {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return others;
    this.#known.add(value);
    return value;
  }

  /** It is gone, and leaves its room to another. */
  forget(value: string): void {
    this.#known.delete(value);
  }
}

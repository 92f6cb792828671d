/** What may be replaced while the daemon runs: whoever needs it asks each time. */
export interface Live<T> {
  readonly now: T;
}

import type { JailConfiguration } from '../config/schema.ts';

/** The jails of the configuration, of which the kinds of sources are told when they become others. */
export class JailList {
  #now: readonly JailConfiguration[];
  #change = new AbortController();

  constructor(jails: readonly JailConfiguration[]) {
    this.#now = jails;
  }

  get now(): readonly JailConfiguration[] {
    return this.#now;
  }

  /** Aborts when `now` is another list, or labels mean other jails. */
  get changed(): AbortSignal {
    return this.#change.signal;
  }

  replace(jails: readonly JailConfiguration[]): void {
    const before = this.#change;
    this.#now = jails;
    this.#change = new AbortController();
    before.abort();
  }
}

/** Whether lines that these jails judge go on to be read as they are: limits and bans are no matter of sources. */
export function readAlike(a: readonly JailConfiguration[], b: readonly JailConfiguration[]): boolean {
  return readingOf(a) === readingOf(b);
}

/** What of jails a source depends on, as text. */
export function readingOf(jails: readonly JailConfiguration[]): string {
  const of = ({ name, filter, inside, encoding, timeZone }: JailConfiguration) =>
    JSON.stringify([name, filter, inside, encoding, timeZone]);
  return jails.map(of).sort().join('\n');
}

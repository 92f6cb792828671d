import { repeated, shuffled } from './shuffle.ts';

/** What must be known of the addresses of a stream in the end. */
export interface Expected {
  /** Sorted. */
  readonly banned: readonly string[];
  /** The hits of all others, by address. */
  readonly counted: ReadonlyMap<string, number>;
}

/**
 * The addresses of failed logins, in an order that is always the same: of each offender `maxretry` or up to eight
 * less. One line lost misses a ban or a count, one counted twice adds one.
 */
export function attemptsOf(offenders: number, maxretry: number): string[] {
  return shuffled(
    Array.from({ length: offenders }, (_, index) =>
      repeated([address(index)], maxretry - (index % 9)),
    ).flat(),
  );
}

const address = (index: number) => `198.51.${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** What follows from a stream of such addresses. */
export function expectedOf(attempts: readonly string[], maxretry: number): Expected {
  const counts = new Map<string, number>();
  for (const each of attempts) counts.set(each, (counts.get(each) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    banned: sorted.filter(([, count]) => count >= maxretry).map(([each]) => each),
    counted: new Map(sorted.filter(([, count]) => count < maxretry)),
  };
}

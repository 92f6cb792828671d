import type { Series } from './exposition.ts';
import { ReadSeries } from './gauges.ts';

/** A jail as metrics see it. */
export interface JailState {
  readonly name: string;
  /** Bans that stand now. */
  readonly active: number;
  /** Addresses that it counts. */
  readonly tracked: number;
  /** Addresses that it had to forget. */
  readonly evicted: number;
  /** Sources of it that are being read; null: it need read none, as one that counts other jails' bans. */
  readonly reading: number | null;
}

/**
 * What is read when metrics are: how each jail stands. `bans`, and of them the `permanent` ones: of all jails that have any,
 * also such as are gone.
 */
export function registerJails(
  series: Series,
  jails: () => readonly JailState[],
  bans: () => Iterable<readonly [jail: string, count: number]>,
  permanent: () => Iterable<readonly [jail: string, count: number]>,
): void {
  const perJail = new ReadSeries(series, 'bailiff_', ['jail']);
  const values = (value: (jail: JailState) => number | null) => () =>
    jails().flatMap((jail) => {
      const now = value(jail);
      return now === null ? [] : [[{ jail: jail.name }, now] as const];
    });
  const ofAll = (counts: typeof bans) => () => {
    const none = jails().map(({ name }) => [name, 0] as const);
    return [...new Map([...none, ...counts()])].map(([jail, count]) => [{ jail }, count] as const);
  };
  perJail.gauge('active_bans', 'Bans that stand now.', ofAll(bans));
  perJail.gauge('permanent_bans', 'Of the bans that stand, those for ever.', ofAll(permanent));
  perJail.gauge(
    'tracked_addresses',
    'Addresses that a jail counts.',
    values(({ tracked }) => tracked),
  );
  perJail.counter(
    'evicted_addresses_total',
    'Addresses that had to be forgotten because of max-tracked.',
    values(({ evicted }) => evicted),
  );
  perJail.gauge(
    'jail_sources_reading',
    'Sources of a jail that are being read. 0: it sees nothing.',
    values(({ reading }) => reading),
  );
}

import type { Series } from './exposition.ts';
import { ReadSeries, readGauge } from './gauges.ts';

/** A jail in fail2ban's terms; times in seconds. */
export interface Fail2banJailState {
  readonly name: string;
  readonly active: number;
  readonly bans: number;
  readonly tracked: number;
  readonly hits: number;
  /** null: for ever, which fail2ban writes as -1. */
  readonly bantime: number | null;
  readonly findtime: number;
  readonly maxretry: number;
}

/**
 * The series of hctrdev's fail2ban-prometheus-exporter (its README, "Metrics"), so that dashboards and alerts made for it go
 * on. What only ever grows is a counter here, which queries do not see.
 */
export function registerFail2ban(
  series: Series,
  version: string,
  jails: () => readonly Fail2banJailState[],
): void {
  readGauge(series, 'f2b_up', 'As of the fail2ban exporter: always 1 here.', () => 1);
  readGauge(series, 'f2b_jail_count', 'As of the fail2ban exporter: jails that run.', () => jails().length);
  new ReadSeries(series, 'f2b_', ['type']).gauge(
    'errors',
    'As of the fail2ban exporter: always 0, since nobody has to be asked over a socket.',
    () => ['db', 'socket_conn', 'socket_req'].map((type) => [{ type }, 0] as const),
  );
  new ReadSeries(series, 'f2b_', ['exporter', 'fail2ban']).gauge(
    'version',
    "As of the fail2ban exporter: Bailiff's version in both labels.",
    () => [[{ exporter: version, fail2ban: version }, 1]],
  );
  const perJail = new ReadSeries(series, 'f2b_', ['jail']);
  const values = (value: (jail: Fail2banJailState) => number) => () =>
    jails().map((jail) => [{ jail: jail.name }, value(jail)] as const);
  perJail.gauge(
    'jail_banned_current',
    'As of the fail2ban exporter: bans that stand now.',
    values(({ active }) => active),
  );
  perJail.counter(
    'jail_banned_total',
    'As of the fail2ban exporter: bans since the start.',
    values(({ bans }) => bans),
  );
  perJail.gauge(
    'jail_failed_current',
    'As of the fail2ban exporter: addresses that are counted now.',
    values(({ tracked }) => tracked),
  );
  perJail.counter(
    'jail_failed_total',
    'As of the fail2ban exporter: attempts since the start.',
    values(({ hits }) => hits),
  );
  perJail.gauge(
    'config_jail_ban_time',
    'As of the fail2ban exporter: how long bans last, in seconds; -1: for ever.',
    values(({ bantime }) => bantime ?? -1),
  );
  perJail.gauge(
    'config_jail_find_time',
    'As of the fail2ban exporter: how long attempts count, in seconds.',
    values(({ findtime }) => findtime),
  );
  perJail.gauge(
    'config_jail_max_retries',
    'As of the fail2ban exporter: so many attempts lead to a ban.',
    values(({ maxretry }) => maxretry),
  );
}

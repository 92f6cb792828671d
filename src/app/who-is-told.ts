import type { Fail2banJail } from '../config/fail2ban/types.ts';
import type { Configuration } from '../config/schema.ts';
import type { Clock } from '../core/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Fail2banLog } from '../notify/fail2ban-log.ts';
import { BanNews } from './ban-news.ts';
import { Evidence } from './evidence.ts';
import { Fail2banActions } from './fail2ban-actions.ts';
import type { Jails } from './jails.ts';
import type { Log } from './log.ts';
import { Notifications } from './notifications.ts';

export interface WhoIsToldParts {
  /** Made after this, since they ask whom to pass over. */
  readonly jails: () => Jails;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lines of one address that its jail's actions are told of: fail2ban's `maxmatches`, else as many as lead to a ban. */
const mostLines = 50;

/** Who wants to know of attempts and bans, as the configuration says. */
export function whoIsTold(
  configuration: Configuration,
  { jails, ledger, clock, log }: WhoIsToldParts,
): {
  readonly actions: Fail2banActions;
  readonly news: BanNews;
  readonly notifications: Notifications;
  readonly evidence: Evidence;
} {
  const running = jailsOf(configuration);
  const actions = new Fail2banActions({
    jails: running,
    allowed: configuration.fail2ban?.allowActions === true,
    mail: configuration.mail,
    report: (complaint) => log.warn(complaint, 'an action failed'),
    counts: (jail) => {
      const { hits = 0, bans = 0 } = jails().get(jail) ?? {};
      const banned = ledger.active.byJail.get(jail) ?? 0;
      return { banned, bannedTotal: bans, found: hits, foundTotal: hits };
    },
  });
  const notifications = new Notifications(configuration, clock, log);
  const evidence = new Evidence({
    mode: configuration.evidence,
    mostTold: (jail) => {
      const isActed = actions.notifiers.has(jail);
      if (!isActed && !notifications.keepsLines(jail)) return null;
      return Math.max(isActed ? linesToldOf(running.get(jail)) : 0, notifications.mostLines(jail));
    },
  });
  const news = new BanNews({
    notifiers: actions.notifiers,
    everywhere: notifications,
    evidence,
    jails: () => [...jails().all()].map(({ configuration: { name } }) => name),
    log: openFail2banLog(configuration.fail2banLog, clock, log),
  });
  return { actions, news, notifications, evidence };
}

/** Those of fail2ban's jails that run: one may be switched off in bailiff.yaml. */
function jailsOf({ fail2ban, jails }: Configuration): Map<string, Fail2banJail> {
  const on = new Set(jails.flatMap(({ name, enabled }) => (enabled ? [name] : [])));
  return new Map([...(fail2ban?.jails ?? [])].filter(([name]) => on.has(name)));
}

function openFail2banLog(path: string | null, clock: Clock, log: Log): Fail2banLog | null {
  if (path === null) return null;
  return new Fail2banLog({
    path,
    clock,
    failed: (error) =>
      log.error({ error: error.describe() }, "the log in fail2ban's format cannot be written"),
    recovered: (lost) => log.warn({ lost }, "the log in fail2ban's format is written again"),
  });
}

function linesToldOf(jail: Fail2banJail | undefined): number {
  return Math.min(mostLines, Math.max(0, jail?.maxMatches ?? jail?.maxRetry ?? 5));
}

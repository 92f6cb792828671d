import type { Fail2banJail } from '../config/fail2ban/types.ts';
import type { Configuration } from '../config/schema.ts';
import type { Clock } from '../core/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Fail2banLog } from '../notify/fail2ban-log.ts';
import { BanNews } from './ban-news.ts';
import { Evidence } from './evidence.ts';
import { type Fail2banActing, Fail2banActions } from './fail2ban-actions.ts';
import { countedBy, type Jails } from './jails.ts';
import type { Live } from './live.ts';
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

export interface WhoIsTold {
  readonly actions: Fail2banActions;
  readonly news: BanNews;
  readonly notifications: Notifications;
  readonly evidence: Evidence;
  /** What is to hold from now on already does. Resolves once those that are gone have told what they could, in some seconds. */
  reconfigure(before: Configuration, now: Configuration): Promise<unknown>;
}

/** Who wants to know of attempts and bans, as the configuration says. */
export function whoIsTold(
  live: Live<Configuration>,
  { jails, ledger, clock, log }: WhoIsToldParts,
): WhoIsTold {
  const actions = new Fail2banActions({
    ...actingIn(live.now),
    report: (complaint) => log.warn(complaint, 'an action failed'),
    counts: (jail) => {
      const { hits = 0, bans = 0 } = jails().get(jail) ?? {};
      const banned = ledger.active.byJail.get(jail) ?? 0;
      return { banned, bannedTotal: bans, found: hits, foundTotal: hits };
    },
  });
  const notifications = new Notifications(live.now, clock, log);
  const evidence = new Evidence({
    get mode() {
      return live.now.evidence;
    },
    mostTold: (jail) => {
      const isActed = actions.notifiers.has(jail);
      if (!isActed && !notifications.keepsLines(jail)) return null;
      return Math.max(isActed ? linesToldOf(actions.jail(jail)) : 0, notifications.mostLines(jail));
    },
  });
  const news = new BanNews({
    notifiers: actions.notifiers,
    everywhere: notifications,
    evidence,
    jails: () => [...jails().all()].map(({ configuration: { name } }) => name),
    counts: (jail) => countedBy(jails().get(jail)),
    log: openFail2banLog(live.now.fail2banLog, clock, log),
  });
  const reconfigure = (before: Configuration, now: Configuration): Promise<unknown> => {
    const ended = [
      notifications.reconfigure(now),
      news.succeeded(actions.reconfigure(actingIn(now)), ledger.active.all()),
    ];
    if (before.fail2banLog !== now.fail2banLog)
      ended.push(news.logTo(openFail2banLog(now.fail2banLog, clock, log), ledger.active.all()));
    return Promise.all(ended);
  };
  return { actions, news, notifications, evidence, reconfigure };
}

function actingIn(configuration: Configuration): Fail2banActing {
  const { fail2ban, mail } = configuration;
  return { jails: jailsOf(configuration), allowed: fail2ban?.allowActions === true, mail };
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

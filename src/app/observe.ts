import type { Configuration } from '../config/schema.ts';
import type { Status } from '../control/protocol.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { registerDaemon } from '../metrics/daemon.ts';
import { registerEnforcement } from '../metrics/enforcement.ts';
import { oncePerScrape, type Series } from '../metrics/exposition.ts';
import { registerFail2ban } from '../metrics/fail2ban.ts';
import { registerJails } from '../metrics/jails.ts';
import { registerNotifiers } from '../metrics/notifiers.ts';
import { registerSources } from '../metrics/sources.ts';
import type { Scanner } from '../scan/scanner.ts';
import type { Ineffective } from './ineffective.ts';
import type { Intake } from './intake.ts';
import type { JailEntry, Jails } from './jails.ts';
import type { LabelJails } from './label-jails.ts';
import type { LabelReports } from './label-reports.ts';
import type { Notifications } from './notifications.ts';
import type { Pipeline } from './pipeline.ts';
import { StateDisk } from './state-disk.ts';

export interface Observed {
  readonly configuration: Configuration;
  readonly database: string;
  readonly version: string;
  readonly status: () => Status;
  readonly enforcer: Enforcer;
  readonly ineffective: Ineffective;
  readonly intake: Intake;
  readonly jails: Jails;
  readonly labelJails: LabelJails;
  readonly labels: LabelReports;
  readonly ledger: Ledger;
  readonly notifications: Notifications;
  readonly pipeline: Pipeline;
  readonly scanner: Scanner;
}

/** Everything of the daemon that is read when metrics are. */
export function observe(series: Series, observed: Observed): void {
  const { configuration, database, version, enforcer, ineffective, jails, labels, ledger, scanner } =
    observed;
  const disk = new StateDisk(configuration.stateDir, database);
  registerDaemon(series, {
    version,
    health: oncePerScrape(observed.status),
    stored: () => observed.pipeline.ledgerProblem === null,
    databaseSize: () => disk.databaseSize(),
    diskFree: () => disk.free(),
    diskSize: () => disk.size(),
  });
  registerEnforcement(series, {
    enforcement: oncePerScrape(() => enforcer.status()),
    expected: ['auto', 'iptables', 'nftables'].includes(configuration.enforce),
    ineffective: () => ineffective.count,
  });
  const sources = oncePerScrape(() => observed.intake.status());
  const jailStates = oncePerScrape(() => {
    const reading = sources().filter(({ state }) => state === 'reading');
    return [...jails.all()].map((entry) => {
      const { name, bans } = entry.configuration;
      const readsNone = bans.length > 0 || observed.labelJails.isLeftover(name);
      return {
        ...stateOf(entry),
        active: ledger.active.byJail.get(name) ?? 0,
        reading: readsNone ? null : reading.filter((source) => source.jails.includes(name)).length,
      };
    });
  });
  const { active } = ledger;
  registerJails(
    series,
    jailStates,
    () => active.byJail,
    () => active.permanentByJail,
  );
  registerSources(series, {
    sources,
    skews: () => observed.intake.skews(),
    labelErrors: () =>
      labels
        .all()
        .flatMap(({ container, errors }) =>
          errors.length === 0 ? [] : [[container, errors.length] as const],
        ),
    setAside: () => scanner.restrained(),
  });
  registerNotifiers(series, () => observed.notifications.status());
  if (configuration.fail2banMetrics) registerFail2ban(series, version, jailStates);
}

function stateOf({ jail, hits, bans }: JailEntry) {
  const { name, bantime, findtime, maxretry } = jail.limits;
  const { size: tracked, evicted } = jail.windows;
  return { name, hits, bans, bantime, findtime, maxretry, tracked, evicted };
}

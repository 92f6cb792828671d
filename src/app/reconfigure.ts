import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../config/schema.ts';
import { type Merging, mergingOf } from '../core/session.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { FilterLookup, Scanner } from '../scan/scanner.ts';
import type { Owner } from './assemble.ts';
import type { Intake } from './intake.ts';
import type { Jails } from './jails.ts';
import type { Listeners } from './listeners.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';
import type { Pipeline } from './pipeline.ts';
import type { Sources } from './sources.ts';
import type { WhoIsTold } from './who-is-told.ts';

export interface ReconfigureParts {
  /** What everybody goes by who asks for it each time. */
  readonly live: { now: Configuration };
  readonly owner: Owner;
  readonly told: Pick<WhoIsTold, 'reconfigure'>;
  readonly listeners: Pick<Listeners, 'open'>;
  readonly scanner: Scanner;
  readonly jails: Jails;
  readonly intake: Intake;
  readonly sources: Sources;
  readonly enforcer: Enforcer;
  readonly pipeline: Pipeline;
  /** Ends the bans of addresses that must not be banned any more. */
  readonly letIn: () => void;
  readonly log: Log;
}

/**
 * Makes a configuration the running one. Between two batches: none is judged by a half of it. Returns the names of the
 * filters that are others now.
 */
export async function reconfigure(
  parts: ReconfigureParts,
  configuration: Configuration,
): Promise<ReadonlySet<string>> {
  const { live, owner, scanner, jails, intake, sources, enforcer, pipeline } = parts;
  // Names take time, and whoever they mean must not be banned for a moment.
  const ignored = ignoredIn(configuration);
  const othersIgnored = !isDeepStrictEqual(ignored, ignoredIn(live.now));
  await owner.ignoreLists.learn(ignored.flat());
  const before = live.now;
  live.now = configuration;
  parts.log.level = configuration.logLevel;
  const filters = scanner.relearn(filterLookup(configuration));
  // Jails ask whether there is a command that spares somebody, and sources how many lines are told with a ban.
  const told = parts.told.reconfigure(before, configuration);
  const askable = jails.unaskable === null;
  jails.reconfigure(configuration);
  owner.protection.reconfigure(owner.protected(configuration));
  owner.ignoreLists.keepOnly(ignored.flat());
  if (othersIgnored || (askable && jails.unaskable !== null)) parts.letIn();
  intake.reconfigured((entry) => jails.get(entry.configuration.name) === entry, filters);
  sources.reconfigure(configuration);
  pipeline.commit();
  // There may be other policies, which have sets and rules of their own.
  enforcer.hint();
  await told;
  // What asked for it may have come by one of them, and is answered next.
  await parts.listeners.open();
  return filters;
}

/** Of the defaults, then of each jail. */
function ignoredIn({ defaults, jails }: Configuration): (readonly string[])[] {
  return [defaults.ignoreip, ...jails.map(({ ignoreip }) => ignoreip)];
}

/** The filters of jails by their names: ours, and those that fail2ban's configuration brings. */
export function filterLookup({ filters, fail2ban }: Configuration): FilterLookup {
  const imported = new Map(fail2ban?.filters.map((filter) => [filter.name, filter]));
  return (name) => imported.get(name) ?? filters.definition(name);
}

/** How the lines of a filter's sessions are merged. It is asked for each match. */
export function mergingIn(live: Live<Configuration>): (filter: string) => Merging | undefined {
  let known: Configuration | null = null;
  let mergings = new Map<string, Merging>();
  return (filter) => {
    if (known !== live.now) {
      known = live.now;
      mergings = new Map(known.fail2ban?.filters.map(({ name, kind }) => [name, mergingOf(kind)]));
    }
    return mergings.get(filter);
  };
}

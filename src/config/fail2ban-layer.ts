import { fail2banSeconds } from './fail2ban/duration.ts';
import { readFail2ban } from './fail2ban/read.ts';
import { Services } from './fail2ban/services.ts';
import type { Fail2banConfiguration } from './fail2ban/types.ts';
import { describeRemark, ignoreEntries, mapJails } from './fail2ban-mapping.ts';
import type { picker } from './picker.ts';
import type { Fail2banPart, JailOptions } from './schema.ts';
import { presentSources } from './usual-sources.ts';

/** fail2ban's jails as a layer of the configuration, and what belongs to them. */
export interface Fail2banLayer {
  readonly options: ReadonlyMap<string, JailOptions>;
  readonly part: Fail2banPart;
  /** Whom all jails spare: see core/ignore-entry.ts. */
  readonly ignored: readonly string[];
}

/** Reads the directory that the layers name; null where none does. What is wrong in it is among its problems. */
export function readFail2banLayer(
  pick: ReturnType<typeof picker>,
  journalDirectory: string | undefined,
): Fail2banLayer | null {
  const dir = pick.fail2ban('dir');
  const log = pick.fail2ban('log') ?? null;
  const allowActions = pick.fail2ban('allow-actions') ?? false;
  if (dir === undefined) return null;
  const read = readFail2ban(dir);
  const { mapped, problems } = mapJails(read.jails, {
    ownLog: ownLogOf(read, log),
    services: new Services(),
    allowActions,
    present: (sources) => presentSources(sources, journalDirectory),
  });
  return {
    options: new Map(mapped.map(({ jail, options }) => [jail.name, options])),
    ignored: ignoreEntries(read.ignored),
    part: {
      dir,
      filters: mapped.map(({ filter }) => filter),
      jails: new Map(mapped.map(({ jail }) => [jail.name, jail])),
      problems: [...read.problems.map(({ error }) => error), ...problems],
      remarks: [...read.remarks, ...mapped.flatMap(({ remarks }) => remarks)].map(describeRemark),
      purgeAge: purgeAgeOf(read),
      allowActions,
    },
  };
}

/** A jail that reads fail2ban's log counts our bans instead, unless we write that very log. */
export function ownLogOf({ settings }: Fail2banConfiguration, log: string | null): string | null {
  const target = settings.get('logtarget')?.text ?? '';
  return target.startsWith('/') && target !== log ? target : null;
}

/** `dbpurgeage`; no shorter than a minute, which is no time to come back in. */
function purgeAgeOf({ settings }: Fail2banConfiguration): number | null {
  const seconds = fail2banSeconds(settings.get('dbpurgeage')?.text ?? '');
  return seconds === null || seconds < 60 ? null : seconds;
}

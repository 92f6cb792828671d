import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, ok, warning } from '../check.ts';
import { type Machine, statusOf } from '../machine.ts';
import { skewIn } from '../status-texts.ts';

/** Whether this process reads dates without a zone as the host writes them, and whether logs agree with the clock. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock and zone',
  async examine(machine) {
    const found = [...zoneOf(machine), ...skewed(machine)];
    return found.length > 0 ? found : [ok(`zone ${machine.settings?.timeZone ?? machine.timeZone}`)];
  },
};

function zoneOf(machine: Machine): Diagnosis[] {
  const { hostRoot, settings, timeZone, now } = machine;
  const host = hostRoot === null ? null : hostZone(hostRoot);
  const own = settings?.timeZone ?? timeZone;
  if (host === null && hasNoZone(machine)) return [zoneless];
  const hosts = host === null ? null : offsetAt(host, now);
  if (host === null || hosts === null || hosts === offsetAt(own, now)) return [];
  return [
    warning(
      `the host's zone is ${host}, and dates without one are read here as ${own}`,
      `time-zone: ${host} in bailiff.yaml (BAILIFF_TIME_ZONE=${host})`,
      mountZone,
    ),
  ];
}

const mountZone =
  'In compose.yaml, for bailiff, volumes: - /etc/localtime:/etc/localtime:ro (and no TZ in environment)';

const zoneless = warning(
  'this container has no zone of its own: dates without one are read as UTC, whatever the zone of the host',
  mountZone,
  'time-zone: ZONE in bailiff.yaml (BAILIFF_TIME_ZONE=ZONE); ZONE is UTC where the host has that',
);

function hasNoZone({ container, settings, timeZone, root }: Machine): boolean {
  const utc = ['UTC', 'Etc/UTC'].includes(timeZone);
  return container && settings?.timeZone === undefined && utc && !existsSync(join(root, 'etc/localtime'));
}

/** As Debian writes it, else where the link leads; null: neither says a zone. */
function hostZone(root: string): string | null {
  const link = linkOf(join(root, 'etc/localtime'));
  const name = /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(link)?.[1];
  return name ?? (readBounded(join(root, 'etc/timezone'), 256)?.toString('latin1').trim() || null);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Such as `GMT+01:00`; null where there is no such zone. */
function offsetAt(timeZone: string, now: number): string | null {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    return format.formatToParts(now * 1_000).find(({ type }) => type === 'timeZoneName')?.value ?? null;
  } catch {
    return null;
  }
}

function skewed(machine: Machine): Diagnosis[] {
  return (statusOf(machine)?.sources ?? []).flatMap(({ id, warning: said, jails }) => {
    const skew = skewIn(said);
    if (skew === null) return [];
    const [jail = 'JAIL'] = jails;
    const guess = /such as ([+-]\d\d:\d\d)/.exec(skew)?.[1];
    const remedy =
      guess === undefined
        ? 'timedatectl set-ntp true, where the log is written'
        : `jails.${jail}.time-zone: "${guess}" in bailiff.yaml`;
    return [warning(`${id}: ${skew}`, remedy)];
  });
}

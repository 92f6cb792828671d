import { Resolver } from 'node:dns/promises';
import { hostname } from 'node:os';
import { familyOf, parseRange } from '../core/address.ts';
import type { BanEvent, Evidence } from './notifier.ts';
import { fieldOfTag, type TagValue } from './shell-command.ts';

/** What fail2ban's tags `<jail.…>` tell: of the jail as it is now. */
export interface JailCounts {
  readonly banned: number;
  readonly bannedTotal: number;
  readonly found: number;
  readonly foundTotal: number;
}

/** Where tags take their values from beside the ban. */
export interface TagSources {
  readonly counts: () => JailCounts;
  /** The name of an address, or ''. */
  readonly nameOf?: (address: string) => Promise<string>;
}

type Value = TagValue | Promise<TagValue>;

const nameOfHost = hostname();

/** Tags of no ban: the machine's names, for every command. */
export const machineTags: Readonly<Record<string, () => TagValue>> = {
  'fq-hostname': () => ({ word: nameOfHost }),
  'sh-hostname': () => ({ word: nameOfHost.split('.')[0] ?? nameOfHost }),
};

/** What the tags of a ban stand for (jail.conf(5), "Action Tags"). */
export function banTags(event: BanEvent, sources: TagSources): (tag: string) => Value | null {
  const { host, inJail, inAllJails } = event;
  const values: Readonly<Record<string, () => Value>> = {
    ip: () => ({ address: host }),
    family: () => ({ word: familyTag(host) }),
    'ip-rev': () => ({ word: reversed(host) }),
    'ip-host': () => (sources.nameOf ?? resolvedName)(host),
    fid: () => event.fields['fid'] ?? { address: host },
    failures: () => event.failures,
    time: () => event.since,
    bantime: () => (event.until === null ? -1 : event.until - event.since),
    bancount: () => event.bancount,
    restored: () => (event.restored ? 1 : 0),
    matches: () => lines(event),
    ipmatches: () => lines(inAllJails),
    ipjailmatches: () => lines(inJail),
    ipfailures: () => inAllJails.failures,
    ipjailfailures: () => inJail.failures,
    'jail.banned': () => sources.counts().banned,
    'jail.banned_total': () => sources.counts().bannedTotal,
    'jail.found': () => sources.counts().found,
    'jail.found_total': () => sources.counts().foundTotal,
    ...machineTags,
  };
  return (tag) => {
    const field = fieldOfTag(tag);
    if (field !== null) return Object.hasOwn(event.fields, field) ? (event.fields[field] ?? null) : null;
    return Object.hasOwn(values, tag) ? (values[tag]?.() ?? null) : null;
  };
}

/** The same where a command is run for no ban: empty, or 0, as fail2ban has it. */
export function noBanTags(
  jail: string,
  family: string,
  since: number,
  sources: TagSources,
): (tag: string) => Value | null {
  const none: Evidence = { failures: 0, matches: [] };
  const history = { inJail: none, inAllJails: none };
  const ban = { jail, address: '', host: '', since, until: since, bancount: 0, restored: false, fields: {} };
  const tags = banTags({ ...none, ...history, ...ban }, { ...sources, nameOf: async () => '' });
  return (tag) => (tag === 'family' ? { word: family } : tags(tag));
}

export function familyTag(address: string): 'inet4' | 'inet6' {
  return familyOf(address) === 4 ? 'inet4' : 'inet6';
}

function lines({ matches }: Evidence): string {
  return matches.join('\n');
}

/** As it stands before the domain in a reverse lookup, with a dot behind it. */
function reversed(address: string): string {
  const bytes = parseRange(address)?.bytes ?? [];
  const parts =
    bytes.length === 4 ? bytes.map(String) : bytes.flatMap((byte) => [...byte.toString(16).padStart(2, '0')]);
  return parts.length === 0 ? '' : `${parts.reverse().join('.')}.`;
}

/** What DNS calls an address, which the address's owner decides; '' where it calls it nothing. */
async function resolvedName(address: string): Promise<string> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const names = await resolver.reverse(address).catch(() => []);
  return names[0] ?? '';
}

import type { NeverBanned } from '../control/protocol.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { sortIgnoreEntries } from '../core/ignore-entry.ts';
import type { Jails } from './jails.ts';

/** Whom nobody, or a jail, bans, with the rule that says so; rules that are asked of each address stand for themselves. */
export function neverBanned(allowlist: Allowlist, jails: Jails): readonly NeverBanned[] {
  const common = allowlist.all().map(({ range, reason }) => ({ address: range, jail: null, reason }));
  const known = new Set(common.map(({ address }) => address));
  const own = [...jails.all()].flatMap(({ jail, configuration }) => {
    const { domains, commands } = sortIgnoreEntries(configuration.ignoreip);
    const { name } = configuration;
    return [
      ...jail.own
        .filter(({ range }) => !known.has(range))
        .map(({ range, reason }) => ({ address: range, jail: name, reason })),
      ...domains.map((domain) => ({ address: domain, jail: name, reason: 'asked of DNS before a ban' })),
      ...commands.map((path) => ({ address: path, jail: name, reason: 'a program, asked before a ban' })),
    ];
  });
  return [...common, ...own];
}

import { fullBits } from '../../core/address.ts';
import { actionKinds, normalizePorts, type PolicyRule, type Protocol } from '../../core/policy.ts';
import { table } from './command.ts';
import { declarationOf, fieldOf, maskOf, type NftSet } from './sets.ts';

export const chain = 'prerouting';
/** Counters with a name, so that what was counted outlives a chain that is made anew. */
export const counters = { 4: 'dropped4', 6: 'dropped6' } as const;

/** Before connection tracking (-200) and the raw tables (-300), after fragments were put together (-400). */
const hook = '{ type filter hook prerouting priority -310; policy accept; }';

/** At most so many lines a second go to the kernel's log, for each rule. */
const logging = 'limit rate 10/second log prefix "BAILIFF trial: " level info';

export interface NftRule {
  /** The name of the set it looks into. */
  readonly set: string;
  readonly text: string;
}

/**
 * The rules of all policies, in order: what drops, then what rejects, then what only logs, so that what is
 * logged is what nothing else took. `canReject` is whether the kernel lets this hook reject (Linux 5.9).
 */
export function rulesOf(
  policies: readonly PolicyRule[],
  sets: readonly NftSet[],
  canReject: boolean,
): NftRule[] {
  const ordered = [...policies].sort(
    (a, b) => actionKinds.indexOf(a.action) - actionKinds.indexOf(b.action) || (a.policy < b.policy ? -1 : 1),
  );
  return ordered.flatMap((policy) =>
    sets
      .filter((set) => set.policy === policy.policy)
      .sort((a, b) => a.family - b.family || b.bits - a.bits)
      .flatMap((set) => rulesFor(policy, set, canReject)),
  );
}

function rulesFor(policy: PolicyRule, set: NftSet, canReject: boolean): NftRule[] {
  const masked = set.bits === fullBits(set.family) ? '' : ` & ${maskOf(set.family, set.bits)}`;
  const match = `${fieldOf(set.family)}${masked} @${set.name}`;
  return portMatches(policy).flatMap(({ protocol, text }) =>
    verdicts(policy, set, protocol, canReject).map((verdict) => ({
      set: set.name,
      text: `${match}${text}${verdict}`,
    })),
  );
}

/** One for each protocol with ports; one for all packets where the policy names none; none for an empty list. */
function portMatches({ ports }: PolicyRule): { readonly protocol: Protocol | null; readonly text: string }[] {
  if (ports === null) return [{ protocol: null, text: '' }];
  const ranges = normalizePorts(ports);
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const own = ranges.filter((range) => range.protocol === protocol);
    const list = own.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(', ');
    // nft prints a list of one without braces.
    const match = own.length === 1 ? list : `{ ${list} }`;
    return own.length === 0 ? [] : [{ protocol, text: ` ${protocol} dport ${match}` }];
  });
}

function verdicts(
  { action }: PolicyRule,
  { family }: NftSet,
  protocol: Protocol | null,
  canReject: boolean,
): string[] {
  const counter = `counter name "${counters[family]}"`;
  if (action === 'log') return [` ${logging}`];
  if (action === 'drop' || !canReject) return [` ${counter} drop`];
  const reset = ` ${counter} reject with tcp reset`;
  const unreachable = ` ${counter} reject with icmpx type port-unreachable`;
  if (protocol === null) return [` meta l4proto tcp${reset}`, unreachable];
  return [protocol === 'tcp' ? reset : unreachable];
}

/** What has to stand in the table. */
export interface Wanted {
  readonly sets: readonly NftSet[];
  readonly rules: readonly NftRule[];
}

/**
 * One transaction that makes the table what is wanted, whatever stands in it: the chain is made anew, sets
 * keep their elements but for the `discarded`. With `fromScratch` all of it is made anew, sets as well.
 */
export function tableText(
  { sets, rules }: Wanted,
  discarded: readonly string[],
  fromScratch: boolean,
): string {
  const start = fromScratch ? [`add table ${table}`, `delete table ${table}`] : [];
  return [
    ...start,
    `add table ${table}`,
    `add chain ${table} ${chain}`,
    `flush chain ${table} ${chain}`,
    `delete chain ${table} ${chain}`,
    ...(fromScratch ? [] : discarded.map((name) => `delete set ${table} ${name}`)),
    `add chain ${table} ${chain} ${hook}`,
    ...Object.values(counters).map((name) => `add counter ${table} ${name}`),
    setsText(sets),
    ...rules.map(({ text }) => `add rule ${table} ${chain} ${text}`),
  ].join('\n');
}

/** Makes sets, those that stand staying as they are. */
export function setsText(sets: readonly NftSet[]): string {
  return sets.map((set) => `add set ${table} ${set.name} ${declarationOf(set)}`).join('\n');
}

/** Wakes a table that somebody put to sleep, by giving it no flags. The kernel takes nothing else in that transaction. */
export const wakeText = `add table ${table}`;

/** For `nft -c`: succeeds where these rules stand, and changes nothing. */
export function presenceText(handles: readonly number[]): string {
  return handles.map((handle) => `delete rule ${table} ${chain} handle ${handle}`).join('\n');
}

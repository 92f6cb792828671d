import { actionKinds, normalizePorts, type PolicyRule } from '../../core/policy.ts';
import { table } from './command.ts';
import { maskedField, type NftSet } from './sets.ts';
import { countingOf, tookName } from './took.ts';

export const chain = 'prerouting';
/** Counters with a name, so that what was counted outlives a chain that is made anew. */
export const counters = { 4: 'dropped4', 6: 'dropped6' } as const;
/** Of what was dropped, that for which there was no room to count it by address. */
export const uncounted = { 4: 'uncounted4', 6: 'uncounted6' } as const;

/** Before connection tracking (-200) and the raw tables (-300), after fragments were put together (-400). */
const hook = '{ type filter hook prerouting priority -310; policy accept; }';

/** At most so many lines a second go to the kernel's log, for each rule. */
const logging = 'limit rate 10/second log prefix "BAILIFF trial: " level info';

export interface NftRule {
  readonly chain: string;
  /** The name of the set that stands in it; null: none. */
  readonly set: string | null;
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
  const { action } = policy;
  const then = action === 'log' ? logging : `goto ${tookName(set)}`;
  const heeding = portMatches(policy).map((match) => ({
    chain,
    set: set.name,
    text: `${maskedField(set)} @${set.name}${match} ${then}`,
  }));
  return action === 'log' || heeding.length === 0
    ? heeding
    : [...heeding, ...takingFor(policy, set, canReject)];
}

/** One for each protocol with ports; one for all packets where the policy names none; none for an empty list. */
function portMatches({ ports }: PolicyRule): string[] {
  if (ports === null) return [''];
  const ranges = normalizePorts(ports);
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const own = ranges.filter((range) => range.protocol === protocol);
    const list = own.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(', ');
    // nft prints a list of one without braces.
    const match = own.length === 1 ? list : `{ ${list} }`;
    return own.length === 0 ? [] : [` ${protocol} dport ${match}`];
  });
}

/**
 * The chain that takes the packets of a set. Where there is no more room to count by address, a rule ends at that, and the
 * next takes the packet as well.
 */
function takingFor({ action }: PolicyRule, set: NftSet, canReject: boolean): NftRule[] {
  const own = { chain: tookName(set) };
  const counter = `counter name "${counters[set.family]}"`;
  const missed = `counter name "${uncounted[set.family]}"`;
  return verdicts(action === 'reject' && canReject).flatMap(({ match, verdict }) => [
    { ...own, set: tookName(set), text: `${match}${countingOf(set)} ${counter} ${verdict}` },
    { ...own, set: null, text: `${match}${missed} ${counter} ${verdict}` },
  ]);
}

function verdicts(rejects: boolean): { readonly match: string; readonly verdict: string }[] {
  if (!rejects) return [{ match: '', verdict: 'drop' }];
  return [
    { match: 'meta l4proto tcp ', verdict: 'reject with tcp reset' },
    { match: '', verdict: 'reject with icmpx type port-unreachable' },
  ];
}

/** A set as it is declared. */
export interface Declaration {
  readonly name: string;
  readonly text: string;
}

/** What has to stand in the table. */
export interface Wanted {
  readonly sets: readonly Declaration[];
  readonly rules: readonly NftRule[];
}

/** What stands there and has to go: chains of ours, whatever is in them, and sets. */
export interface Discarded {
  readonly chains: readonly string[];
  readonly sets: readonly string[];
}

/**
 * One transaction that makes the table what is wanted, whatever stands in it, as lines: the chains are made anew, sets
 * keep their elements but for the discarded. With `fromScratch` all of it is made anew, sets as well.
 */
export function tableText({ sets, rules }: Wanted, discarded: Discarded, fromScratch: boolean): string[] {
  const start = fromScratch ? [`add table ${table}`, `delete table ${table}`] : [];
  const gone = fromScratch ? [] : discarded.sets.map((name) => `delete set ${table} ${name}`);
  const taking = new Set(rules.map((rule) => rule.chain).filter((name) => name !== chain));
  const old = [chain, ...(fromScratch ? [] : discarded.chains)];
  return [
    ...start,
    `add table ${table}`,
    ...old.flatMap((name) => [`add chain ${table} ${name}`, `flush chain ${table} ${name}`]),
    ...old.map((name) => `delete chain ${table} ${name}`),
    ...gone,
    ...[...Object.values(counters), ...Object.values(uncounted)].map(
      (name) => `add counter ${table} ${name}`,
    ),
    ...setsText(sets),
    ...[...taking].map((name) => `add chain ${table} ${name}`),
    `add chain ${table} ${chain} ${hook}`,
    ...rules.map((rule) => `add rule ${table} ${rule.chain} ${rule.text}`),
  ];
}

/** Makes sets, those that stand staying as they are. */
export function setsText(sets: readonly Declaration[]): string[] {
  return sets.map(({ name, text }) => `add set ${table} ${name} ${text}`);
}

/** Wakes a table that somebody put to sleep, by giving it no flags. The kernel takes nothing else in that transaction. */
export const wakeText = [`add table ${table}`];

/** Where a rule stands. */
export interface Place {
  readonly chain: string;
  readonly handle: number;
}

/** For `nft -c`: succeeds where these rules stand, and changes nothing. */
export function presenceText(places: readonly Place[]): string[] {
  return places.map((place) => `delete rule ${table} ${place.chain} handle ${place.handle}`);
}

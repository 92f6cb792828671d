import type { Family } from '../../core/address.ts';
import type { PolicyRule } from '../../core/policy.ts';
import { type Hook, hookKey } from '../backend.ts';
import { chainRules, sameRules, type TableName } from './chain.ts';
import type { Rules } from './saved-rules.ts';

export const ourChain = 'BAILIFF';
export const userChain = 'DOCKER-USER';
/** An empty chain that says: DOCKER-USER was made by us, not by Docker, and may go when we do. */
export const userChainMark = 'BAILIFF-DOCKER-USER';
const toOurs = `-j ${ourChain}`;
const toUser = `-j ${userChain}`;

export const tableNames: readonly TableName[] = ['filter', 'raw'];

/** What should stand in the tables of one family. */
export interface Wanted {
  readonly family: Family;
  /** Those whose sets are there. */
  readonly policies: readonly PolicyRule[];
  /** Keys of hooks whose jump is left where it stands. */
  readonly yielded: ReadonlySet<string>;
}

/** Whether Docker keeps its chains here. DOCKER-USER alone says nothing: we or an admin may have made it. */
export function holdsDocker(rules: Rules): boolean {
  const chains = rules.get('filter');
  if (chains === undefined) return false;
  const made = chains.has(userChain) && !chains.has(userChainMark);
  return made || hasDockersOwn(chains);
}

/** Whether a chain of ours stands here already. */
export function holdsOurs(rules: Rules): boolean {
  return tableNames.some((table) => rules.get(table)?.has(ourChain) === true);
}

function hasDockersOwn(chains: ReadonlyMap<string, unknown>): boolean {
  return [...chains.keys()].some((name) => name === 'DOCKER' || /^DOCKER-(?!USER$)/.test(name));
}

interface Jump {
  readonly chain: string;
  readonly rule: string;
}

/** The ways a packet meets our chain: the jumps of each, outermost first. */
const ways: readonly { readonly name: string; readonly table: TableName; readonly jumps: readonly Jump[] }[] =
  [
    { name: 'INPUT', table: 'filter', jumps: [{ chain: 'INPUT', rule: toOurs }] },
    {
      name: 'FORWARD > DOCKER-USER',
      table: 'filter',
      jumps: [
        { chain: 'FORWARD', rule: toUser },
        { chain: userChain, rule: toOurs },
      ],
    },
    { name: 'raw/PREROUTING', table: 'raw', jumps: [{ chain: 'PREROUTING', rule: toOurs }] },
  ];

/**
 * What iptables-restore --noflush has to be given so that one table is as it must be, or null when it is
 * already. One transaction; it names our chain and our jumps only, and fails as a whole if somebody
 * changed them since they were read.
 */
export function repairText(rules: Rules, table: TableName, wanted: Wanted): string | null {
  const chains = rules.get(table) ?? new Map<string, readonly string[]>();
  const lines: string[] = [];
  const chain = chainRules(table, wanted.family, wanted.policies);
  if (!sameRules(chains.get(ourChain) ?? [], chain) || !chains.has(ourChain)) {
    // For restore, declaring a chain empties it as well.
    lines.push(`:${ourChain} - [0:0]`, ...chain.map((rule) => `-A ${ourChain} ${rule}`));
  }
  if (table === 'filter' && !chains.has(userChain)) {
    // -N and not a declaration: should Docker make it in this moment, its rules are not emptied.
    lines.push(`:${userChainMark} - [0:0]`, `-N ${userChain}`);
  }
  for (const way of ways.filter((each) => each.table === table)) {
    const yields = wanted.yielded.has(hookKey({ name: way.name, family: wanted.family }));
    for (const jump of way.jumps) lines.push(...jumpRepair(chains, jump, yields));
  }
  return lines.length === 0 ? null : transaction(table, lines);
}

/** Puts a jump first, and takes its copies away. Where a rival keeps moving it, it only must be there. */
function jumpRepair(
  chains: ReadonlyMap<string, readonly string[]>,
  { chain, rule }: Jump,
  yields: boolean,
): string[] {
  const standing = (chains.get(chain) ?? []).filter((other) => other === rule);
  if (standing.length === 1 && (yields || chains.get(chain)?.[0] === rule)) return [];
  return [...standing.map(() => `-D ${chain} ${rule}`), `-I ${chain} 1 ${rule}`];
}

/** What empties our chain, so that it refers to no set; null where it is not there. */
export function releaseText(rules: Rules, table: TableName): string | null {
  return rules.get(table)?.has(ourChain) === true ? transaction(table, [`:${ourChain} - [0:0]`]) : null;
}

/** What takes everything of ours out of one table, or null when nothing is there. */
export function removalText(rules: Rules, table: TableName): string | null {
  const chains = rules.get(table);
  if (chains === undefined) return null;
  const lines: string[] = [];
  for (const [chain, standing] of chains) {
    for (const rule of standing) if (rule === toOurs) lines.push(`-D ${chain} ${toOurs}`);
  }
  if (chains.has(ourChain)) lines.push(`-F ${ourChain}`, `-X ${ourChain}`);
  if (chains.has(userChainMark)) lines.push(...userChainRemoval(chains));
  return lines.length === 0 ? null : transaction(table, lines);
}

/** DOCKER-USER goes only if we made it, nobody wrote into it, and Docker has not come to use it. */
function userChainRemoval(chains: ReadonlyMap<string, readonly string[]>): string[] {
  const lines = [`-F ${userChainMark}`, `-X ${userChainMark}`];
  const user = chains.get(userChain);
  const taken = user === undefined || user.some((rule) => rule !== toOurs) || hasDockersOwn(chains);
  if (taken) return lines;
  for (const rule of chains.get('FORWARD') ?? []) if (rule === toUser) lines.push(`-D FORWARD ${toUser}`);
  return [...lines, `-X ${userChain}`];
}

function transaction(table: TableName, lines: readonly string[]): string {
  return `*${table}\n${lines.join('\n')}\nCOMMIT\n`;
}

/** The ways a packet meets our chain, as they stand in what was read. */
export function hooksOf(
  rules: Rules,
  family: Family,
  wantedIn: (table: TableName) => Pick<Wanted, 'policies'>,
): Hook[] {
  return ways.map(({ name, table, jumps }) => {
    const problem =
      chainProblem(rules, table, chainRules(table, family, wantedIn(table).policies)) ??
      jumps.map((jump) => jumpProblem(rules, table, jump)).find((each) => each !== null) ??
      null;
    return hook(name, family, problem);
  });
}

/** Whether all jumps of a hook are there, though not all of them first: a rival puts itself before us. */
export function isDisplaced(rules: Rules, name: string): boolean {
  const way = ways.find((each) => each.name === name);
  const chains = way === undefined ? undefined : rules.get(way.table);
  return (
    way?.jumps.every(({ chain, rule }) => chains?.get(chain)?.includes(rule)) === true &&
    way.jumps.some(({ chain, rule }) => chains?.get(chain)?.[0] !== rule)
  );
}

/** The same hooks where nothing could be read, with the reason. */
export function brokenHooks(family: Family, problem: string): Hook[] {
  return ways.map(({ name }) => hook(name, family, problem));
}

function hook(name: string, family: Family, problem: string | null): Hook {
  return problem === null ? { name, family, ok: true } : { name, family, ok: false, problem };
}

function chainProblem(rules: Rules, table: TableName, wanted: readonly string[]): string | null {
  const chain = rules.get(table)?.get(ourChain);
  if (chain === undefined) return `${table} has no chain ${ourChain}`;
  return sameRules(chain, wanted) ? null : `${ourChain} in ${table} holds other rules than ours`;
}

function jumpProblem(rules: Rules, table: TableName, { chain, rule }: Jump): string | null {
  const standing = rules.get(table)?.get(chain);
  if (standing === undefined) return `${table} has no chain ${chain}`;
  if (standing[0] === rule) return null;
  const before = standing.indexOf(rule);
  if (before < 0) return `the first rule of ${chain} in ${table} is not "${rule}"`;
  return `in ${chain} of ${table}, "${standing[0]?.slice(0, 100)}" stands before "${rule}"`;
}

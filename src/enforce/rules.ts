import type { Family } from '../core/address.ts';
import type { Hook } from './backend.ts';
import { setName } from './element.ts';

/** Tables, their chains, and the rules of each without its `-A CHAIN`, as iptables-save prints them. */
export type Rules = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
export type TableName = 'filter' | 'raw';

export const ourChain = 'BAILIFF';
export const userChain = 'DOCKER-USER';
/** An empty chain that says: DOCKER-USER was made by us, not by Docker, and may go when we do. */
export const userChainMark = 'BAILIFF-DOCKER-USER';
const toOurs = `-j ${ourChain}`;
const toUser = `-j ${userChain}`;

/** Reads the output of iptables-save, of either variant. */
export function parseRules(text: string): Rules {
  const tables = new Map<string, Map<string, string[]>>();
  let chains = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      chains = new Map();
      tables.set(line.slice(1).trim(), chains);
    } else if (line.startsWith(':')) {
      chains.set(line.slice(1).split(' ', 1)[0] ?? '', []);
    } else if (line.startsWith('-A ')) {
      const end = line.indexOf(' ', 3);
      if (end > 0) chains.get(line.slice(3, end))?.push(line.slice(end + 1).trim());
    }
  }
  return tables;
}

/** Whether Docker keeps its chains here. DOCKER-USER alone says nothing: we or an admin may have made it. */
export function holdsDocker(rules: Rules): boolean {
  const chains = rules.get('filter');
  if (chains === undefined) return false;
  const made = chains.has(userChain) && !chains.has(userChainMark);
  return made || hasDockersOwn(chains);
}

/** Whether our chain stands here already. */
export function holdsOurs(rules: Rules): boolean {
  return rules.get('filter')?.has(ourChain) === true;
}

function hasDockersOwn(chains: ReadonlyMap<string, unknown>): boolean {
  return [...chains.keys()].some((name) => name === 'DOCKER' || /^DOCKER-(?!USER$)/.test(name));
}

/** The jumps of each table, outermost first: where they stand and where they go. */
const jumps: Readonly<Record<TableName, readonly { chain: string; rule: string }[]>> = {
  filter: [
    { chain: 'INPUT', rule: toOurs },
    { chain: 'FORWARD', rule: toUser },
    { chain: userChain, rule: toOurs },
  ],
  raw: [{ chain: 'PREROUTING', rule: toOurs }],
};

function dropRule(family: Family): string {
  return `-m set --match-set ${setName(family)} src -j DROP`;
}

/**
 * What iptables-restore --noflush has to be given so that one table is as it must be, or null when it is
 * already. One transaction; it names our chain and our jumps only, and fails as a whole if somebody
 * changed them since they were read.
 */
export function repairText(rules: Rules, table: TableName, family: Family): string | null {
  const chains = rules.get(table) ?? new Map<string, readonly string[]>();
  const lines: string[] = [];
  if (!isOnly(chains.get(ourChain), dropRule(family))) {
    // For restore, declaring a chain empties it as well.
    lines.push(`:${ourChain} - [0:0]`, `-A ${ourChain} ${dropRule(family)}`);
  }
  if (table === 'filter' && !chains.has(userChain)) {
    // -N and not a declaration: should Docker make it in this moment, its rules are not emptied.
    lines.push(`:${userChainMark} - [0:0]`, `-N ${userChain}`);
  }
  for (const { chain, rule } of jumps[table]) {
    const standing = (chains.get(chain) ?? []).filter((other) => other === rule);
    if (standing.length === 1 && chains.get(chain)?.[0] === rule) continue;
    for (const _ of standing) lines.push(`-D ${chain} ${rule}`);
    lines.push(`-I ${chain} 1 ${rule}`);
  }
  return lines.length === 0 ? null : transaction(table, lines);
}

function isOnly(rules: readonly string[] | undefined, rule: string): boolean {
  return rules?.length === 1 && rules[0] === rule;
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

/** The three ways a packet meets our chain, as they stand in what was read back. */
export function hooksOf(rules: Rules, family: Family): Hook[] {
  const filter = chainProblem(rules, 'filter', family);
  return [
    hook('INPUT', family, filter ?? jumpProblem(rules, 'filter', 'INPUT', toOurs)),
    hook(
      'FORWARD > DOCKER-USER',
      family,
      filter ??
        jumpProblem(rules, 'filter', 'FORWARD', toUser) ??
        jumpProblem(rules, 'filter', userChain, toOurs),
    ),
    hook(
      'raw/PREROUTING',
      family,
      chainProblem(rules, 'raw', family) ?? jumpProblem(rules, 'raw', 'PREROUTING', toOurs),
    ),
  ];
}

/** The same three where nothing could be read, with the reason. */
export function brokenHooks(family: Family, problem: string): Hook[] {
  return ['INPUT', 'FORWARD > DOCKER-USER', 'raw/PREROUTING'].map((name) => hook(name, family, problem));
}

function hook(name: string, family: Family, problem: string | null): Hook {
  return problem === null ? { name, family, ok: true } : { name, family, ok: false, problem };
}

function chainProblem(rules: Rules, table: TableName, family: Family): string | null {
  const chain = rules.get(table)?.get(ourChain);
  if (chain === undefined) return `${table} has no chain ${ourChain}`;
  return isOnly(chain, dropRule(family)) ? null : `${ourChain} in ${table} holds other rules than ours`;
}

function jumpProblem(rules: Rules, table: TableName, chain: string, rule: string): string | null {
  const standing = rules.get(table)?.get(chain);
  if (standing === undefined) return `${table} has no chain ${chain}`;
  return standing[0] === rule ? null : `the first rule of ${chain} in ${table} is not "${rule}"`;
}

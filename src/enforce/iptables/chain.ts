import type { Family } from '../../core/address.ts';
import type { PolicyRule, PortRange, Protocol } from '../../core/policy.ts';
import { setName } from './element.ts';

export type TableName = 'filter' | 'raw';

/** `-m multiport` takes this many ports; a range counts as two (iptables-extensions(8)). */
const mostPorts = 15;

/** Traffic of the machine with itself comes from nobody who can be banned, and goes by unlooked at. */
const ownTraffic = '-i lo -j RETURN';

/** Ten a second tell what a trial would do; more would fill the host's log. */
const logTarget = '-m limit --limit 10/sec --limit-burst 20 -j LOG --log-prefix "BAILIFF trial: "';

/**
 * The rules of our chain in one table. In `raw` the destination port is as the client wrote it; so in
 * `filter` for a host's own service, while a published one has been rewritten there and conntrack knows the
 * original. `reject` is not valid in `raw`; a trial is logged there alone, so that a packet is logged once.
 */
export function chainRules(table: TableName, family: Family, policies: readonly PolicyRule[]): string[] {
  const rules = policies.flatMap((policy) => {
    const set = `-m set --match-set ${setName(family, policy.policy)} src`;
    return (table === 'raw' ? rawMatches(policy) : filterMatches(policy)).flatMap((match) => {
      const target = verdictOf(table, family, policy, match);
      return target === null ? [] : [[match, set, target].filter((part) => part !== '').join(' ')];
    });
  });
  return table === 'raw' ? [ownTraffic, ...rules] : rules;
}

function verdictOf(table: TableName, family: Family, { action }: PolicyRule, match: string): string | null {
  if (action === 'drop') return '-j DROP';
  if (action === 'log') return table === 'raw' ? logTarget : null;
  if (table === 'raw') return null;
  if (match.startsWith('-p tcp')) return '-j REJECT --reject-with tcp-reset';
  return `-j REJECT --reject-with ${family === 4 ? 'icmp' : 'icmp6'}-port-unreachable`;
}

/** '' matches every packet. */
function rawMatches({ ports }: PolicyRule): string[] {
  if (ports === null) return [''];
  return multiports(ports).map(({ protocol, list }) => `-p ${protocol} -m multiport --dports ${list}`);
}

function filterMatches({ ports, action }: PolicyRule): string[] {
  if (ports === null) return action === 'reject' ? ['-p tcp', ''] : [''];
  return [
    ...multiports(ports).map(
      ({ protocol, list }) => `-p ${protocol} -m addrtype --dst-type LOCAL -m multiport --dports ${list}`,
    ),
    ...ports.map(
      (range) => `-p ${range.protocol} -m conntrack --ctorigdstport ${span(range)} --ctdir ORIGINAL`,
    ),
  ];
}

/** The newer single-port form is read as portless by older iptables; multiport is not. */
function multiports(ports: readonly PortRange[]): { protocol: Protocol; list: string }[] {
  const lists: { protocol: Protocol; list: string; size: number }[] = [];
  for (const range of ports) {
    const size = range.first === range.last ? 1 : 2;
    const last = lists.findLast(({ protocol }) => protocol === range.protocol);
    if (last !== undefined && last.size + size <= mostPorts) {
      last.list += `,${span(range)}`;
      last.size += size;
    } else lists.push({ protocol: range.protocol, list: span(range), size });
  }
  return lists;
}

function span({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}:${last}`;
}

/** Whether the standing rules are the wanted ones. Versions of iptables print the parts of a rule in different orders. */
export function sameRules(standing: readonly string[], wanted: readonly string[]): boolean {
  return (
    standing.length === wanted.length &&
    standing.every((rule, index) => rule === wanted[index] || parts(rule) === parts(wanted[index] ?? ''))
  );
}

/** A rule's options in one order: each `-x`, or `--xyz`, with what follows it. */
function parts(rule: string): string {
  return rule
    .split(/ (?=--?[a-z])/)
    .sort()
    .join(' ');
}

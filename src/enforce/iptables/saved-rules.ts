import type { Count } from '../tally.ts';

/** Tables, their chains, and the rules of each without its `-A CHAIN`, as iptables-save prints them. */
export type Rules = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads the output of iptables-save, of either variant, with or without counters (-c). */
export function parseRules(text: string): Rules {
  const tables = new Map<string, Map<string, string[]>>();
  let chains = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const rule = line.startsWith('[') ? line.slice(line.indexOf(' ') + 1) : line;
    if (rule.startsWith('*')) {
      chains = new Map();
      tables.set(rule.slice(1).trim(), chains);
    } else if (rule.startsWith(':')) {
      chains.set(rule.slice(1).split(' ', 1)[0] ?? '', []);
    } else if (rule.startsWith('-A ')) {
      const end = rule.indexOf(' ', 3);
      if (end > 0) chains.get(rule.slice(3, end))?.push(rule.slice(end + 1).trim());
    }
  }
  return tables;
}

/** What the dropping and rejecting rules of a chain have taken, by table, out of `iptables-save -c`. */
export function parseCounts(text: string, chain: string): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const match = /^\[(\d+):(\d+)\] -A (\S+) .*-j (?:DROP|REJECT)\b/.exec(line);
    if (match === null || match[3] !== chain) continue;
    const before = counts.get(table) ?? { packets: 0, bytes: 0 };
    counts.set(table, {
      packets: before.packets + Number(match[1]),
      bytes: before.bytes + Number(match[2]),
    });
  }
  return counts;
}

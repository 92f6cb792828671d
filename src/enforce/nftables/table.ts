import { table } from './command.ts';
import { chain, type NftRule, type Place } from './rules.ts';
import { bansOf } from './took.ts';

/** Our table as `nft -t -a list ruleset` prints it among others. */
export interface StandingTable {
  /** What is printed of each set, line by line. */
  readonly sets: ReadonlyMap<string, readonly string[]>;
  /** Our chains by name, line by line: a hook, then rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Their rules, in the order they are printed in. */
  readonly places: readonly Place[];
  readonly counters: ReadonlyMap<string, { readonly packets: number; readonly bytes: number }>;
  /** Somebody put the whole table to sleep: it stands and does nothing. */
  readonly dormant: boolean;
}

const opening = /^\t(\w+) (\S+) \{/;
const handle = / # handle (\d+)$/;

/** All of it is empty where our table is not there. */
export function parseTable(text: string): StandingTable {
  const sets = new Map<string, string[]>();
  const countings = new Map<string, string[]>();
  const chains = new Map<string, string[]>();
  const places: Place[] = [];
  let open: string | null = null;
  let dormant = false;
  let body: string[] | null = null;
  for (const line of ownLines(text)) {
    const opened = opening.exec(line);
    if (opened !== null) {
      const [, kind, name = ''] = opened;
      body = [];
      open = kind === 'chain' && isOurChain(name) ? name : null;
      if (kind === 'set') sets.set(name, body);
      else if (kind === 'counter') countings.set(name, body);
      else if (open !== null) chains.set(open, body);
    } else if (line.startsWith('\t\t')) {
      const found = open === null ? null : handle.exec(line);
      if (open !== null && found !== null) places.push({ chain: open, handle: Number(found[1]) });
      body?.push(line.trim().replace(handle, ''));
    } else if (/^\tflags .*\bdormant\b/.test(line)) dormant = true;
  }
  const counters = new Map([...countings].map(([name, lines]) => [name, readCounter(lines.join(' '))]));
  return { sets, chains, places, counters, dormant };
}

function isOurChain(name: string): boolean {
  return name === chain || bansOf(name) !== null;
}

function ownLines(text: string): string[] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`table ${table} {`));
  return first < 0 ? [] : lines.slice(first, lines.indexOf('}', first));
}

function readCounter(text: string): { packets: number; bytes: number } {
  const [, packets, bytes] = /packets (\d+) bytes (\d+)/.exec(text) ?? [];
  return { packets: Number(packets ?? 0), bytes: Number(bytes ?? 0) };
}

/**
 * Whether the chains can be what was just written: nft's versions print alike rules differently, but each
 * prints as many as there are, in their order, and the set of each. It tells whether somebody came between.
 */
export function mayHold({ dormant, chains }: StandingTable, rules: readonly NftRule[]): boolean {
  const byChain = Map.groupBy(rules, (rule) => rule.chain);
  const [hook, ...heeding] = chains.get(chain) ?? [];
  if (dormant || hook?.includes('hook prerouting') !== true) return false;
  return (
    [...byChain.keys()].every((name) => chains.has(name)) &&
    [...chains].every(([name, lines]) => {
      const wanted = byChain.get(name) ?? [];
      return name === chain ? areAlike(heeding, wanted) : wanted.length > 0 && areAlike(lines, wanted);
    })
  );
}

function areAlike(lines: readonly string[], rules: readonly NftRule[]): boolean {
  return (
    lines.length === rules.length &&
    lines.every((line, index) => (/@(\S+)/.exec(line)?.[1] ?? null) === rules[index]?.set)
  );
}

import { table } from './command.ts';
import type { NftRule } from './rules.ts';
import { chain } from './rules.ts';

/** Our table as `nft -t -a list ruleset` prints it among others. */
export interface StandingTable {
  /** What is printed of each set, line by line. */
  readonly sets: ReadonlyMap<string, readonly string[]>;
  /** Our chain, line by line: its hook, then its rules; null where it is not there. */
  readonly chain: readonly string[] | null;
  /** The handles of the chain's rules. */
  readonly handles: readonly number[];
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
  const handles: number[] = [];
  let rules: string[] | null = null;
  let dormant = false;
  let body: string[] | null = null;
  for (const line of ownLines(text)) {
    const opened = opening.exec(line);
    if (opened !== null) {
      const [, kind, name = ''] = opened;
      body = [];
      if (kind === 'set') sets.set(name, body);
      else if (kind === 'counter') countings.set(name, body);
      else if (kind === 'chain' && name === chain) rules = body;
    } else if (line.startsWith('\t\t')) {
      const found = body === rules ? handle.exec(line) : null;
      if (found !== null) handles.push(Number(found[1]));
      body?.push(line.trim().replace(handle, ''));
    } else if (/^\tflags .*\bdormant\b/.test(line)) dormant = true;
  }
  const counters = new Map([...countings].map(([name, lines]) => [name, readCounter(lines.join(' '))]));
  return { sets, chain: rules, handles, counters, dormant };
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
 * Whether the chain can be what was just written: nft's versions print alike rules differently, but each
 * prints as many as there are, in their order, and the set of each. It tells whether somebody came between.
 */
export function mayHold(standing: StandingTable, rules: readonly NftRule[]): boolean {
  const [hook, ...lines] = standing.chain ?? [];
  return (
    !standing.dormant &&
    hook?.includes('hook prerouting') === true &&
    lines.length === rules.length &&
    lines.every((line, index) => /@(\S+)/.exec(line)?.[1] === rules[index]?.set)
  );
}

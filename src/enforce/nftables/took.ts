import { formatRange, parseRange } from '../../core/address.ts';
import { plainPolicy } from '../../core/policy.ts';
import type { Taken, Untold } from '../backend.ts';
import { table } from './command.ts';
import { fieldOf, firstSets, maskedField, type NftSet } from './sets.ts';

/**
 * What was dropped of each ban: beside every set of bans that keep out stands one that the rules put into whom they drop,
 * each with a counter. Only who is banned gets into it, and what gets in no more is dropped all the same.
 *
 * Nothing tells the kernel when a ban begins or ends. But an element keeps the end it was made with, so that it tells when
 * the first packet was counted, and a count that began before the ban is not shown for it.
 */

/**
 * How many addresses a set counts at a time: of plain bans, and of others, whose sets may be many. The kernel makes room for
 * them when the set is made, 32 bytes each; one that comes takes some 100 bytes, and 16 for every core.
 */
const rooms = { plain: 32_768, others: 4_096 } as const;
/** For how long, in days. */
const days = 30;
/** Seconds by which what nft tells in whole seconds may be off. */
const rounding = 1;

const prefix = 'took_';

export function roomOf({ policy, family, bits }: NftSet): number {
  const plain = policy === plainPolicy && firstSets.some((set) => set.family === family && set.bits === bits);
  return plain ? rooms.plain : rooms.others;
}

export function tookName({ name }: Pick<NftSet, 'name'>): string {
  return prefix + name;
}

/** The name of the set of bans it counts for; null where it is no such name. */
export function bansOf(name: string): string | null {
  return name.startsWith(prefix) ? name.slice(prefix.length) : null;
}

export function tookDeclaration({ family }: NftSet, room: number): string {
  return `{ typeof ${fieldOf(family)}; size ${room}; flags dynamic,timeout; timeout ${days}d; }`;
}

/** What asks nft for all that a set counts, as JSON. */
export function tookQuestion(set: Pick<NftSet, 'name'>): string[] {
  return ['-j', 'list', 'set', ...table.split(' '), tookName(set)];
}

/** Whether what nft prints of a set, line by line, is one as we declare it. */
export function isTookDeclared({ family }: NftSet, room: number, body: readonly string[]): boolean {
  const types = [`typeof ${fieldOf(family)}`, `type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'}`];
  return (
    body.some((line) => types.includes(line)) &&
    body.includes(`size ${room}`) &&
    body.includes('flags dynamic,timeout') &&
    body.some((line) => line.startsWith('timeout '))
  );
}

/** What counts a packet, in a rule; the rule goes no further where there is no room. */
export function countingOf(set: NftSet): string {
  return `add @${tookName(set)} { ${maskedField(set)} counter }`;
}

/** What was counted of one key, and for how many seconds. */
export interface Count extends Taken {
  readonly age: number;
}

/** The keys of such a set, and where what is told of each begins, in `nft -j list set`. */
const element = /\{"elem": \{"val": "([0-9a-f.:]+)"/g;

/** @returns null where nothing was counted of it */
export function countIn(json: string, key: string): Count | null {
  const timeout = numberIn(json.slice(0, json.indexOf('"elem"')), 'timeout');
  for (const match of json.matchAll(element)) {
    if (canonical(match[1] ?? '') !== key) continue;
    const text = json.slice(match.index, json.indexOf('{"elem"', match.index + 1) >>> 0);
    const own = numberIn(text, 'timeout') || timeout;
    return {
      packets: numberIn(text, 'packets'),
      bytes: numberIn(text, 'bytes'),
      age: own - numberIn(text, 'expires'),
    };
  }
  return null;
}

/** All that was counted of somebody. */
export function keysIn(json: string): Set<string> {
  return new Set([...json.matchAll(element)].map(([, key = '']) => canonical(key)));
}

function canonical(text: string): string {
  const range = parseRange(text);
  return range === null ? text : formatRange(range);
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`"${name}": (\\d+)`).exec(text)?.[1] ?? 0);
}

/**
 * What may be said of a ban that stands for `age` seconds. `full`: for how many seconds there has been room for everybody;
 * null: since the table was made.
 */
export function takenBy(count: Count | null, age: number, full: number | null): Taken | Untold {
  if (full !== null && full <= age)
    return { untold: 'more addresses were dropped at a time than are counted one by one' };
  if (age >= days * 86_400) return { untold: `packets are counted for ${days} days at most` };
  if (count === null) return { packets: 0, bytes: 0 };
  if (count.age > age + rounding)
    return { untold: 'those of an earlier ban of it are still counted with them' };
  return { packets: count.packets, bytes: count.bytes };
}

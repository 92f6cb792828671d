import {
  type Family,
  formatRange,
  overlaps,
  parseRange,
  type Range,
  wordOf4,
  wordOfBytes,
} from './address.ts';
import type { Address } from './types.ts';

/** Ranges that are never banned, with the reason a person is told. */
export interface AllowEntry {
  readonly range: Address;
  readonly reason: string;
}

export interface Protection {
  readonly section: string;
  readonly reason: string;
}

/** With the entry itself; null where there was no address to hold against any. */
export interface ProtectingEntry extends Protection {
  readonly range: Address | null;
}

/** Whose entries not even `force` bans: a host that bans itself or its loopback works no more. */
const unforceable: ReadonlySet<string> = new Set(['always', 'own']);

/** What no host may ban whatever it is told (RFC 1122, RFC 4291). */
const always: readonly AllowEntry[] = [
  { range: '127.0.0.0/8', reason: 'loopback' },
  { range: '::1', reason: 'loopback' },
  { range: '0.0.0.0/8', reason: 'this network' },
  { range: '::', reason: 'the unspecified address' },
  { range: '169.254.0.0/16', reason: 'link-local' },
  { range: 'fe80::/10', reason: 'link-local' },
  { range: '224.0.0.0/4', reason: 'multicast' },
  { range: 'ff00::/8', reason: 'multicast' },
  { range: '255.255.255.255', reason: 'broadcast' },
];

/**
 * The one allow check. Every path to a ban asks it at the ledger, and the enforcer asks again before
 * anything reaches the kernel. Its entries are replaced by section (own addresses, gateways, container
 * networks, ignoreip, SSH peers) as each of them changes.
 */
export class Allowlist {
  readonly #sections = new Map<string, readonly ParsedEntry[]>();
  /** The entries of all sections by family, for the check that every hit and every ban goes through. */
  #byFamily = byFamily([]);

  constructor() {
    this.replace('always', always);
  }

  /** Replaces the entries of one section. A range that cannot be read is ignored: sources validate first. */
  replace(section: string, entries: readonly AllowEntry[]): void {
    this.#sections.set(section, parsed(section, entries));
    this.#byFamily = byFamily([...this.#sections.values()].flat());
  }

  /**
   * Why the address (or any part of the range) must not be banned, or null where it may be. What
   * cannot be read as an address must not be banned either. `extra` are a jail's own ignoreip; `forced` asks
   * for what stops even a ban that a person insists on.
   */
  reason(address: Address, extra: readonly AllowEntry[] = [], forced = false): string | null {
    return this.protection(address, extra, forced)?.reason ?? null;
  }

  /** As `reason`, with the section that says so (`ignoreip` for `extra`). */
  protection(address: Address, extra: readonly AllowEntry[] = [], forced = false): Protection | null {
    const entry = this.entry(address, extra, forced);
    return entry === null ? null : { section: entry.section, reason: entry.reason };
  }

  /** Every entry, in the order in which they are asked. */
  all(): readonly AllowEntry[] {
    return [...this.#sections.values()]
      .flat()
      .map(({ range, reason }) => ({ range: formatRange(range), reason }));
  }

  /** As `protection`, with the entry that protects it. */
  entry(address: Address, extra: readonly AllowEntry[] = [], forced = false): ProtectingEntry | null {
    const asked = askedOf(address);
    if (asked === null) return { section: 'always', reason: 'not an address', range: null };
    const common = firstOf(this.#byFamily, asked, forced);
    return common !== null || forced || extra.length === 0 ? common : firstOf(ownOf(extra), asked);
  }
}

/** What is asked about: of a single IPv4 address the 32 bits are all that is needed. */
type Asked =
  | { readonly family: 4; readonly word: number }
  | { readonly family: Family; readonly range: Range };

/** Its range is read once: of IPv4 also as 32 bits, and those of them that count. */
interface ParsedEntry extends Protection {
  readonly range: Range;
  readonly word: number;
  readonly mask: number;
}

/** By family. */
type List = Readonly<Record<Family, Entries>>;

/** Of a jail's own list, which stays the same array as long as it says the same: a flood asks several times over for each address. */
const ownLists = new WeakMap<readonly AllowEntry[], List>();

function ownOf(entries: readonly AllowEntry[]): List {
  const known = ownLists.get(entries);
  if (known !== undefined) return known;
  const list = byFamily(parsed('ignoreip', entries));
  ownLists.set(entries, list);
  return list;
}

function parsed(section: string, entries: readonly AllowEntry[]): ParsedEntry[] {
  return entries.flatMap(({ range, reason }) => {
    const read = parseRange(range);
    return read === null ? [] : [{ section, reason, range: read, ...networkOf(read) }];
  });
}

function byFamily(entries: readonly ParsedEntry[]): List {
  const of = (family: Family) => entriesOf(entries.filter(({ range }) => range.family === family));
  return { 4: of(4), 6: of(6) };
}

/** A shift by 32 would be one by none. */
function networkOf({ family, bytes, bits }: Range): { readonly word: number; readonly mask: number } {
  if (family === 6) return { word: 0, mask: -1 };
  return { word: wordOfBytes(bytes), mask: bits === 0 ? 0 : -1 << (32 - bits) };
}

function askedOf(address: Address): Asked | null {
  const word = wordOf4(address);
  if (word !== null) return { family: 4, word };
  const range = parseRange(address);
  return range === null ? null : { family: range.family, range };
}

/** Both of one family. */
function meets(entry: ParsedEntry, asked: Asked): boolean {
  if ('range' in asked) return overlaps(entry.range, asked.range);
  return ((entry.word ^ asked.word) & entry.mask) === 0;
}

function firstOf(list: List, asked: Asked, forced = false): ProtectingEntry | null {
  for (const entry of near(list[asked.family], asked))
    if (meets(entry, asked) && (!forced || unforceable.has(entry.section)))
      return { section: entry.section, reason: entry.reason, range: formatRange(entry.range) };
  return null;
}

/** A cluster of thousands of nodes, or a list of a provider's ranges, must not make every hit slow. */
interface Entries {
  readonly all: readonly ParsedEntry[];
  /** Those that share an address with any that begins with this byte, in the same order; null: they are few. */
  readonly byFirst: readonly (readonly ParsedEntry[])[] | null;
}

const firstBytes = 256;
const few = 16;

function entriesOf(all: readonly ParsedEntry[]): Entries {
  if (all.length <= few) return { all, byFirst: null };
  const byFirst = Array.from({ length: firstBytes }, (): ParsedEntry[] => []);
  for (const entry of all) {
    const [first = 0] = entry.range.bytes;
    const width = entry.range.bits >= 8 ? 1 : 1 << (8 - entry.range.bits);
    for (const list of byFirst.slice(first, first + width)) list.push(entry);
  }
  return { all, byFirst };
}

/** Among these are all that meet what is asked about. */
function near({ all, byFirst }: Entries, asked: Asked): readonly ParsedEntry[] {
  if (byFirst === null) return all;
  if (!('range' in asked)) return byFirst[asked.word >>> 24] ?? [];
  const {
    bits,
    bytes: [first = 0],
  } = asked.range;
  return bits >= 8 ? (byFirst[first] ?? []) : all;
}

import type { Address, EvidenceLine, EvidenceMode } from '../core/types.ts';
import { redacted, typedIn } from './redaction.ts';

/** What was seen of an attempt beside its address. */
export interface Seen {
  /** The attacker's own address. */
  readonly host: Address;
  readonly time: number;
  /** The id of the source in which the line stood. */
  readonly source: string;
  readonly line: string;
  /** What the expression has found, by the names of its groups in lower case. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What led to a ban. */
export interface Findings {
  readonly host: Address | null;
  readonly lines: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

export interface EvidenceOptions {
  /** What of the lines is kept for the owner. */
  readonly mode: EvidenceMode;
  /** By jail: lines of one address, as they are, that somebody is told of with a ban; null: nobody is told of its bans. */
  readonly mostTold: (jail: string) => number | null;
}

/** Lines kept of one ban, the latest, and characters of each. */
export const mostKept = 10;
const longestKept = 512;

/** Addresses of which lines are kept, and characters of them all; of more, the stalest are forgotten. */
const mostAddresses = 10_000;
const mostCharacters = 16 * 1024 * 1024;

interface Entry extends Findings {
  readonly kept: readonly EvidenceLine[];
  readonly size: number;
}

const nothing: Entry = { host: null, lines: [], fields: {}, kept: [], size: 0 };

/**
 * The lines that counted, of addresses that are not banned yet: as they are for those who are told of bans, and as the
 * owner wants them kept for the ledger.
 */
export class Evidence {
  readonly #options: EvidenceOptions;
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /** How many lines of a batch the jails of a source want: lines cost, and a flood has more than anybody reads. */
  linesOf(jails: readonly string[]): number {
    if (jails.some((jail) => this.#options.mostTold(jail) !== null)) return Number.POSITIVE_INFINITY;
    return this.#options.mode === 'off' ? 0 : linesPerBatch;
  }

  note(jail: string, address: Address, seen: Seen): void {
    const told = this.#options.mostTold(jail);
    if (told === null && this.#options.mode === 'off') return;
    const key = keyOf(jail, address);
    const before = this.#remove(key);
    const { host, line, fields } = seen;
    const entry: Omit<Entry, 'size'> = {
      host,
      lines: told === null || told < 1 ? [] : [...before.lines, line].slice(-told),
      fields: told === null ? {} : { ...before.fields, ...fields },
      kept: this.#kept(before.kept, seen),
    };
    const size = sizeOf(entry);
    this.#entries.set(key, { ...entry, size });
    this.#size += size;
    this.#forgetStalest();
  }

  /** For those who are told of the ban. */
  find(jail: string, address: Address): Findings {
    return this.#entries.get(keyOf(jail, address)) ?? nothing;
  }

  /** For the ledger, and for who asks: lines of that time (seconds) and later. */
  kept(jail: string, address: Address, from = Number.NEGATIVE_INFINITY): readonly EvidenceLine[] {
    const kept = this.#entries.get(keyOf(jail, address))?.kept ?? [];
    return kept.filter(({ time }) => time >= from);
  }

  /** It is banned: what comes next counts anew. */
  forget(jail: string, address: Address): void {
    this.#remove(keyOf(jail, address));
  }

  #kept(before: readonly EvidenceLine[], { time, source, line, fields }: Seen): readonly EvidenceLine[] {
    const { mode } = this.#options;
    if (mode === 'off') return [];
    const text = mode === 'full' ? line : redacted(line, typedIn(fields));
    return [...before, { time, source, line: text.slice(0, longestKept).toWellFormed() }].slice(-mostKept);
  }

  #remove(key: string): Entry {
    const entry = this.#entries.get(key);
    if (entry === undefined) return nothing;
    this.#entries.delete(key);
    this.#size -= entry.size;
    return entry;
  }

  #forgetStalest(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= mostAddresses && this.#size <= mostCharacters) return;
      this.#remove(key);
    }
  }
}

/** The first ones of a batch: a megabyte of a flood has some thousand matches, an ordinary minute one or two. */
const linesPerBatch = 128;

const keyOf = (jail: string, address: Address): string => `${jail} ${address}`;

function sizeOf({ lines, fields, kept }: Omit<Entry, 'size'>): number {
  const texts = [...lines, ...Object.values(fields), ...kept.map(({ line }) => line)];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

import { copied } from '../core/batch.ts';
import type { Address } from '../core/types.ts';

/** What was seen of an attempt beside its address. */
export interface Seen {
  /** The attacker's own address. */
  readonly host: Address;
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

/** Addresses of which lines are kept; of more, the stalest are forgotten. */
const mostAddresses = 10_000;

const nothing: Findings = { host: null, lines: [], fields: {} };

/** The lines that are told of with a ban, of jails whose bans somebody is told of. */
export class Evidence {
  readonly #kept = new Map<string, Findings>();

  /** `most`: lines of one address that are kept, the latest. */
  note(jail: string, address: Address, { host, line, fields }: Seen, most: number): void {
    const key = keyOf(jail, address);
    const before = this.#kept.get(key) ?? nothing;
    this.#kept.delete(key);
    // Copies: a slice would keep its whole chunk alive.
    const lines = most < 1 ? [] : [...before.lines, copied(line, 0, line.length)].slice(-most);
    this.#kept.set(key, { host, lines, fields: { ...before.fields, ...fields } });
    const [stalest] = this.#kept.keys();
    if (this.#kept.size > mostAddresses && stalest !== undefined) this.#kept.delete(stalest);
  }

  take(jail: string, address: Address): Findings {
    const key = keyOf(jail, address);
    const found = this.#kept.get(key) ?? nothing;
    this.#kept.delete(key);
    return found;
  }
}

const keyOf = (jail: string, address: Address): string => `${jail} ${address}`;

import { canonicalAddress } from '../core/address.ts';
import { AddressTable } from '../core/address-table.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { Attempt } from '../core/session-merger.ts';

const mostNames = 100_000;
const longestName = 256;

/** Counts what the matches of a log amount to. */
export class FilterTally {
  hits = 0;
  /** Matches that are no attempt, or none yet. */
  others = 0;
  readonly #addresses = new AddressTable();
  /** What fail2ban counts beside addresses. */
  readonly #names = new Set<string>();
  readonly #mayBeNames: boolean;

  constructor({ kind }: FilterDefinition) {
    this.#mayBeNames = kind === 'fail2ban';
  }

  get addresses(): number {
    return this.#addresses.size + this.#names.size;
  }

  add(attempt: Attempt | null): void {
    if (attempt === null) {
      this.others++;
      return;
    }
    this.hits++;
    this.#note(attempt.host);
  }

  #note(host: string): void {
    if (this.#mayBeNames && canonicalAddress(host) === null) this.#noteName(host);
    else if (!this.#addresses.has(host)) this.#addresses.change(host, once);
  }

  /** Clients choose them: of so many, and so long ones, no more are told apart. */
  #noteName(name: string): void {
    if (this.#names.size < mostNames) this.#names.add(name.slice(0, longestName));
  }
}

const once = () => [0];

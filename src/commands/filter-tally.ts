import { canonicalAddress } from '../core/address.ts';
import { AddressTable } from '../core/address-table.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { TrialMatch } from './filter-trial.ts';

const mostNames = 100_000;
const longestName = 256;

/** Counts what a trial gave, by result and by expression. */
export class FilterTally {
  readonly results = { hit: 0, nofail: 0, ignored: 0 };
  /** Lines that each expression or rule decided, by its place. */
  readonly expressions: number[] = [];
  /** Lines that were ignored for each of the expressions for that. */
  readonly ignored: number[] = [];
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

  add({ result, judgement, attempt }: TrialMatch): void {
    this.results[result]++;
    const counts = result === 'ignored' ? this.ignored : this.expressions;
    counts[judgement.expression] = (counts[judgement.expression] ?? 0) + 1;
    if (attempt !== null) this.#note(attempt.host);
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

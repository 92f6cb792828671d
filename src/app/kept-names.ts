import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { canonicalAddress } from '../core/address.ts';
import { readPlainEntry } from '../core/ignore-entry.ts';
import type { Address } from '../core/types.ts';

/** Addresses with their confirmed names, in a file: after a restart nobody is locked out because DNS is down. */
export class KeptNames {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** What was written last; nothing where it cannot be read. */
  read(): readonly (readonly [Address, readonly string[]])[] {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Object.entries(kept ?? {}).flatMap(([address, names]) =>
        canonicalAddress(address) === address && isNames(names) ? [[address, names] as const] : [],
      );
    } catch {
      return [];
    }
  }

  /** Never throws: what cannot be kept is asked again after the next start. */
  write(known: Iterable<readonly [Address, { readonly answer: readonly string[] }]>): void {
    const kept = Object.fromEntries([...known].map(([address, { answer }]) => [address, answer]));
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // The ledger beside it says what is wrong with the folder.
    }
  }
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((name) => typeof name === 'string' && readPlainEntry(name) === name)
  );
}

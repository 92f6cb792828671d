import type { StatsFs } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';

/** SQLite's own files beside the database: what was written and not yet moved there. */
const parts = ['', '-wal'];

/** How much room the database takes and has, in bytes; null where the system does not say. */
export class StateDisk {
  readonly #folder: string;
  readonly #database: string;

  constructor(folder: string, database: string) {
    this.#folder = folder;
    this.#database = database;
  }

  async databaseSize(): Promise<number | null> {
    const sizes = await Promise.all(
      parts.map((part) =>
        stat(`${this.#database}${part}`).then(
          ({ size }) => size,
          () => null,
        ),
      ),
    );
    return sizes[0] === null ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }

  /** For whoever is not root: that is what counts where a file system keeps some back. */
  free(): Promise<number | null> {
    return this.#read(({ bavail, bsize }) => bavail * bsize);
  }

  size(): Promise<number | null> {
    return this.#read(({ blocks, bsize }) => blocks * bsize);
  }

  async #read(value: (stats: StatsFs) => number): Promise<number | null> {
    return statfs(this.#folder).then(
      (stats) => value(stats),
      () => null,
    );
  }
}

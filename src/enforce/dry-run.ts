import type { Clock } from '../core/types.ts';
import type { Backend, Change, Element, Hook, Probe } from './backend.ts';
import { MemorySet } from './memory-set.ts';

/** Drops nothing. It remembers what it was told, so that everything above it behaves as with a real one. */
export class DryRunBackend implements Backend {
  readonly name = 'dry-run';
  readonly strength = 'none';
  readonly #set: MemorySet;

  constructor(clock: Clock) {
    this.#set = new MemorySet(clock);
  }

  async probe(): Promise<Probe> {
    return { usable: true, detail: 'bans are recorded, and no packet is dropped' };
  }

  async install(): Promise<readonly Hook[]> {
    return [];
  }

  async list(): Promise<readonly Element[]> {
    return this.#set.elements();
  }

  async count(): Promise<number> {
    return this.#set.elements().length;
  }

  async apply(changes: readonly Change[]): Promise<void> {
    for (const change of changes) this.#set.change(change);
  }

  async uninstall(): Promise<boolean> {
    this.#set.clear();
    return false;
  }

  async close(): Promise<void> {}
}

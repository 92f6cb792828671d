import type { JailConfiguration } from '../config/schema.ts';
import { BailiffError } from '../core/errors.ts';

/** Jails that labels make, in all: each may have sets and rules of its own in the kernel. */
export const mostLabelJails = 500;

export interface LabelJailsParts {
  /** Whether the configuration has a jail of this name: it stays, whoever asks for it. */
  readonly isConfigured: (name: string) => boolean;
  /** Whether a ban of a jail stands. */
  readonly bans: (name: string) => boolean;
  /** Forgets a jail. */
  readonly drop: (name: string) => void;
}

/** The jails that containers' labels ask for, each as long as a container asks for it or a ban of it stands. */
export class LabelJails {
  /** By container id: the names it asks for. */
  readonly #asking = new Map<string, readonly string[]>();
  /** By name: how many ask for it; none, where only bans keep it. */
  readonly #askers = new Map<string, number>();
  readonly #parts: LabelJailsParts;

  constructor(parts: LabelJailsParts) {
    this.#parts = parts;
  }

  /** A container asks for these from now on. @returns those for which there is room, and what is wrong with the rest */
  ask(id: string, container: string, wanted: readonly JailConfiguration[]): LabelJailsAnswer {
    const before = this.#asking.get(id) ?? [];
    const jails: JailConfiguration[] = [];
    const errors: BailiffError[] = [];
    const names: string[] = [];
    for (const jail of wanted) {
      const { name } = jail;
      if (this.#parts.isConfigured(name)) jails.push(jail);
      else if (this.#askers.has(name) || this.#askers.size < mostLabelJails) {
        jails.push(jail);
        names.push(name);
        this.#count(name, 1);
      } else errors.push(noRoom(container, name));
    }
    if (names.length > 0) this.#asking.set(id, names);
    else this.#asking.delete(id);
    this.#leave(before);
    return { jails, errors };
  }

  /** Containers that are gone. */
  forget(isGone: (id: string) => boolean): void {
    for (const [id, names] of this.#asking) {
      if (!isGone(id)) continue;
      this.#asking.delete(id);
      this.#leave(names);
    }
  }

  /** A jail is being read, perhaps the last words of a container that is gone. */
  read(name: string): void {
    if (!this.#parts.isConfigured(name) && !this.#askers.has(name)) this.#askers.set(name, 0);
  }

  /** Whether nothing but its bans keeps a jail: there is nothing that it should read. */
  isLeftover(name: string): boolean {
    return this.#askers.get(name) === 0;
  }

  /** A ban of a jail has ended. */
  ended(name: string): void {
    if (this.#askers.get(name) === 0) this.#dropIdle(name);
  }

  /** A log has ended: a jail may have been kept for it alone. */
  tidy(): void {
    for (const [name, askers] of this.#askers) if (askers === 0) this.#dropIdle(name);
  }

  #count(name: string, by: number): void {
    this.#askers.set(name, (this.#askers.get(name) ?? 0) + by);
  }

  #leave(names: readonly string[]): void {
    for (const name of names) {
      this.#count(name, -1);
      if (this.#askers.get(name) === 0) this.#dropIdle(name);
    }
  }

  #dropIdle(name: string): void {
    if (this.#parts.bans(name)) return;
    this.#askers.delete(name);
    this.#parts.drop(name);
  }
}

export interface LabelJailsAnswer {
  readonly jails: readonly JailConfiguration[];
  readonly errors: readonly BailiffError[];
}

function noRoom(container: string, jail: string): BailiffError {
  return new BailiffError(
    'config-invalid',
    `labels have made ${mostLabelJails} jails, and ${jail} is not made`,
    {
      where: `container ${JSON.stringify(container)}`,
      remedy:
        'Containers that ask for the same limits share a jail; those whose ports are published never do.',
    },
  );
}

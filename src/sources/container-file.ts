import type { JailConfiguration } from '../config/schema.ts';
import type { ContainerDetails } from '../docker/client.ts';
import { ContainerFileReader, type ReaderParts } from './container-file-reader.ts';

/** How a file's text and dates are read: jails that agree about it read it together. */
export type Manner = Pick<JailConfiguration, 'encoding' | 'timeZone'>;

/** Where a log file is, whatever containers it is in. */
export interface FilePlace {
  /** Containers that share a volume share the key of a file in it. */
  readonly key: string;
  readonly manner: Manner;
  /** Behind its name, where it is read in an unusual manner: it may be read in another one, too. */
  readonly suffix: string;
  /** Whether the place is in something mounted, which others may have, too. */
  readonly isShared: boolean;
}

/** A container that runs and has the file. */
export interface Holder {
  readonly container: ContainerDetails;
  /** What the file is called in there. */
  readonly path: string;
  /** For whom it is read there. */
  readonly jails: readonly JailConfiguration[];
}

/** All that have a file, and the jails of all of them. */
export interface Holders {
  readonly all: readonly Holder[];
  readonly jails: readonly JailConfiguration[];
}

/**
 * One log file inside a container, or in a volume of several: read once, through the first of the containers that
 * leads to it, for the jails of all of them.
 */
export class ContainerFile {
  readonly #parts: ReaderParts;
  readonly #place: FilePlace;
  /** By container id. */
  readonly #holders = new Map<string, Holder>();
  #reader: ContainerFileReader | null = null;

  constructor(place: FilePlace, parts: ReaderParts) {
    this.#place = place;
    this.#parts = parts;
  }

  /** Whether nothing more is read or shown of it. */
  get isOver(): boolean {
    return this.#holders.size === 0 && (this.#reader === null || this.#reader.isOver);
  }

  hold(holder: Holder): void {
    this.#holders.set(holder.container.id, holder);
    this.#update();
  }

  /** The container stopped, or is gone. */
  release(containerId: string, reason: string): void {
    if (!this.#holders.delete(containerId)) return;
    if (this.#holders.size > 0) this.#update();
    else this.#reader?.finish(reason);
  }

  /** What the container has under this name is another file. */
  leave(containerId: string): void {
    this.#holders.delete(containerId);
    if (this.#holders.size > 0) this.#update();
    else this.close();
  }

  /** The container will not come back: its source goes once all was read. */
  forget(containerId: string): void {
    if (this.#reader?.containerId === containerId) this.#reader.forget();
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
  }

  /** Goes on with the one that reads, unless the container, its process or the jails have changed. */
  #update(): void {
    const all = [...this.#holders.values()];
    const named = all.flatMap(({ jails }) => jails).map((jail) => [jail.name, jail] as const);
    const holders = { all, jails: [...new Map(named).values()] };
    if (this.#reader?.goesOnFor(holders)) return;
    this.close();
    this.#reader = new ContainerFileReader(holders, this.#place, this.#parts);
    void this.#reader.run();
  }
}

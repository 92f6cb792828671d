import path from 'node:path';
import type { JailConfiguration } from '../config/schema.ts';
import type { ContainerDetails } from '../docker/client.ts';
import { ContainerFile, type FilePlace, type Holder, type Manner } from './container-file.ts';
import type { ContainerFileParts, ReaderParts } from './container-file-reader.ts';
import { mountOf } from './container-file-way.ts';

/** The log files inside containers that jails read. */
export class ContainerFiles {
  readonly #parts: ReaderParts;
  /** By the key of their place. */
  readonly #files = new Map<string, ContainerFile>();
  readonly #containers = new Set<string>();
  /** `CONTAINER:PATH` of those that a link leads out of their mount. */
  readonly #leadingOut = new Set<string>();

  constructor(parts: ContainerFileParts) {
    const leadsOut = this.#leadsOut.bind(this);
    this.#parts = { ...parts, readers: new Map(), leadsOut };
  }

  /** Containers of which a file is read, or was until they stopped. */
  get containers(): ReadonlySet<string> {
    return this.#containers;
  }

  /**
   * Reads the files that the jails ask for in a container, from where they were left. One that does not run is
   * read to the end.
   */
  follow(container: ContainerDetails, jails: readonly JailConfiguration[]): void {
    this.#forgetOver();
    const wanted = this.#wantedFiles(container, jails);
    for (const { place, holder } of wanted) this.#at(place).hold(holder);
    if (wanted.length > 0) this.#containers.add(container.id);
    if (!container.running) this.stopped(container.id);
  }

  /** What there is of the container's files is read to the end. */
  stopped(containerId: string): void {
    for (const file of this.#files.values()) file.release(containerId, 'the container stopped');
  }

  /** The same, and then they are forgotten. */
  removed(containerId: string, reason = 'the container was removed'): void {
    if (!this.#containers.delete(containerId)) return;
    for (const file of this.#files.values()) {
      file.release(containerId, reason);
      file.forget(containerId);
    }
    for (const each of this.#leadingOut)
      if (each.startsWith(`${containerId}:`)) this.#leadingOut.delete(each);
  }

  #at(place: FilePlace): ContainerFile {
    const file = this.#files.get(place.key) ?? new ContainerFile(place, this.#parts);
    this.#files.set(place.key, file);
    return file;
  }

  /** From now on it is a file of its own. */
  #leadsOut(holder: Holder, { key, manner }: FilePlace, ended: string | null): void {
    const { container, path: log } = holder;
    this.#leadingOut.add(`${container.id}:${log}`);
    const own = this.#at(this.#placeOf(container, log, manner));
    own.hold(holder);
    if (ended !== null) own.release(container.id, ended);
    this.#files.get(key)?.leave(container.id);
  }

  #forgetOver(): void {
    for (const [key, file] of this.#files) if (file.isOver) this.#files.delete(key);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
    this.#containers.clear();
  }

  #wantedFiles(container: ContainerDetails, jails: readonly JailConfiguration[]): WantedFile[] {
    const wanted = new Map<string, WantedFile>();
    for (const jail of jails) {
      for (const log of new Set(jail.inside.map((each) => path.normalize(each)))) {
        const place = this.#placeOf(container, log, jail);
        const asking = wanted.get(place.key)?.holder.jails ?? [];
        wanted.set(place.key, { place, holder: { container, path: log, jails: [...asking, jail] } });
      }
    }
    return [...wanted.values()];
  }

  /** A file in a volume outlives its container, and may be in several: it is known by where it is on the host. */
  #placeOf({ id, mounts }: ContainerDetails, log: string, { encoding, timeZone }: Manner): FilePlace {
    const own = `${id}:${log}`;
    const mount = mountOf(mounts, log);
    const isShared = typeof mount?.source === 'string' && !this.#leadingOut.has(own);
    const where = isShared ? path.join(mount.source, path.relative(mount.destination, log)) : own;
    const unusual = [encoding === 'utf-8' ? [] : encoding, timeZone ?? []].flat();
    const suffix = unusual.length === 0 ? '' : ` (${unusual.join(', ')})`;
    const manner = { encoding, ...(timeZone === undefined ? {} : { timeZone }) };
    return { key: `container-file:${where}${suffix}`, manner, suffix, isShared };
  }
}

interface WantedFile {
  readonly place: FilePlace;
  readonly holder: Holder;
}

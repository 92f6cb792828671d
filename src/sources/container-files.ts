import path from 'node:path';
import type { JailConfiguration } from '../config/schema.ts';
import type { ContainerDetails } from '../docker/client.ts';
import { ContainerFile, type FilePlace, type Holder, type Manner } from './container-file.ts';
import type { ContainerFileParts, ReaderParts } from './container-file-reader.ts';
import { mountOf } from './container-file-way.ts';
import { matchesInside } from './container-patterns.ts';
import { isPattern } from './glob.ts';

/** The log files inside containers that jails read. */
export class ContainerFiles {
  readonly #parts: ReaderParts;
  readonly #lookAgain: NodeJS.Timeout;
  /** Containers in which files are read that match patterns, by their ids. */
  readonly #patterned = new Map<string, Patterned>();
  /** By the key of their place. */
  readonly #files = new Map<string, ContainerFile>();
  readonly #containers = new Set<string>();
  /** `CONTAINER:PATH` of those that a link leads out of their mount. */
  readonly #leadingOut = new Set<string>();

  constructor(parts: ContainerFileParts) {
    const leadsOut = this.#leadsOut.bind(this);
    this.#parts = { ...parts, readers: new Map(), leadsOut };
    this.#lookAgain = setInterval(() => {
      for (const each of this.#patterned.values()) void this.#followPatterns(each);
    }, parts.pauses.longest).unref();
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
    const logs = jails.flatMap((jail) => jail.inside.map((each) => ({ log: path.normalize(each), jail })));
    const named = logs.filter(({ log }) => !isPattern(log));
    this.#hold(container, named);
    if (logs.length > 0) this.#containers.add(container.id);
    this.#forgetPatterns(container.id);
    if (!container.running) this.stopped(container.id);
    else if (named.length < logs.length) {
      const patterned = { container, named, patterns: logs.filter((each) => !named.includes(each)) };
      this.#patterned.set(container.id, patterned);
      void this.#followPatterns(patterned);
    }
  }

  #hold(container: ContainerDetails, logs: readonly WantedLog[]): void {
    for (const { place, holder } of this.#wantedFiles(container, logs)) this.#at(place).hold(holder);
  }

  /** What the patterns match now, and what is named beside: a file may be both. Never rejects. */
  async #followPatterns(patterned: Patterned): Promise<void> {
    const { container, named, patterns } = patterned;
    const { host, options } = this.#parts;
    const found: WantedLog[] = [];
    for (const pattern of new Set(patterns.map(({ log }) => log))) {
      const jails = patterns.filter(({ log }) => log === pattern).map(({ jail }) => jail);
      const { paths, problem } = await matchesInside(container, pattern, options);
      if (this.#patterned.get(container.id) !== patterned) return;
      for (const log of paths) found.push(...jails.map((jail) => ({ log, jail })));
      const id = patternId(container, pattern);
      const names = jails.map(({ name }) => name);
      if (problem !== '') host.report(id, 'failed', problem, names);
      else if (paths.length === 0) host.report(id, 'waiting', 'no file matches yet', names);
      else host.forget(id);
    }
    const logs = [...named, ...found];
    for (const { log, jail } of patterned.found ?? [])
      if (!logs.some((each) => each.log === log))
        this.#files.get(this.#placeOf(container, log, jail).key)?.leave(container.id);
    patterned.found = found;
    this.#hold(container, logs);
  }

  #forgetPatterns(containerId: string): void {
    const { container, patterns = [] } = this.#patterned.get(containerId) ?? {};
    this.#patterned.delete(containerId);
    if (container === undefined) return;
    for (const { log } of patterns) this.#parts.host.forget(patternId(container, log));
  }

  /** What there is of the container's files is read to the end. */
  stopped(containerId: string): void {
    this.#forgetPatterns(containerId);
    for (const file of this.#files.values()) file.release(containerId, 'the container stopped');
  }

  /** The same, and then they are forgotten. */
  removed(containerId: string, reason = 'the container was removed'): void {
    this.#forgetPatterns(containerId);
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
    clearInterval(this.#lookAgain);
    for (const id of [...this.#patterned.keys()]) this.#forgetPatterns(id);
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
    this.#containers.clear();
  }

  #wantedFiles(container: ContainerDetails, logs: readonly WantedLog[]): WantedFile[] {
    const wanted = new Map<string, WantedFile>();
    for (const { log, jail } of logs) {
      const place = this.#placeOf(container, log, jail);
      const asking = wanted.get(place.key)?.holder.jails ?? [];
      const jails = asking.includes(jail) ? asking : [...asking, jail];
      wanted.set(place.key, { place, holder: { container, path: log, jails } });
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

/** A file, or a pattern, that a jail reads. */
interface WantedLog {
  readonly log: string;
  readonly jail: JailConfiguration;
}

interface Patterned {
  readonly container: ContainerDetails;
  readonly named: readonly WantedLog[];
  readonly patterns: readonly WantedLog[];
  /** What the patterns matched. */
  found?: readonly WantedLog[];
}

function patternId({ name }: ContainerDetails, pattern: string): string {
  return `docker:${name}:${pattern}`;
}

interface WantedFile {
  readonly place: FilePlace;
  readonly holder: Holder;
}

import type { JailConfiguration } from '../config/schema.ts';
import { selects } from '../core/container-selector.ts';
import { BailiffError } from '../core/errors.ts';
import { type Container, connectDocker, type DockerClient, type DockerEvent } from '../docker/client.ts';
import { isEngineThere } from '../docker/endpoint.ts';
import { type LookPauses, usualLookPauses } from './container-file-reader.ts';
import type { WayOptions } from './container-file-way.ts';
import { ContainerFiles } from './container-files.ts';
import { ContainerLog, type LogParts, type LogPauses, usualPauses } from './docker-log.ts';
import { type JailList, readingOf } from './jail-list.ts';
import { oldestOf } from './oldest.ts';
import { podPrefix } from './pod-log.ts';
import { Reach, type Told } from './reach.ts';
import type { SourceKind } from './source.ts';
import { type StallPauses, usualStallPauses, watchForStalls } from './stalls.ts';
import { Turns } from './turns.ts';

/** What tests replace. */
export interface DockerOptions {
  readonly connect?: (address: string, signal: AbortSignal) => Promise<DockerClient>;
  readonly pauses?: LogPauses;
  readonly stallPauses?: StallPauses;
  readonly lookPauses?: LookPauses;
  /** An event stream that ends sooner (ms) is a failure: the supervisor waits before it is asked for again. */
  readonly shortestStream?: number;
}

/** Logs that are taken up at a time: the engine reads each from its beginning. */
const mostResumes = 2;

/**
 * The logs of containers, through the Docker API at a socket's path or `tcp://host:port`, and log files inside
 * containers.
 */
export function dockerSource(address: string, ways: WayOptions, options: DockerOptions = {}): SourceKind {
  const told = new Map<string, Told>();
  const { connect = connectThere, shortestStream = 5_000, lookPauses = usualLookPauses } = options;
  return {
    name: 'docker',
    async follow(jails, host, signal) {
      const client = await connect(address, signal);
      const reach = new Reach(client, host, told);
      const pauses = options.pauses ?? usualPauses;
      const parts: LogParts = { client, host, reach, turns: new Turns(mostResumes), pauses };
      const files = new ContainerFiles({ client, host, options: ways, pauses: lookPauses });
      const follower = new Follower(parts, files, jails, signal);
      await follower.run(shortestStream, options.stallPauses ?? usualStallPauses);
    },
  };
}

/** Without the check, the client's answer would be a bare ENOENT deep in a stack. */
async function connectThere(address: string, signal: AbortSignal): Promise<DockerClient> {
  if (isEngineThere(address)) return connectDocker(address, signal);
  throw new BailiffError('docker-unreachable', 'there is no Docker socket', {
    where: address,
    remedy: 'To read container logs, mount /var/run/docker.sock, or set BAILIFF_DOCKER_SOCKET.',
  });
}

/** After these events a container may have to be read, or read anew. */
const attachEvents = new Set(['start', 'rename', 'unpause']);
/** With these a container's ports are published, or are no longer. */
const publishEvents = new Set(['start', 'die']);
/** With these an engine changes its rules. Those of a network always do. */
const ruleEvents = new Set(['container start', 'container die', 'daemon reload']);

/** How long (ms) the log of a container that is gone may go on while another has its name. */
const lastWordsMs = 10_000;

/** Follows all containers of one engine, from connecting until the connection is lost. */
class Follower {
  readonly #parts: LogParts;
  readonly #files: ContainerFiles;
  readonly #jails: JailList;
  readonly #signal: AbortSignal;
  /** Ends what runs beside the event stream. */
  readonly #connection = new AbortController();
  /** By container id, until the container is removed. */
  readonly #logs = new Map<string, ContainerLog>();
  /** By name in `status`: resolves when what was read under it is over. */
  readonly #readers = new Map<string, Promise<void>>();
  /** Ids of containers that are removed and still being read. */
  readonly #removed = new Set<string>();
  /** By container id: by whom it is read, and how, as text. */
  readonly #judges = new Map<string, string>();
  #remark = '';

  constructor(parts: LogParts, files: ContainerFiles, jails: JailList, signal: AbortSignal) {
    this.#parts = parts;
    this.#files = files;
    this.#jails = jails;
    this.#signal = signal;
  }

  /** Goes on as long as the engine answers: a stream of events that ends may have been cut by a proxy. */
  async run(shortestStream: number, stallPauses: StallPauses): Promise<void> {
    const { client, host } = this.#parts;
    host.report('docker', 'starting', 'asking the engine');
    const open = () => [...this.#logs.values()].filter(({ over }) => !over);
    const watching = watchForStalls(open, (id) => client.newest(id), this.#connection.signal, stallPauses);
    try {
      while (!this.#signal.aborted) {
        const began = performance.now();
        const { changed } = this.#jails;
        const problem = await this.#round(AbortSignal.any([this.#signal, changed]));
        const wanted = this.#signal.aborted || changed.aborted;
        if (performance.now() - began < shortestStream && !wanted) throw problem;
      }
    } finally {
      this.#connection.abort();
      await Promise.all([watching, ...this.#readers.values()]);
      for (const log of this.#logs.values()) log.close();
      this.#files.close();
    }
  }

  /**
   * Until the signal aborts or the events end. Events first, then the list: a container that starts in between is
   * seen by one of them.
   */
  async #round(signal: AbortSignal): Promise<unknown> {
    const { client, host, reach } = this.#parts;
    const since = Math.floor(host.now());
    this.#remark = (await reach.connected()) ? '' : networksUnknown;
    await this.#takeList(await client.containers());
    this.#report();
    reach.rulesChanged();
    try {
      for await (const event of client.events(since, signal)) await this.#react(event);
      return new BailiffError('docker-unreachable', 'the event stream ended');
    } catch (error) {
      return error;
    }
  }

  async #takeList(containers: readonly Container[]): Promise<void> {
    const listed = new Set(containers.map(({ id }) => id));
    for (const id of [...this.#logs.keys(), ...this.#files.containers]) if (!listed.has(id)) this.#remove(id);
    this.#parts.host.forgetLabels((id) => !id.startsWith(podPrefix) && !listed.has(id));
    for (const container of containers) {
      if (!container.running) this.#files.stopped(container.id);
      const named = this.#judges.has(container.id) ? await this.#named(container) : null;
      if (named !== null) this.#reconsider(named);
      const log = this.#logs.get(container.id);
      if (log !== undefined && !(log.over && container.running)) continue;
      const known = named ?? (await this.#named(container));
      if (known !== null && (await this.#mayHold(known))) await this.#attach(known);
    }
  }

  /** Ends what is read for other jails than now, or otherwise. */
  #reconsider(container: Container): void {
    const { id } = container;
    const { jails, reading } = this.#judgedBy(container);
    if (reading === this.#judges.get(id)) return;
    this.#files.removed(id, 'it is read for other jails now');
    this.#logs.get(id)?.stop();
    this.#close(id);
    if (jails.length === 0) this.#parts.reach.forget(id);
  }

  /** The image's name is not in the list where it has come to mean another image. */
  async #named(container: Container): Promise<Container | null> {
    const nameless = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(container.image);
    return nameless ? await this.#parts.client.inspect(container.id) : container;
  }

  /** Whether its log may hold what a jail would still count. A stopped one's is read to its end, too. */
  async #mayHold(container: Container): Promise<boolean> {
    const { jails } = this.#judgedBy(container);
    if (container.running || jails.length === 0) return container.running;
    const details = await this.#parts.client.inspect(container.id);
    if (details === null) return false;
    return details.running || details.finished > oldestOf(jails, this.#parts.host.now());
  }

  #report(): void {
    const read = [...this.#logs.values()].filter(({ over }) => !over).length;
    const files = this.#files.containers.size;
    const inside = files === 0 ? '' : `; those with files read inside: ${files}`;
    this.#parts.host.report('docker', 'reading', `containers read: ${read}${inside}${this.#remark}`);
  }

  async #react(event: DockerEvent): Promise<void> {
    const { reach } = this.#parts;
    if (event.type === 'network') {
      await reach.networksChanged();
      await reach.describeSharing(event.container);
    }
    if (event.type === 'container') await this.#reactToContainer(event);
    const mayPublish = event.type === 'network' || publishEvents.has(event.action);
    if (mayPublish) await reach.publishingChanged();
    if (event.type === 'network' || ruleEvents.has(`${event.type} ${event.action}`)) reach.rulesChanged();
  }

  async #reactToContainer({ action, id }: DockerEvent): Promise<void> {
    const { client, host, reach } = this.#parts;
    if (action === 'die') this.#files.stopped(id);
    if (action === 'destroy') this.#remove(id);
    if (action === 'destroy' || action === 'rename') reach.forget(id);
    if (action === 'destroy') host.forgetLabels((each) => each === id);
    if (!attachEvents.has(action)) return;
    const container = await client.inspect(id);
    if (container !== null && (action !== 'rename' || this.#renamed(container)))
      await this.#attach(container);
    await reach.describeSharing(id);
  }

  /**
   * Whether it is to be read under its new name. What has stopped is read to its end under the old one: compose
   * renames a container to put another in its place.
   */
  #renamed(container: Container): boolean {
    const log = this.#logs.get(container.id);
    if (!container.running) return false;
    this.#files.removed(container.id, 'the container was renamed');
    log?.stop();
    this.#close(container.id);
    return true;
  }

  /** Its log cannot be read again: what is on its way is read to the end before the source is closed. */
  #remove(containerId: string): void {
    this.#files.removed(containerId);
    if (this.#logs.get(containerId)?.over === false) this.#removed.add(containerId);
    else this.#close(containerId);
  }

  #close(containerId: string): void {
    this.#judges.delete(containerId);
    this.#logs.get(containerId)?.close();
    this.#logs.delete(containerId);
  }

  async #attach(container: Container): Promise<void> {
    const { jails, reading } = this.#judgedBy(container);
    if (jails.length > 0) this.#judges.set(container.id, reading);
    const names = jails.map(({ name }) => name);
    const ofFiles = jails.filter(({ inside }) => inside.length > 0);
    if (ofFiles.length > 0) await this.#followFiles(container, ofFiles, names);
    else this.#files.removed(container.id, 'the container was renamed');
    const ofOutput = jails.filter((jail) => !ofFiles.includes(jail));
    if (ofOutput.length > 0) this.#followOutput(container, ofOutput, names);
  }

  async #followFiles(
    { id }: Container,
    jails: readonly JailConfiguration[],
    names: readonly string[],
  ): Promise<void> {
    const container = await this.#parts.client.inspect(id);
    if (container === null) return;
    await this.#parts.reach.describe(container, names);
    this.#files.follow(container, jails);
    this.#report();
  }

  #followOutput(container: Container, jails: readonly JailConfiguration[], names: readonly string[]): void {
    const reading = this.#logs.get(container.id);
    if (reading?.over === false) {
      reading.startedAgain();
      return;
    }
    const log = new ContainerLog(container, jails, names, this.#parts);
    const before = this.#readers.get(log.id);
    this.#logs.set(container.id, log);
    const reader = this.#read(log, before).finally(() => {
      if (this.#readers.get(log.id) === reader) this.#readers.delete(log.id);
      if (this.#removed.delete(log.containerId)) this.#close(log.containerId);
      if (!this.#signal.aborted) this.#report();
    });
    this.#readers.set(log.id, reader);
    this.#report();
  }

  /** One after the other, where a container has taken the place of another one of its name. */
  async #read(log: ContainerLog, before: Promise<void> | undefined): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#connection.signal]);
    if (before !== undefined) {
      const others = [...this.#logs.values()].filter(({ id }) => id === log.id);
      const patience = setTimeout(() => {
        for (const other of others) if (other !== log) other.stop();
      }, lastWordsMs);
      await before;
      clearTimeout(patience);
    }
    await log.read(signal);
  }

  /** `reading`: what of the jails its sources depend on. The limits of those of labels become known with the source. */
  #judgedBy(container: Container): { jails: readonly JailConfiguration[]; reading: string } {
    const named = this.#jails.now.filter((jail) =>
      jail.container.some((wanted) => selects(wanted, container)),
    );
    const labelled = this.#parts.host.jailsFromLabels(container);
    return { jails: [...named, ...labelled], reading: `${readingOf(named)}\n${JSON.stringify(labelled)}` };
  }
}

const networksUnknown =
  '; the socket proxy hides networks, so that the addresses of containers and gateways are not known to be yours: let GET /networks through (NETWORKS=1)';

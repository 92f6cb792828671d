import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { selects } from '../config/labels.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { sinceOf } from '../core/docker-cursor.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import { type Container, connectDocker, type DockerClient, type DockerEvent } from '../docker/client.ts';
import { Reach, type Told } from './reach.ts';
import type { OpenSource, SourceHost, SourceKind } from './source.ts';

/** The logs of containers, through the Docker API. */
export function dockerSource(socketPath: string, connect = connectSocket): SourceKind {
  const told = new Map<string, Told>();
  return {
    name: 'docker',
    async follow(jails, host, signal) {
      const client = await connect(socketPath, signal);
      await new Follower(client, jails, host, new Reach(client, host, told), signal).run();
    },
  };
}

/** Without the check, the client's answer would be a bare ENOENT deep in a stack. */
async function connectSocket(path: string, signal: AbortSignal): Promise<DockerClient> {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket()) return connectDocker(path, signal);
  throw new BailiffError('docker-unreachable', 'there is no Docker socket', {
    where: path,
    remedy: 'To read container logs, mount /var/run/docker.sock, or set BAILIFF_DOCKER_SOCKET.',
  });
}

/** Before a log that ended is asked for again, in ms. */
const retryMs = 1_000;

/** After these events a container may have to be read, or read anew. */
const attachEvents = new Set(['start', 'rename', 'unpause']);
/** With these an engine changes its rules. Those of a network always do. */
const ruleEvents = new Set(['container start', 'container die', 'daemon reload']);

/** Follows all containers of one engine, from connecting until the connection ends. */
class Follower {
  readonly #client: DockerClient;
  readonly #jails: readonly JailConfiguration[];
  readonly #host: SourceHost;
  readonly #reach: Reach;
  readonly #signal: AbortSignal;
  /** By container id: ends the reading of its log. */
  readonly #reading = new Map<string, AbortController>();
  readonly #readers = new Set<Promise<void>>();
  /** By container id: the logs in `status`, until their container is removed. */
  readonly #sources = new Map<string, OpenSource>();
  /** Ids of containers that are removed and still being read. */
  readonly #removed = new Set<string>();

  constructor(
    client: DockerClient,
    jails: readonly JailConfiguration[],
    host: SourceHost,
    reach: Reach,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#jails = jails;
    this.#host = host;
    this.#reach = reach;
    this.#signal = signal;
  }

  /** Events first, then the list: a container that starts in between is seen by one of them. */
  async run(): Promise<void> {
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#signal, connection.signal]);
    this.#host.report('docker', 'starting', 'asking the engine');
    try {
      const since = Math.floor(this.#host.now());
      await this.#reach.connected();
      const containers = await this.#client.containers();
      for (const container of containers) this.#attach(container);
      this.#report();
      this.#reach.rulesChanged();
      for await (const event of this.#client.events(since, signal)) await this.#react(event);
      if (!this.#signal.aborted) throw new BailiffError('docker-unreachable', 'the event stream ended');
    } finally {
      connection.abort();
      for (const reading of this.#reading.values()) reading.abort();
      await Promise.all(this.#readers);
      for (const source of this.#sources.values()) source.close();
    }
  }

  #report(): void {
    this.#host.report('docker', 'reading', `containers read: ${this.#reading.size}`);
  }

  async #react(event: DockerEvent): Promise<void> {
    if (event.type === 'network') {
      await this.#reach.networksChanged();
      await this.#reach.describeSharing(event.container);
    }
    if (event.type === 'container') await this.#reactToContainer(event);
    if (event.type === 'network' || ruleEvents.has(`${event.type} ${event.action}`)) {
      this.#reach.rulesChanged();
    }
  }

  async #reactToContainer({ action, id }: DockerEvent): Promise<void> {
    if (action === 'destroy') this.#remove(id);
    if (action === 'rename') {
      this.#reading.get(id)?.abort();
      this.#close(id);
    }
    if (action === 'destroy' || action === 'rename') this.#reach.forget(id);
    if (!attachEvents.has(action)) return;
    const container = await this.#client.inspect(id);
    if (container !== null) this.#attach(container);
    await this.#reach.describeSharing(id);
  }

  /** Its log cannot be read again: what is on its way is read to the end before the source is closed. */
  #remove(containerId: string): void {
    if (this.#reading.has(containerId)) this.#removed.add(containerId);
    else this.#close(containerId);
  }

  #close(containerId: string): void {
    this.#sources.get(containerId)?.close();
    this.#sources.delete(containerId);
  }

  #attach(container: Container): void {
    const jails = this.#jailsOf(container);
    if (jails.length === 0) return;
    const previous = this.#reading.get(container.id);
    if (previous !== undefined && !previous.signal.aborted) return;
    const reading = new AbortController();
    this.#reading.set(container.id, reading);
    const reader = this.#read(container, jails, AbortSignal.any([this.#signal, reading.signal])).finally(
      () => {
        if (this.#reading.get(container.id) === reading) this.#reading.delete(container.id);
        this.#readers.delete(reader);
        if (this.#removed.delete(container.id)) this.#close(container.id);
        if (!this.#signal.aborted) this.#report();
      },
    );
    this.#readers.add(reader);
    this.#report();
  }

  #jailsOf(container: Container): readonly JailConfiguration[] {
    const named = this.#jails.filter((jail) =>
      jail.container.some((wanted) => selects(wanted, container.name, container.labels)),
    );
    return [...named, ...this.#host.jailsFromLabels(container.labels, container.name)];
  }

  /** Reads one container's log for as long as it runs. Never rejects. */
  async #read(container: Container, jails: readonly JailConfiguration[], signal: AbortSignal): Promise<void> {
    const id = `docker:${container.name}`;
    for (let running = true; running && !signal.aborted; ) {
      try {
        await this.#readOnce(id, container.id, jails, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#host.report(id, 'failed', unreadable(error));
        if (isUnreadable(error)) return;
      }
      // The log ended while the container goes on (Docker's own rotation, a lost scanner): read on.
      await setTimeout(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      running = await this.#client.inspect(container.id).then(
        (now) => now?.running === true,
        // Not known: the next reading says what is wrong, and the event stream whether Docker is gone.
        () => true,
      );
    }
  }

  /** From the cursor until the log ends, the signal aborts or the scanner loses the stream. */
  async #readOnce(
    id: string,
    containerId: string,
    jails: readonly JailConfiguration[],
    signal: AbortSignal,
  ): Promise<void> {
    const container = await this.#client.inspect(containerId);
    if (container === null || signal.aborted) return;
    await this.#reach.describe(
      container,
      jails.map(({ name }) => name),
    );
    if (signal.aborted) return;
    const source = this.#host.open({
      id,
      cursorKey: `docker:${containerId}`,
      input: { kind: 'stream', framing: container.tty ? 'docker-raw' : 'docker-multiplexed' },
      jails,
    });
    this.#sources.set(containerId, source);
    const reading = AbortSignal.any([signal, source.lost]);
    try {
      const since = sinceOf(source.cursor) ?? oldestOf(jails, this.#host.now()).toFixed(9);
      const stream = await this.#client.logs(containerId, since, reading);
      source.report('reading', `container ${containerId.slice(0, 12)}`);
      for await (const chunk of stream) await source.write(chunk as Uint8Array);
      await source.end('the container stopped');
    } catch (error) {
      if (!reading.aborted) throw error;
    }
  }
}

/** What no jail would still count is not worth reading. Seconds since the epoch. */
function oldestOf(jails: readonly JailConfiguration[], now: number): number {
  return Math.max(0, now - Math.max(...jails.map((jail) => jail.findtime)));
}

const isUnreadable = (error: unknown): boolean => messageOf(error).includes('does not support reading');

function unreadable(error: unknown): string {
  if (!isUnreadable(error)) return messageOf(error);
  return 'its logging driver cannot be read; use json-file, local or journald, or let Docker keep a local cache (dual logging, Docker 20.10)';
}

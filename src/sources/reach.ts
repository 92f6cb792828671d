import { normalizePorts, type PortRange } from '../core/policy.ts';
import type {
  ContainerDetails,
  DockerClient,
  EngineInfo,
  Network,
  PublishingContainer,
} from '../docker/client.ts';
import { containerGaps } from './enforceability.ts';
import type { SourceHost } from './source.ts';

/** What the daemon was told of a container. */
export interface Told {
  readonly name: string;
  /** Names of the jails that read it. */
  readonly jails: readonly string[];
  readonly ports: readonly PortRange[];
  /** Ports of others by which clients may come to it; looked for only where it publishes none. */
  readonly through: readonly PortRange[];
  /** Networks on which others may pass clients on to it. */
  readonly networks: readonly string[];
  readonly gaps: readonly string[];
  /** The id of the container whose network it is in: its own, or another one's. */
  readonly networkOf: string;
}

/** Networks on which containers are that nobody put together. */
const everybodys: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'ingress', 'docker_gwbridge']);

/** Where it is not known on which port somebody comes, he is shut out from all. */
const anyPort: readonly PortRange[] = [
  { protocol: 'tcp', first: 1, last: 65_535 },
  { protocol: 'udp', first: 1, last: 65_535 },
];

/**
 * Tells the daemon how packets reach the containers that jails read, as far as it is news, and what else
 * concerns the packet filter. `told`, by container id, outlives the connection to the engine: of what went in
 * between the daemon is told afterwards. What rejects is the client's.
 */
export class Reach {
  readonly #client: DockerClient;
  readonly #host: SourceHost;
  readonly #told: Map<string, Told>;
  #networks: readonly Network[] = [];
  /** Null: not known yet. */
  #publishing: readonly PublishingContainer[] | null = null;
  #engine: EngineInfo | null = null;

  constructor(client: DockerClient, host: SourceHost, told: Map<string, Told>) {
    this.#client = client;
    this.#host = host;
    this.#told = told;
  }

  /** Before any container is described. False: the engine's networks cannot be known. */
  async connected(): Promise<boolean> {
    const known = await this.networksChanged();
    // Logs can be read also where the engine does not tell of itself.
    this.#engine = await this.#client.info().catch(() => null);
    this.#publishing = null;
    for (const id of [...this.#told.keys()]) {
      if ((await this.#client.inspect(id)) === null) this.forget(id);
    }
    return known;
  }

  async networksChanged(): Promise<boolean> {
    const networks = await this.#client.networks();
    if (networks === null) return false;
    this.#networks = networks;
    this.#host.protectNetworks(networks.flatMap(({ ranges }) => ranges));
    return true;
  }

  rulesChanged(): void {
    this.#host.engineChanged();
  }

  /** Stopped, a container is on no network and publishes nothing: what was told of it stays. */
  async describe(container: ContainerDetails, jails: readonly string[]): Promise<void> {
    const other = /^container:(.+)$/.exec(container.networkMode)?.[1];
    const reached = other === undefined ? container : await this.#client.inspect(other);
    if (!container.running || reached?.running !== true) return;
    const { id, name } = container;
    const gaps = containerGaps({ name, networks: reached.networks }, this.#networks, this.#engine);
    const ports = reached.ports ?? anyPort;
    const networks = reached.networks.filter((network) => !everybodys.has(network));
    const through = ports.length > 0 ? [] : await this.#through(reached.id, networks);
    this.#tell(id, { name, jails, ports, through, networks, gaps, networkOf: reached.id });
  }

  /** A container has started or stopped, or is on other networks: one that passes clients on, perhaps. */
  async publishingChanged(): Promise<void> {
    this.#publishing = null;
    for (const [id, told] of [...this.#told]) {
      if (told.ports.length > 0) continue;
      this.#tell(id, { ...told, through: await this.#through(told.networkOf, told.networks) });
    }
  }

  async #through(id: string, networks: readonly string[]): Promise<readonly PortRange[]> {
    this.#publishing ??= await this.#client.publishing();
    const others = this.#publishing.filter(
      (other) => other.id !== id && other.networks.some((network) => networks.includes(network)),
    );
    return normalizePorts(others.flatMap(({ ports }) => ports));
  }

  /** Describes those again that are in the network of this container, itself among them. */
  async describeSharing(id: string): Promise<void> {
    const sharing = [...this.#told].filter(([each, { networkOf }]) => each === id || networkOf === id);
    for (const [each, { jails }] of sharing) {
      const container = await this.#client.inspect(each);
      if (container !== null) await this.describe(container, jails);
    }
  }

  /** It is gone, or has another name. */
  forget(id: string): void {
    const told = this.#told.get(id);
    this.#told.delete(id);
    // Another one may have its name by now.
    if (told === undefined || [...this.#told.values()].some(({ name }) => name === told.name)) return;
    this.#host.publishes(told.name, [], [], []);
    if (told.gaps.length > 0) this.#host.gaps(told.name, []);
  }

  #tell(id: string, now: Told): void {
    if (this.#told.get(id)?.name !== now.name) this.forget(id);
    const before = this.#told.get(id);
    this.#told.set(id, now);
    if (!isSame([before?.jails, before?.ports, before?.through], [now.jails, now.ports, now.through])) {
      this.#host.publishes(now.name, now.jails, now.ports, now.through);
    }
    if (!isSame(before?.gaps ?? [], now.gaps)) this.#host.gaps(now.name, now.gaps);
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

import { networkInterfaces } from 'node:os';
import type { AllowEntry, Allowlist } from '../core/allowlist.ts';
import type { NetworkRange } from '../docker/client.ts';
import { defaultGateways, podNetworks } from './routes.ts';

/** Interfaces that container engines make; their whole networks are containers. */
const containerBridge = /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\d+|cni\d+)$/;

/** How often, at most, the peers of SSH sessions are read while attempts come in, in ms. */
const peersAgeMs = 1_000;

export interface ProtectionOptions {
  /** Whom no jail bans: what the lists mean now. */
  readonly ignoreip: () => readonly AllowEntry[];
  readonly trustedProxies: readonly string[];
  /** Of a Kubernetes cluster's nodes, pods and services, as the owner names them. */
  readonly clusterNetworks: readonly string[];
  /** Reads the peers of established SSH sessions; null: they are not protected. Must not reject. */
  readonly sshPeers: (() => Promise<readonly AllowEntry[]>) | null;
  /** A clock in ms that is never stepped; tests put their own here. */
  readonly monotonic?: () => number;
}

/**
 * Keeps the allow list true to this machine: its own addresses, its default gateways, the networks of its
 * containers, and who is logged in over SSH.
 */
export class Protection {
  readonly #allowlist: Allowlist;
  readonly #last = new Map<string, { readonly text: string; readonly ranges: string }>();
  #options: ProtectionOptions;
  #peersRead = Number.NEGATIVE_INFINITY;
  #readingPeers: Promise<void> | null = null;
  #changed: () => void = () => undefined;

  constructor(allowlist: Allowlist, options: ProtectionOptions) {
    this.#allowlist = allowlist;
    this.#options = options;
    this.#takeOptions();
  }

  /** The owner says otherwise now. */
  reconfigure(options: ProtectionOptions): void {
    this.#options = options;
    void this.refreshPeers();
    if (this.#takeOptions()) this.#changed();
  }

  /** @returns whether other addresses are protected now */
  #takeOptions(): boolean {
    const { trustedProxies, clusterNetworks, ignoreip } = this.#options;
    const proxies = trustedProxies.map((range) => ({ range, reason: 'a trusted proxy' }));
    const cluster = clusterNetworks.map((range) => ({ range, reason: 'a network of the cluster' }));
    return [
      this.#replace('ignoreip', ignoreip()),
      this.#replace('proxies', proxies),
      this.#replace('cluster', cluster),
    ].includes(true);
  }

  /** From now on, `changed` is called when what is protected is not what it was: bans have to be held against it. */
  watch(changed: () => void): void {
    this.#changed = changed;
  }

  /** Reads interfaces and routes again. */
  refresh(): void {
    const { own, containers } = interfaces();
    const changes = [
      this.#replace('ignoreip', this.#options.ignoreip()),
      this.#replace('own', own),
      this.#replace('containers', [...containers, ...podNetworks()]),
      this.#replace('gateways', defaultGateways()),
    ];
    if (changes.includes(true)) this.#changed();
  }

  /** Lists say of somebody what they did not before; his bans are held against it by who tells. */
  refreshLists(): void {
    this.#replace('ignoreip', this.#options.ignoreip());
  }

  /** Reads who is logged in over SSH. One reading at a time: it takes some milliseconds, not of this thread. */
  refreshPeers(): Promise<void> {
    this.#readingPeers ??= this.#readPeers().finally(() => {
      this.#readingPeers = null;
    });
    return this.#readingPeers;
  }

  /** Reads all of it again. */
  async refreshAll(): Promise<void> {
    this.refresh();
    await this.refreshPeers();
  }

  /** Attempts come in, and a ban may follow: whoever has logged in meanwhile should be known by then. */
  attempted(): void {
    const { monotonic = () => performance.now() } = this.#options;
    if (monotonic() - this.#peersRead >= peersAgeMs) void this.refreshPeers();
  }

  async #readPeers(): Promise<void> {
    const { sshPeers, monotonic = () => performance.now() } = this.#options;
    this.#peersRead = monotonic();
    const peers = (await sshPeers?.()) ?? [];
    // Meanwhile the owner may have said otherwise.
    if (this.#options.sshPeers === sshPeers && this.#replace('ssh', peers)) this.#changed();
  }

  /** Takes over Docker's own list of its networks. */
  networks(networks: readonly NetworkRange[]): void {
    const entries = networks.flatMap(({ network, subnet, gateway }) => [
      ...(gateway === '' ? [] : [{ range: gateway, reason: `the gateway of Docker network ${network}` }]),
      ...(subnet === '' ? [] : [{ range: subnet, reason: `Docker network ${network}` }]),
    ]);
    if (this.#replace('docker', entries)) this.#changed();
  }

  /** Takes over who the nodes of the cluster are. */
  nodes(nodes: readonly AllowEntry[]): void {
    if (this.#replace('nodes', nodes)) this.#changed();
  }

  /** @returns whether other addresses are protected now; a new reason for the same ones is no news */
  #replace(section: string, entries: readonly AllowEntry[]): boolean {
    const text = JSON.stringify(entries);
    const known = this.#last.get(section);
    if (known?.text === text) return false;
    const ranges = entries.map(({ range }) => range).join(' ');
    this.#last.set(section, { text, ranges });
    this.#allowlist.replace(section, entries);
    return known?.ranges !== ranges;
  }
}

function interfaces(): { own: AllowEntry[]; containers: AllowEntry[] } {
  const own: AllowEntry[] = [];
  const containers: AllowEntry[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, cidr } of addresses ?? []) {
      own.push({ range: address.split('%')[0] ?? address, reason: `an own address (${name})` });
      if (cidr !== null && containerBridge.test(name)) {
        containers.push({ range: cidr, reason: `the containers behind ${name}` });
      }
    }
  }
  return { own, containers };
}

import type { PortRange } from '../core/policy.ts';

/** A container as the sources need it, read out of Docker's answers and checked. */
export interface Container {
  readonly id: string;
  readonly name: string;
  /** As it was asked for; in a list the image's id, where its name has come to mean another one. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Not while it waits to be started again. */
  readonly running: boolean;
}

/** What of the host stands at a place inside a container. */
export interface Mount {
  /** A folder or a file of the host; null: nothing that has a path there (tmpfs, a driver's own). */
  readonly source: string | null;
  /** Where it stands inside. */
  readonly destination: string;
}

export interface ContainerDetails extends Container {
  /** Of its first process, in the host's numbering; 0: it does not run. */
  readonly pid: number;
  readonly mounts: readonly Mount[];
  readonly tty: boolean;
  /** When it last stopped, in seconds since the epoch; 0: it never ran, or has not stopped yet. */
  readonly finished: number;
  /** `bridge`, `host`, `none`, a network's name, or `container:ID`: it is in the network of another one. */
  readonly networkMode: string;
  /** The names of the networks it is on; none while it is stopped, or in another one's network. */
  readonly networks: readonly string[];
  /**
   * The ports of the host on which it is reached from outside, while it runs; null: it is in the host's
   * network, and its image does not say where it listens.
   */
  readonly ports: readonly PortRange[] | null;
  /** Whether one of them is published on an IPv6 address. */
  readonly overIpv6: boolean;
}

/** A running container that publishes ports: who comes by them may be passed on to others on its networks. */
export interface PublishingContainer {
  readonly id: string;
  readonly networks: readonly string[];
  /** Those on which it is reached from outside. */
  readonly ports: readonly PortRange[];
}

export interface Network {
  readonly id: string;
  readonly name: string;
  /** `bridge`, `macvlan`, `ipvlan`, `overlay`, `host`, `null`, or a plugin's. */
  readonly driver: string;
  /** Swarm's own, through which it publishes the ports of services. */
  readonly ingress: boolean;
  /** The driver's, such as `ipvlan_mode`. */
  readonly options: Readonly<Record<string, string>>;
  readonly ranges: readonly NetworkRange[];
}

export interface EngineInfo {
  /** Such as `28.1.1`; '' where it does not say. */
  readonly version: string;
  /** `iptables`, `nftables`, each perhaps with `+firewalld`; null: an engine before API 1.49 (Docker 28.1). */
  readonly firewallDriver: string | null;
  readonly rootless: boolean;
  readonly swarm: boolean;
}

export interface NetworkRange {
  readonly network: string;
  readonly subnet: string;
  readonly gateway: string;
}

export interface DockerEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  /** Of an event of a network: which container it is about; '' where none is. */
  readonly container: string;
}

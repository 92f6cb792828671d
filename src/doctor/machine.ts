import type { Configuration } from '../config/schema.ts';
import type { Status } from '../control/protocol.ts';
import type { BailiffError } from '../core/errors.ts';
import type { ContainerDetails, EngineInfo, Network } from '../docker/engine.ts';
import type { Probe } from '../enforce/backend.ts';
import type { Stack } from '../enforce/iptables/variants.ts';

/** What of the configuration the checks heed. */
export type Settings = Pick<
  Configuration,
  'enforce' | 'stateDir' | 'docker' | 'dockerSocket' | 'hostRoot' | 'timeZone'
>;

/** What Docker says of itself and of what it runs. */
export interface Engine {
  readonly info: EngineInfo;
  /** null: a socket proxy does not let this through. */
  readonly networks: readonly Network[] | null;
  /** Running containers that are reached from outside by ports of the host. */
  readonly published: readonly Pick<ContainerDetails, 'name' | 'networks' | 'networkMode' | 'overIpv6'>[];
}

/** What is examined: facts about this machine, asked for when a check needs them. Tests put their own here. */
export interface Machine {
  /** Where /proc and /run are: `/`. */
  readonly root: string;
  /** Where the host's files are; null: this is a container that does not see them. */
  readonly hostRoot: string | null;
  readonly container: boolean;
  readonly user: number;
  /** Seconds since the epoch. */
  readonly now: number;
  /** This process's. */
  readonly timeZone: string;
  /** What the daemon says, or why it says nothing. */
  readonly daemon: Status | BailiffError;
  /** null where it is not valid; then `configurationErrors` say why. */
  readonly settings: Settings | null;
  readonly configurationErrors: readonly string[];
  /** The packet filters, as the backends of these names find them. */
  probes(): Promise<Readonly<Record<'iptables' | 'nftables', Probe>>>;
  /** The rules of iptables, by variant and family. */
  stacks(): Promise<readonly Stack[]>;
  /** What `nft list tables` prints. */
  nftTables(): Promise<string>;
  /** null: there is no Docker here, or it is not to be asked. */
  docker(): Promise<Engine | BailiffError | null>;
}

/** The daemon's word, or null where it has none. */
export function statusOf({ daemon }: Machine): Status | null {
  return daemon instanceof Error ? null : daemon;
}

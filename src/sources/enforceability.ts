import type { EngineInfo, Network } from '../docker/client.ts';

/** A container as its packets reach it. */
export interface Reached {
  readonly name: string;
  /** Names of networks. */
  readonly networks: readonly string[];
}

/**
 * What of a container's traffic the packet filter of this host does not see, or sees without the client's
 * address: a sentence for each, with the remedy. `engine` is null where it does not tell of itself.
 */
export function containerGaps(
  container: Reached,
  networks: readonly Network[],
  engine: EngineInfo | null,
): string[] {
  const joined = networks.filter(({ name }) => container.networks.includes(name));
  return [
    ...(engine?.rootless === true ? [rootless] : []),
    ...joined.filter(isPastTheHost).map((network) => pastTheHost(container, network)),
    ...(joined.some(isIngress) ? [masked(container)] : []),
  ];
}

/** The same for every container. */
const rootless =
  'the Docker engine runs rootless: its containers are in a network of their own behind a proxy, where the rules ' +
  'of this host do not reach, and their logs may name the proxy for the client; run the engine as root, or ban ' +
  'on what stands in front of it';

/**
 * Both drivers hand frames from the parent interface straight to the container. Only ipvlan's mode l3s takes
 * them through the parent's netfilter (ipvlan in the kernel's documentation).
 */
function isPastTheHost({ driver, options }: Network): boolean {
  return driver === 'macvlan' || (driver === 'ipvlan' && options['ipvlan_mode'] !== 'l3s');
}

function pastTheHost({ name }: Reached, network: Network): string {
  const mode = network.driver === 'ipvlan' ? ', or use ipvlan in the mode l3s' : '';
  return (
    `container ${name} is on the ${network.driver} network ${network.name}, whose packets pass this host's packet ` +
    `filter by, so that no ban keeps anybody from it there; publish its ports from a bridge network instead${mode}`
  );
}

const isIngress = ({ ingress, driver, name }: Network): boolean =>
  ingress || (driver === 'overlay' && name === 'ingress');

function masked({ name }: Reached): string {
  return (
    `container ${name} is published through Swarm's ingress network, which puts an address of its own in place of ` +
    "each client's, so that its log does not tell whom to ban; publish its ports in host mode (mode=host)"
  );
}

import { join } from 'node:path';
import { readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, listed, ok, warning } from '../check.ts';
import type { Engine } from '../machine.ts';

const mostBytes = 1_048_576;

/**
 * Whether clients that come over IPv6 reach containers under their own addresses. Where a network has no IPv6,
 * docker-proxy takes their connections, and the container sees the gateway's address.
 */
export const ipv6: Check = {
  name: 'ipv6',
  title: 'IPv6 of Docker networks',
  async examine(machine) {
    const address = publicAddress(machine.root);
    if (address === null) return [ok('this host has no public IPv6 address')];
    if (machine.settings === null) return { notMade: 'the configuration is not valid' };
    const engine = await machine.docker();
    if (engine === null) return [ok('no Docker here')];
    if (engine instanceof Error) return { notMade: 'Docker does not answer' };
    if (engine.networks === null) return { notMade: 'the socket proxy does not let GET /networks through' };
    const hidden = hiddenBehindProxy(
      engine,
      new Set(engine.networks.filter(hasIpv6).map(({ name }) => name)),
    );
    if (hidden.size === 0) return [ok('published ports are reached over IPv6 without a proxy')];
    return [...hidden].map(([network, names]) => judge(network, names, engine.info.version));
  },
};

/** Of this network namespace: 2000::/3 with global scope, and not on a bridge of Docker's (proc_net_if_inet6). */
function publicAddress(root: string): string | null {
  const text = readBounded(join(root, 'proc/self/net/if_inet6'), mostBytes)?.toString('latin1') ?? '';
  for (const line of text.split('\n')) {
    const [address = '', , , scope, , device = ''] = line.trim().split(/\s+/);
    if (/^[23][0-9a-f]{31}$/.test(address) && scope === '00' && !/^(?:docker|br-|veth|lo$)/.test(device)) {
      return address;
    }
  }
  return null;
}

function hasIpv6({ ranges }: { readonly ranges: readonly { readonly subnet: string }[] }): boolean {
  return ranges.some(({ subnet }) => subnet.includes(':'));
}

/** Containers published on IPv6 that are on no network with it, by the first of theirs. */
function hiddenBehindProxy({ published }: Engine, able: ReadonlySet<string>): Map<string, string[]> {
  const hidden = new Map<string, string[]>();
  for (const { name, networks, networkMode, overIpv6 } of published) {
    const [first] = networks;
    if (!overIpv6 || networkMode === 'host' || first === undefined) continue;
    if (networks.some((each) => able.has(each))) continue;
    hidden.set(first, [...(hidden.get(first) ?? []), name]);
  }
  return hidden;
}

function judge(network: string, containers: readonly string[], version: string): Diagnosis {
  return warning(
    `network ${network} has no IPv6 and this host has: who comes to ${listed(containers)} over IPv6 is seen as the ` +
      "network's gateway and cannot be banned",
    remedyFor(network, Number(version.split('.')[0]) >= 27),
  );
}

/** Since Docker 27 a network gets its subnet by itself, and ip6tables are on. */
function remedyFor(network: string, modern: boolean): string {
  const tables = modern ? '' : ', "experimental": true, "ip6tables": true';
  if (network === 'bridge') {
    return `In /etc/docker/daemon.json: "ipv6": true, "fixed-cidr-v6": "fd00:ba11:1::/64"${tables}; then systemctl restart docker`;
  }
  if (modern) {
    return 'In the compose file: networks: {default: {enable_ipv6: true}}; then docker compose down and up';
  }
  return (
    'In /etc/docker/daemon.json: "experimental": true, "ip6tables": true; in the compose file: networks: {default: ' +
    '{enable_ipv6: true, ipam: {config: [{subnet: "fd00:ba11:2::/64"}]}}}; then systemctl restart docker, docker compose down and up'
  );
}

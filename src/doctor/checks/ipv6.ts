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

/** Published containers that are on no network with IPv6, by the first of theirs. */
function hiddenBehindProxy({ published }: Engine, able: ReadonlySet<string>): Map<string, string[]> {
  const hidden = new Map<string, string[]>();
  for (const { name, networks, networkMode } of published) {
    const [first] = networks;
    if (networkMode === 'host' || first === undefined || networks.some((each) => able.has(each))) continue;
    hidden.set(first, [...(hidden.get(first) ?? []), name]);
  }
  return hidden;
}

function judge(network: string, containers: readonly string[], version: string): Diagnosis {
  return warning(
    `network ${network} has no IPv6 and this host has: who comes to ${listed(containers)} over IPv6 is seen as the ` +
      "network's gateway and cannot be banned",
    `In /etc/docker/daemon.json: ${daemonSettings(network, version)}; then systemctl restart docker`,
    ...(network === 'bridge'
      ? []
      : ['In the compose file: networks: {default: {enable_ipv6: true}}; then docker compose down and up']),
  );
}

function daemonSettings(network: string, version: string): string {
  const experimental = Number(version.split('.')[0]) < 27 ? ', "experimental": true, "ip6tables": true' : '';
  const base = network === 'bridge' ? '"ipv6": true, "fixed-cidr-v6": "fd00:ba11:1::/64"' : '"ipv6": true';
  return `${base}${experimental}`;
}

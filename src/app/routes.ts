/** What the kernel's routing tables (proc(5)) say of who must not be banned. A machine without one of them has no such route. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AllowEntry } from '../core/allowlist.ts';

interface Route {
  readonly device: string;
  /** Canonical but for the spelling of IPv6. */
  readonly destination: string;
  /** Prefix length; 0 is the default route. */
  readonly bits: number;
  /** null: on the link itself. */
  readonly gateway: string | null;
}

/**
 * What network plugins of Kubernetes route to pods by: a bridge, a tunnel to other nodes, or a device for each pod. Names as
 * flannel, Calico, Cilium, Weave, kube-router, Antrea, OVN-Kubernetes, kindnet, and those of AWS, Google and Azure give them.
 * Nothing else in a line is written so: the rest are numbers.
 */
const podDevice =
  /(?:^|\s)(?:cni\d+|flannel(?:-v6)?\.\d+|(?:cali|eni|gke|azv)[0-9a-f]{11}|tunl0|vxlan(?:-v6)?\.calico|wireguard\.cali|wg-v6\.cali|cilium_(?:host|vxlan|geneve|wg0)|lxc(?:_health|[0-9a-f]{8,})|weave|kube-bridge|tun-[0-9a-f]{11}|antrea-gw0|ovn-k8s-mp0|veth[0-9a-f]{8})(?:\s|$)/;

/** Of either table. */
const toEverywhere = /^\S+\s+0{8}\s|^0{32} 00\s/;

/** A wider range than any cluster gives its pods is none of theirs: a plugin may take all traffic. */
const widest = { 4: 8, 6: 32 } as const;

export function defaultGateways(root = '/'): AllowEntry[] {
  return routes(root, toEverywhere).flatMap(({ bits, gateway }) =>
    bits === 0 && gateway !== null ? [{ range: gateway, reason: 'the default gateway' }] : [],
  );
}

/** The networks of pods that this node has a way of its own to: its own ones, and other nodes' where a tunnel leads there. */
export function podNetworks(root = '/'): AllowEntry[] {
  return routes(root, podDevice)
    .filter(({ destination, bits }) => bits >= widest[destination.includes(':') ? 6 : 4])
    .map(({ device, destination, bits }) => ({
      range: `${destination}/${bits}`,
      reason: `the pods behind ${device}`,
    }));
}

/** Those whose lines are as `such`: a router may have hundreds of thousands of others. */
function routes(root: string, such: RegExp): Route[] {
  const v4 = rows(root, 'route', such).flatMap(
    ([device = '', destination = '', gateway = '', , , , , mask = '']) =>
      isHex(destination, 8) && isHex(gateway, 8) && isHex(mask, 8)
        ? [{ device, destination: dotted(destination), bits: ones(mask), gateway: orNone(gateway, dotted) }]
        : [],
  );
  const v6 = rows(root, 'ipv6_route', such).flatMap(
    ([destination = '', bits = '', , , gateway = '', , , , , device = '']) =>
      isHex(destination, 32) && isHex(gateway, 32)
        ? [
            {
              device,
              destination: colons(destination),
              bits: Number.parseInt(bits, 16),
              gateway: orNone(gateway, colons),
            },
          ]
        : [],
  );
  return [...v4, ...v6];
}

function rows(root: string, table: string, such: RegExp): string[][] {
  try {
    const text = readFileSync(join(root, 'proc/net', table), 'utf8');
    const lines = text.split('\n').filter((line) => such.test(line));
    return lines.map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

const isHex = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/i.test(text);

const orNone = (hex: string, spelled: (hex: string) => string): string | null =>
  /^0+$/.test(hex) ? null : spelled(hex);

/** In the machine's byte order, which is little-endian on all that Bailiff runs on. */
const dotted = (hex: string): string => [...Buffer.from(hex, 'hex')].reverse().join('.');

const colons = (hex: string): string => (hex.match(/.{4}/g) ?? []).join(':');

const ones = (mask: string): number => Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;

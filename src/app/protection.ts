import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { AllowEntry, Allowlist } from '../core/allowlist.ts';
import type { NetworkRange } from '../docker/client.ts';

/** Interfaces that container engines make; their whole networks are containers. */
const containerBridge = /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\d+|cni\d+)$/;

/**
 * Keeps the allow list true to this machine: its own addresses, its default gateways and the
 * networks of its containers. Says whether anything changed, so that standing bans are held against it.
 */
export class Protection {
  readonly #allowlist: Allowlist;
  readonly #last = new Map<string, string>();

  constructor(allowlist: Allowlist, ignoreip: readonly string[]) {
    this.#allowlist = allowlist;
    this.#replace(
      'ignoreip',
      ignoreip.map((range) => ({ range, reason: 'ignoreip' })),
    );
  }

  /** Reads interfaces and routes again. */
  refresh(): boolean {
    const interfaces = this.#replace('interfaces', ownAddresses());
    const gateways = this.#replace('gateways', defaultGateways());
    return interfaces || gateways;
  }

  /** Takes over Docker's own list of its networks. */
  networks(networks: readonly NetworkRange[]): boolean {
    const entries = networks.flatMap(({ network, subnet, gateway }) => [
      ...(gateway === '' ? [] : [{ range: gateway, reason: `the gateway of Docker network ${network}` }]),
      ...(subnet === '' ? [] : [{ range: subnet, reason: `Docker network ${network}` }]),
    ]);
    return this.#replace('docker', entries);
  }

  #replace(section: string, entries: readonly AllowEntry[]): boolean {
    const text = JSON.stringify(entries);
    if (this.#last.get(section) === text) return false;
    this.#last.set(section, text);
    this.#allowlist.replace(section, entries);
    return true;
  }
}

function ownAddresses(): AllowEntry[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap(({ address, cidr }) => {
      const own = { range: address.split('%')[0] ?? address, reason: `an own address (${name})` };
      if (cidr === null || !containerBridge.test(name)) return [own];
      return [own, { range: cidr, reason: `the containers behind ${name}` }];
    }),
  );
}

/** From the kernel's tables (proc(5)); a machine without one of them has no such gateway. */
function defaultGateways(): AllowEntry[] {
  const v4 = rows('/proc/net/route').flatMap(([, destination, gateway = '', , , , , mask]) =>
    destination === '00000000' && mask === '00000000' && gateway !== '00000000'
      ? [littleEndian4(gateway)]
      : [],
  );
  const v6 = rows('/proc/net/ipv6_route').flatMap(([destination = '', bits, , , nextHop = '']) =>
    /^0+$/.test(destination) && bits === '00' && !/^0+$/.test(nextHop) ? [colons6(nextHop)] : [],
  );
  return [...v4, ...v6].map((range) => ({ range, reason: 'the default gateway' }));
}

function rows(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

const littleEndian4 = (hex: string): string => [...Buffer.from(hex, 'hex')].reverse().join('.');

const colons6 = (hex: string): string => (hex.match(/.{4}/g) ?? []).join(':');

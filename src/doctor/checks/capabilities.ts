import { join } from 'node:path';
import { readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';
import type { Machine } from '../machine.ts';

/** Bits of CapEff in /proc/self/status (capabilities(7)). */
const wanted = [
  { name: 'NET_ADMIN', bits: [12], without: 'the packet filter cannot be changed' },
  { name: 'NET_RAW', bits: [13], without: 'iptables-legacy cannot be used' },
  // DAC_OVERRIDE includes it.
  { name: 'DAC_READ_SEARCH', bits: [2, 1], without: 'logs that only their owner may read stay unread' },
] as const;

const largestStatus = 65_536;

/** What this process may do; the daemon's may, where it runs in the same container or by the same user. */
export const capabilities: Check = {
  name: 'capabilities',
  title: 'Capabilities',
  async examine(machine) {
    const effective = effectiveOf(machine.root);
    if (effective === null) return { notMade: '/proc/self/status cannot be read' };
    const missing = wanted.filter(({ bits }) =>
      bits.every((bit) => ((effective >> BigInt(bit)) & 1n) === 0n),
    );
    if (missing.length === 0) return [ok(wanted.map(({ name }) => name).join(', '))];
    return missing.map(({ name, without }) => judge(name, without, machine));
  },
};

function effectiveOf(root: string): bigint | null {
  const text = readBounded(join(root, 'proc/self/status'), largestStatus)?.toString('latin1') ?? '';
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(text)?.[1];
  return digits === undefined ? null : BigInt(`0x${digits}`);
}

function judge(name: string, without: string, { container, user, settings }: Machine): Diagnosis {
  const filters = settings?.enforce !== 'dry-run' && settings?.enforce !== 'hosts-deny';
  const level = name === 'NET_ADMIN' && filters ? problem : warning;
  return level(`${name} is missing: ${without}`, remedyFor(container, user));
}

function remedyFor(container: boolean, user: number): string {
  if (container) {
    return 'In compose.yaml, for bailiff: cap_add: [NET_ADMIN, NET_RAW, DAC_READ_SEARCH], then docker compose up -d';
  }
  if (user !== 0) return 'Run it as root: sudo bailiff doctor';
  return 'In its systemd unit: CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_DAC_READ_SEARCH';
}

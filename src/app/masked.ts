import type { Protection } from '../core/allowlist.ts';
import type { Address } from '../core/types.ts';

/**
 * What to tell the owner when a container's log names one of Docker's own addresses where the client
 * should stand, or null where that is not the case. Nothing is banned for such lines.
 */
export function maskedSource(source: string, address: Address, protection: Protection): string | null {
  if (!source.startsWith('docker:') || !['docker', 'containers', 'own'].includes(protection.section))
    return null;
  return (
    `source masked: the log names ${address}, ${protection.reason}, instead of the client, so nothing can be ` +
    'banned. Docker hides the client where a packet goes through its userland proxy (IPv6 without ' +
    'ip6tables, a connection from this host itself) or through Swarm ingress. For IPv6, start Docker with ' +
    '"ipv6": true, "ip6tables": true (and "experimental": true before 27) and give the network an IPv6 subnet; ' +
    'behind a reverse proxy, have the service log the forwarded address.'
  );
}

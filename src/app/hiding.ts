import type { Finding } from '../control/protocol.ts';
import type { Protection } from '../core/allowlist.ts';

/** What may stand between a service and its clients, and what to do about it. */
export interface Hiding {
  /** So many attempts tell that it is not by chance. */
  readonly least: number;
  /** Only where nobody else is named: somebody who tries from this host itself is no proxy. */
  readonly alone: boolean;
  readonly advice: Pick<Finding, 'remedies' | 'page'>;
}

const page = 'docs/behind-a-proxy.md';

/** Of a proxy: by what it is called. The service has to log what it is told; which settings these are, the page says. */
const proxies: Finding['remedies'] = [
  {
    behind: 'traefik',
    remedy:
      'it sets X-Forwarded-For by itself; have the service trust it, or judge the access log of traefik instead',
  },
  {
    behind: 'nginx',
    remedy:
      'proxy_set_header X-Forwarded-For $remote_addr; in an nginx behind it set_real_ip_from and real_ip_header',
  },
  {
    behind: 'caddy',
    remedy: 'it sets X-Forwarded-For by itself; in a caddy behind it trusted_proxies',
  },
  {
    behind: 'haproxy',
    remedy: 'http-request set-header X-Forwarded-For %[src]; for mail and other TCP send-proxy-v2',
  },
  {
    behind: 'Cloudflare',
    remedy: 'take the client from CF-Connecting-IP, and name its ranges in trusted-proxies',
  },
];

const userlandProxy: Finding['remedies'][number] = {
  behind: 'Docker',
  remedy:
    'its userland proxy (IPv6 without ip6tables, a connection from this host itself) and Swarm ingress hide the client: start ' +
    'Docker with "ipv6": true, "ip6tables": true (and "experimental": true before 27) and give the network an IPv6 subnet',
};

const kubernetesPage = 'docs/kubernetes.md';

const nodes: Finding['remedies'][number] = {
  behind: 'Kubernetes',
  remedy:
    'with externalTrafficPolicy: Cluster a node puts its own address in place of the client; set externalTrafficPolicy: Local on ' +
    'the Service (NodePort, LoadBalancer), or have the load balancer send the client by the PROXY protocol',
};

/** Whose addresses a node puts in place of the client's: its own, and those of its pods' bridge; other nodes theirs. */
const clusterSections: ReadonlySet<string> = new Set(['cluster', 'nodes', 'own', 'containers', 'gateways']);

/**
 * What a protected address in the log of a source hides, or null where it is somebody's own: an ignored address, or
 * the far end of an SSH session.
 */
export function hidingOf(source: string, { section, reason }: Protection): Hiding | null {
  const container = source.startsWith('docker:');
  const pod = source.startsWith('kubernetes:');
  if (section === 'proxies') return { least: 3, alone: false, advice: { remedies: proxies, page } };
  if (pod ? clusterSections.has(section) : section === 'cluster' || section === 'nodes')
    return {
      least: 3,
      alone: false,
      advice: { remedies: [nodes, ...proxies], page: kubernetesPage },
    };
  if (section === 'docker' || section === 'containers' || (section === 'own' && container)) {
    const remedies = container ? [userlandProxy, ...proxies] : proxies;
    return { least: container ? 1 : 3, alone: false, advice: { remedies, page } };
  }
  const here = section === 'own' || section === 'gateways' || reason === 'loopback';
  return here ? { least: 10, alone: true, advice: { remedies: proxies, page } } : null;
}

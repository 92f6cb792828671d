import { join } from 'node:path';
import { runCommand } from '../enforce/command.ts';
import { readBounded } from '../host/bounded-file.ts';

export interface HostGapsOptions {
  /** Where /proc is; '/' but in tests. */
  readonly root?: string;
  /** What `nft --json list flowtables` prints; '' where there is no nft. */
  readonly listFlowtables?: () => Promise<string>;
}

/** Of /proc/net/dev, in bytes: some 10,000 interfaces. */
const mostBytes = 2_097_152;
const mostNames = 5;

/**
 * What on this host takes packets past netfilter, and so past every ban: a sentence for each, with the
 * remedy. Takes some milliseconds. Never throws; what cannot be asked is not said.
 */
export async function hostGaps({
  root = '/',
  listFlowtables = askNft,
}: HostGapsOptions = {}): Promise<readonly string[]> {
  const names = interfaceNames(root);
  return [
    ...datapaths.flatMap(({ pattern, sentence, sparesKubeProxy }) => {
      const found = names.filter((name) => pattern.test(name));
      if (found.length === 0 || (sparesKubeProxy && isKubeProxyThere(root))) return [];
      return [sentence(found.slice(0, mostNames).join(', '))];
    }),
    ...flowtableGaps(await listFlowtables().catch(() => '')),
  ];
}

/** Programs of eBPF that forward packets themselves, by the interfaces they make. */
const datapaths = [
  {
    pattern: /^cilium_(?:host|net|vxlan|geneve)$/,
    // It leaves netfilter out only where it has replaced kube-proxy (Cilium's "eBPF Host-Routing", requirements).
    sparesKubeProxy: true,
    sentence: (names: string) =>
      `Cilium forwards packets for pods itself (eBPF, interfaces ${names}, no kube-proxy) before netfilter sees them: bans ` +
      'hold for services of the host, not surely for pods; keep kube-proxy (kubeProxyReplacement=false), or deny the ' +
      'addresses by a Cilium policy',
  },
  {
    pattern: /^bpf(?:in|out)\.cali$/,
    sparesKubeProxy: false,
    sentence: (names: string) =>
      `Calico forwards packets for pods itself (eBPF, interfaces ${names}) before netfilter sees them: bans hold for ` +
      'services of the host, not for pods; use its iptables or nftables data plane (bpfEnabled: false), or deny the ' +
      'addresses by a GlobalNetworkSet',
  },
];

/** Where kube-proxy serves its metrics, and nobody else does (kube-proxy(8), --metrics-bind-address). */
const kubeProxyPort = 10_249;
/** Of a table of sockets, in bytes: those that listen stand first. */
const mostSockets = 1_048_576;

/** Whether kube-proxy runs here: rules alone may be left over. `  1: 0100007F:2809 00000000:0000 0A …`, where 0A listens. */
function isKubeProxyThere(root: string): boolean {
  const port = kubeProxyPort.toString(16).toUpperCase();
  const listening = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:0000 0A `, 'm');
  return ['tcp', 'tcp6'].some((table) => {
    const text = readBounded(join(root, 'proc/self/net', table), mostSockets)?.toString('latin1') ?? '';
    return listening.test(text);
  });
}

/** Of this network namespace; /sys may show another one's. */
function interfaceNames(root: string): string[] {
  const text = readBounded(join(root, 'proc/self/net/dev'), mostBytes)?.toString('latin1') ?? '';
  return [...text.matchAll(/^ *([^\s:]+):/gm)].map(([, name = '']) => name);
}

async function askNft(): Promise<string> {
  return (await runCommand('nft', ['--json', 'list', 'flowtables'])).output;
}

/**
 * Established connections that are forwarded go through a flowtable and are seen by none of the hooks after
 * ingress (nf_flowtable in the kernel's documentation); new ones are.
 */
function flowtableGaps(json: string): string[] {
  const names = flowtables(json);
  if (names.length === 0) return [];
  const listed = names.slice(0, mostNames).join(', ');
  return [
    `connections to containers that are open go past netfilter by a flowtable of nftables (${listed}): a ban stops ` +
      'new ones and leaves these until they end; remove the flowtable (of firewalld: NftablesFlowtable=off)',
  ];
}

/** `{"nftables": [{"metainfo": …}, {"flowtable": {"family": "inet", "table": "filter", "name": "fast", …}}]}`. */
function flowtables(json: string): string[] {
  const answer = asObject(parsed(json));
  const objects: readonly unknown[] = Array.isArray(answer['nftables']) ? answer['nftables'] : [];
  return objects.flatMap((object) => {
    const { family, table, name } = asObject(asObject(object)['flowtable']);
    return typeof name === 'string' ? [`${family} ${table} ${name}`.slice(0, 100)] : [];
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

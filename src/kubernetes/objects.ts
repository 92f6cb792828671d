import { canonicalAddress, parseRange } from '../core/address.ts';
import { asObject } from './api.ts';

/** A pod whose annotations are meant for Bailiff. */
export interface AnnotatedPod {
  readonly namespace: string;
  readonly name: string;
  /** What makes its pods: a Deployment's, DaemonSet's, StatefulSet's name; the pod's own where nothing does. */
  readonly workload: string;
  /** Those that begin with `bailiff.`, without `bailiff.container`. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The containers that they are about. */
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

/** What of a node is never banned. */
export interface ClusterNode {
  readonly name: string;
  /** Canonical. */
  readonly addresses: readonly string[];
  /** Of its pods. */
  readonly networks: readonly string[];
}

const prefix = 'bailiff.';
/** Names the container of the pod, or several; else it is the one whose log `kubectl logs` shows. */
const containerAnnotation = 'bailiff.container';
const defaultContainer = 'kubectl.kubernetes.io/default-container';

const dnsName = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;
const isName = (value: unknown): value is string => typeof value === 'string' && dnsName.test(value);

const mostContainers = 32;

/** null: it has no annotation for Bailiff, or is no pod. */
export function annotatedPod(object: unknown): AnnotatedPod | null {
  const { metadata, spec } = asObject(object);
  const about = asObject(metadata);
  const { namespace, name } = about;
  if (!isName(namespace) || !isName(name)) return null;
  const all = Object.entries(asObject(about['annotations'])).filter(isText);
  const annotations = all.filter(([key]) => key.startsWith(prefix));
  if (annotations.length === 0) return null;
  return {
    namespace,
    name,
    workload: workloadOf(about) ?? name,
    annotations: Object.fromEntries(annotations.filter(([key]) => key !== containerAnnotation)),
    containers: chosen(asObject(spec)['containers'], new Map(all)),
  };
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}

function chosen(containers: unknown, annotations: ReadonlyMap<string, string>): AnnotatedPod['containers'] {
  const list: readonly unknown[] = Array.isArray(containers) ? containers.slice(0, mostContainers) : [];
  const known = list.map(asObject).flatMap(({ name, image }) => {
    return isName(name) ? [{ name, image: typeof image === 'string' ? image.slice(0, 512) : '' }] : [];
  });
  const wanted = annotations.get(containerAnnotation) ?? annotations.get(defaultContainer);
  if (wanted === undefined) return known.slice(0, 1);
  const names = wanted.split(/[\s,]+/);
  return known.filter(({ name }) => names.includes(name));
}

/** A Deployment makes its pods through a ReplicaSet, whose name is its own with a hash. */
function workloadOf(metadata: Readonly<Record<string, unknown>>): string | null {
  const owners: readonly unknown[] = Array.isArray(metadata['ownerReferences'])
    ? metadata['ownerReferences']
    : [];
  const { kind, name } = owners.map(asObject).find(({ controller }) => controller === true) ?? {};
  // A static pod's is its node.
  if (!isName(name) || kind === 'Node') return null;
  const hash = asObject(metadata['labels'])['pod-template-hash'];
  const end = `-${typeof hash === 'string' ? hash : ''}`;
  return kind === 'ReplicaSet' && end !== '-' && name.endsWith(end) ? name.slice(0, -end.length) : name;
}

/** Wider ranges (prefix lengths) than any cluster gives a node are no networks of pods. */
const widest = { 4: 8, 6: 32 } as const;

/** null: it is no node. */
export function clusterNode(object: unknown): ClusterNode | null {
  const { metadata, spec, status } = asObject(object);
  const { name } = asObject(metadata);
  if (!isName(name)) return null;
  const { addresses } = asObject(status);
  const { podCIDR, podCIDRs } = asObject(spec);
  const networks: readonly unknown[] = Array.isArray(podCIDRs) ? podCIDRs : [podCIDR];
  const own: readonly unknown[] = Array.isArray(addresses) ? addresses : [];
  return {
    name,
    // What a kubelet says of itself; among them are names, and never ranges.
    addresses: own.map(asObject).flatMap(({ address }) => {
      return typeof address === 'string' && !address.includes('/') ? (canonicalAddress(address) ?? []) : [];
    }),
    networks: networks.flatMap((network) => {
      const range = typeof network === 'string' ? parseRange(network) : null;
      return range === null || range.bits < widest[range.family] ? [] : [String(network)];
    }),
  };
}

import { matchesWildcard } from '../core/wildcard.ts';

/** The container that a link in the kubelet's folder of logs stands for. */
export interface PodLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of this run of the container. */
  readonly containerId: string;
}

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const subdomain = '[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?';
/** `POD_NAMESPACE_CONTAINER-ID.log`; names are those of DNS (Kubernetes, "Object names and IDs"). */
const form = new RegExp(`^(${subdomain})_(${label})_(${label})-([0-9a-f]{12,64})\\.log$`);

/** Bytes of a file's name; the kubelet cuts the end of the id where a name would be longer (kuberuntime, legacyLogSymlink). */
const longestName = 255;
const wholeId = 64;

/** Reads a link's name; null for anything that the kubelet does not write. */
export function parsePodLog(name: string): PodLog | null {
  const [, pod, namespace, container, containerId] = form.exec(name) ?? [];
  if (pod === undefined || namespace === undefined || container === undefined || containerId === undefined)
    return null;
  if (containerId.length !== wholeId && name.length !== longestName) return null;
  return { namespace, pod, container, containerId };
}

/** Whether `NAMESPACE/POD/CONTAINER`, each with wildcards, means this container. */
export function selectsPodLog(selector: string, log: PodLog): boolean {
  const [namespace = '', pod = '', container = ''] = selector.split('/');
  return (
    matchesWildcard(namespace, log.namespace) &&
    matchesWildcard(pod, log.pod) &&
    matchesWildcard(container, log.container)
  );
}

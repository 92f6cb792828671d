import type { PodContainer } from '../core/pod-selector.ts';

/** The container that a link in the kubelet's folder of logs stands for. */
export interface PodLog extends PodContainer {
  /** Of this run of the container. */
  readonly containerId: string;
}

/** What ids of containers of pods begin with: they are not Docker's. */
export const podPrefix = 'pod:';

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

import { matchesWildcard } from './wildcard.ts';

/** A container of a pod, by the names of Kubernetes. */
export interface PodContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Whether `NAMESPACE/POD/CONTAINER`, each with wildcards, means this container. */
export function selectsPod(selector: string, wanted: PodContainer): boolean {
  const [namespace = '', pod = '', container = ''] = selector.split('/');
  return (
    matchesWildcard(namespace, wanted.namespace) &&
    matchesWildcard(pod, wanted.pod) &&
    matchesWildcard(container, wanted.container)
  );
}

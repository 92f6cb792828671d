import type { KubernetesApi } from '../config/kubernetes-api.ts';
import type { JailConfiguration } from '../config/schema.ts';
import type { AllowEntry } from '../core/allowlist.ts';
import type { PodContainer } from '../core/pod-selector.ts';
import { Api } from '../kubernetes/api.ts';
import { type AnnotatedPod, annotatedPod, type ClusterNode, clusterNode } from '../kubernetes/objects.ts';
import { Reflector, type ReflectorPauses } from '../kubernetes/reflector.ts';
import { podPrefix } from './pod-log.ts';
import type { SourceHost } from './source.ts';

/** Its name in `status`. */
export const apiId = 'kubernetes-api';

/** What the Kubernetes API says: which jails the annotations of this node's pods ask for, and which nodes there are. */
export class KubernetesCluster {
  /** Resolves when everything is known for the first time. */
  readonly known: Promise<void>;
  readonly #host: SourceHost;
  readonly #pods: Reflector<AnnotatedPod>;
  readonly #nodes: Reflector<ClusterNode>;
  /** Why nothing is learnt of either at the moment. */
  readonly #problems = new Map<'pods' | 'nodes', string | null>();
  /** By `NAMESPACE/POD/CONTAINER`. */
  #jails = new Map<string, readonly JailConfiguration[]>();
  #change = new AbortController();
  #settled: () => void = () => undefined;

  constructor(access: KubernetesApi, host: SourceHost, pauses?: ReflectorPauses) {
    this.#host = host;
    this.known = new Promise((resolve) => {
      this.#settled = resolve;
    });
    const api = new Api(access);
    const ofThisNode = { fieldSelector: `spec.nodeName=${access.node}` };
    const pods = { path: '/api/v1/pods', query: ofThisNode, few: true, read: annotatedPod };
    const nodes = { path: '/api/v1/nodes', query: {}, few: false, read: clusterNode };
    this.#pods = new Reflector(
      api,
      pods,
      { changed: () => this.#told(), state: this.#stateOf('pods') },
      pauses,
    );
    this.#nodes = new Reflector(
      api,
      nodes,
      { changed: () => this.#protect(), state: this.#stateOf('nodes') },
      pauses,
    );
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#host.report(apiId, 'starting', 'asking for pods and nodes');
    await Promise.all([this.#pods.run(signal), this.#nodes.run(signal)]);
  }

  /** Aborts when annotations ask for other jails. */
  get changed(): AbortSignal {
    return this.#change.signal;
  }

  /** The jails that a container's annotations ask for; the same objects until they change. */
  jailsOf({ namespace, pod, container }: PodContainer): readonly JailConfiguration[] {
    return this.#jails.get(`${namespace}/${pod}/${container}`) ?? [];
  }

  /** The configuration may mean other jails by the same annotations. */
  judgeAgain(): void {
    const jails = new Map<string, readonly JailConfiguration[]>();
    const ids = new Set<string>();
    for (const [uid, pod] of this.#pods.objects) {
      const { namespace, name, workload, annotations } = pod;
      for (const container of pod.containers) {
        const own = `${podPrefix}${uid}/${container.name}`;
        ids.add(own);
        const asked = this.#host.jailsFromLabels({
          id: own,
          // Of a workload's pods all: what one has counted goes on in the next.
          name: `${namespace}/${workload}/${container.name}`,
          image: container.image,
          labels: { ...annotations, ...runtimeLabels(namespace, name, container.name) },
          running: true,
          pod: { namespace, pod: name, container: container.name },
        });
        jails.set(`${namespace}/${name}/${container.name}`, asked);
      }
    }
    this.#jails = jails;
    this.#host.forgetLabels((each) => each.startsWith(podPrefix) && !ids.has(each));
  }

  #told(): void {
    this.judgeAgain();
    this.#report();
    const before = this.#change;
    this.#change = new AbortController();
    before.abort();
  }

  #protect(): void {
    this.#host.protectNodes([...this.#nodes.objects.values()].flatMap(protectionOf));
    this.#report();
  }

  #stateOf(what: 'pods' | 'nodes'): (problem: string | null) => void {
    return (problem) => {
      if (this.#problems.get(what) === problem) return;
      this.#problems.set(what, problem);
      this.#report();
      if (this.#problems.get('pods') === null && this.#problems.get('nodes') === null) this.#settled();
    };
  }

  #report(): void {
    const problem = this.#problems.get('pods') ?? this.#problems.get('nodes') ?? null;
    const known = `pods with annotations: ${this.#pods.objects.size}; nodes: ${this.#nodes.objects.size}`;
    if (problem === null) this.#host.report(apiId, 'reading', known);
    else this.#host.report(apiId, 'failed', `${problem}; what was known last stands: ${known}`);
  }
}

/** As container runtimes label the containers of pods, so that `label-containers` can choose by them. */
function runtimeLabels(namespace: string, pod: string, container: string): Record<string, string> {
  return {
    'io.kubernetes.pod.namespace': namespace,
    'io.kubernetes.pod.name': pod,
    'io.kubernetes.container.name': container,
  };
}

function protectionOf({ name, addresses, networks }: ClusterNode): AllowEntry[] {
  return [
    ...addresses.map((range) => ({ range, reason: `node ${name} of the cluster` })),
    ...networks.map((range) => ({ range, reason: `the pods of node ${name}` })),
  ];
}

import { BailiffError } from '../core/errors.ts';

/** How the Kubernetes API is asked, and for which node. */
export interface KubernetesApi {
  readonly node: string;
  /** `https://10.96.0.1:443`. */
  readonly server: string;
  /** The folder of a service account, with `token` and `ca.crt`. */
  readonly serviceAccount: string;
}

export interface KubernetesOptions {
  readonly node: string | undefined;
  readonly server: string | undefined;
  readonly serviceAccount: string;
}

/** null: it is not asked. @returns an error where nobody says where it is */
export function kubernetesApi(
  { node, server: set, serviceAccount }: KubernetesOptions,
  environment: NodeJS.ProcessEnv,
): KubernetesApi | BailiffError | null {
  if (node === undefined) return null;
  const server = set ?? serverOf(environment);
  if (server !== null) return { node, server, serviceAccount };
  return new BailiffError('config-invalid', 'nothing says where the Kubernetes API is', {
    where: 'kubernetes-node',
    remedy: 'Set kubernetes-api, or run Bailiff in a pod.',
  });
}

/** What the kubelet tells every pod (kubernetes.io, "Accessing the Kubernetes API from a Pod"); null: this is none. */
function serverOf(environment: NodeJS.ProcessEnv): string | null {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (!/^[\w.:-]+$/.test(host) || !/^\d{1,5}$/.test(port)) return null;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

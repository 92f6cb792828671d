import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Status } from '../../../src/control/protocol.ts';
import type { Ban } from '../../../src/core/types.ts';
import { type Manifest, objectOf } from '../../setup/helm.ts';
import { eventually } from './command.ts';
import type { Testbed } from './testbed.ts';

interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type: string };
  readonly emptyDir?: unknown;
  readonly configMap?: {
    readonly name: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
  readonly projected?: unknown;
}

interface Probe {
  readonly httpGet: { readonly host?: string; readonly port: string; readonly path: string };
}

interface PodSpec {
  readonly hostNetwork: boolean;
  readonly volumes: readonly Volume[];
  readonly containers: readonly [
    {
      readonly image: string;
      readonly env: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: unknown;
      }[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
      readonly volumeMounts: readonly {
        readonly name: string;
        readonly mountPath: string;
        readonly readOnly?: boolean;
      }[];
      readonly securityContext: {
        readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
        readonly readOnlyRootFilesystem: boolean;
        readonly allowPrivilegeEscalation: boolean;
        readonly runAsUser: number;
      };
      readonly livenessProbe: Probe;
      readonly readinessProbe: Probe;
    },
  ];
}

/** What a kubelet and its API add to a pod. */
export interface NodeFacts {
  readonly node: string;
  /** Host and port of the API. */
  readonly api: URL;
  /** What the projected volume holds. */
  readonly serviceAccount: string;
}

/** The pod of a rendered DaemonSet, run by the testbed's engine as a kubelet would run it. */
export class NodePod {
  readonly #testbed: Testbed;
  readonly #spec: PodSpec;
  readonly #manifests: readonly Manifest[];
  readonly #facts: NodeFacts;
  #id = '';

  constructor(testbed: Testbed, manifests: readonly Manifest[], facts: NodeFacts) {
    const { spec } = objectOf(manifests, 'DaemonSet') as unknown as { spec: { template: { spec: PodSpec } } };
    this.#spec = spec.template.spec;
    this.#testbed = testbed;
    this.#manifests = manifests;
    this.#facts = facts;
  }

  /** Where the node has what it calls `path`. */
  path(path: string): string {
    return this.#testbed.workplace.path('node', path);
  }

  async start(): Promise<void> {
    const [container] = this.#spec.containers;
    const { capabilities, ...security } = container.securityContext;
    const args = [
      ...(this.#spec.hostNetwork ? ['--network=host'] : []),
      ...(security.readOnlyRootFilesystem ? ['--read-only'] : []),
      ...(security.allowPrivilegeEscalation ? [] : ['--security-opt=no-new-privileges']),
      `--user=${security.runAsUser}`,
      ...capabilities.drop.map((name) => `--cap-drop=${name}`),
      ...capabilities.add.map((name) => `--cap-add=${name}`),
      ...container.volumeMounts.flatMap((mount) => this.#mount(mount)),
      ...this.#environment().map((variable) => `--env=${variable}`),
    ];
    const image = container.image.replace(/:.*/, '');
    this.#id = await this.#testbed.engine.docker('run', '--detach', ...args, image);
  }

  async untilReady(): Promise<void> {
    await eventually(
      'the pod is ready',
      async () => {
        const { ready, problems } = await this.status();
        if (!ready) throw new Error(problems.join('; '));
        return ready;
      },
      30,
    );
  }

  /** Where its probes ask, as seen from the node. */
  get probes(): string[] {
    const [{ livenessProbe, readinessProbe, ports }] = this.#spec.containers;
    return [livenessProbe, readinessProbe].map(({ httpGet: { host, port, path } }) => {
      const number = ports.find(({ name }) => name === port)?.containerPort;
      return `http://${host ?? 'the pod'}:${number}${path}`;
    });
  }

  async status(): Promise<Status> {
    return (await this.#json('status')) as Status;
  }

  async banned(): Promise<Ban[]> {
    return (await this.#json('banned')) as Ban[];
  }

  async remove(): Promise<void> {
    await this.#testbed.engine.docker('rm', '--force', this.#id);
  }

  async #json(command: string): Promise<unknown> {
    return JSON.parse(await this.#testbed.engine.docker('exec', this.#id, 'bailiff', command, '--json'));
  }

  #environment(): string[] {
    const { node, api } = this.#facts;
    const [{ env }] = this.#spec.containers;
    // All that is taken from the pod's fields here is the name of its node.
    const own = env.map(({ name, value }) => `${name}=${value ?? node}`);
    return [...own, `KUBERNETES_SERVICE_HOST=${api.hostname}`, `KUBERNETES_SERVICE_PORT=${api.port}`];
  }

  #mount({ name, mountPath, readOnly }: PodSpec['containers'][0]['volumeMounts'][number]): string[] {
    const volume = this.#spec.volumes.find((each) => each.name === name);
    if (volume?.emptyDir !== undefined) return [`--tmpfs=${mountPath}`];
    const source = this.#sourceOf(volume);
    return [`--volume=${source}:${mountPath}${readOnly === true ? ':ro' : ''}`];
  }

  #sourceOf(volume: Volume | undefined): string {
    const { hostPath, configMap, projected } = volume ?? {};
    if (hostPath !== undefined) return this.#onNode(hostPath.path, hostPath.type);
    if (configMap !== undefined) return this.#files(configMap);
    if (projected !== undefined) return this.#facts.serviceAccount;
    throw new Error(`no kubelet would know the volume ${JSON.stringify(volume)}`);
  }

  #onNode(path: string, type: string): string {
    const place = this.path(path);
    mkdirSync(type === 'FileOrCreate' ? dirname(place) : place, { recursive: true });
    if (type === 'FileOrCreate') writeFileSync(place, '', { flag: 'a' });
    return place;
  }

  #files({ name, items }: NonNullable<Volume['configMap']>): string {
    const data = objectOf(this.#manifests, 'ConfigMap', name)['data'] as Readonly<Record<string, string>>;
    const folder = this.#testbed.workplace.makeDirectory(`config-${name}`);
    for (const { key, path } of items) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), data[key] ?? '');
    }
    return folder;
  }
}

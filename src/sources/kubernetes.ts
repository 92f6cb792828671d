import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { KubernetesApi } from '../config/kubernetes-api.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { messageOf } from '../core/errors.ts';
import { selectsPod } from '../core/pod-selector.ts';
import type { ReflectorPauses } from '../kubernetes/reflector.ts';
import { FolderWatch } from './folder-watch.ts';
import { type JailList, readAlike } from './jail-list.ts';
import { apiId, KubernetesCluster } from './kubernetes-cluster.ts';
import { type PodLog, parsePodLog } from './pod-log.ts';
import type { OpenSource, SourceHost, SourceKind } from './source.ts';

/** Logs read at a time: a node has some hundred pods. */
const mostLogs = 2_000;

/** How long (ms) logs wait for the API's first word: whose addresses are nodes', and which jails annotations ask for. */
const patienceMs = 5_000;

/**
 * The logs of the containers of this node's pods, through the links that the kubelet keeps in `directory`. `access`: the API
 * is asked as well; `pauses`: for tests.
 */
export function kubernetesSource(
  directory: string,
  access: KubernetesApi | null = null,
  pauses?: ReflectorPauses,
): SourceKind {
  return {
    name: 'kubernetes',
    async follow(jails, host, signal) {
      const cluster = access === null ? null : new KubernetesCluster(access, host, pauses);
      const asking = cluster?.run(signal);
      if (cluster !== null) await Promise.race([cluster.known, pause(signal)]);
      await new Follower(directory, jails, host, cluster).run(signal);
      await asking;
      host.forget(apiId);
    },
  };
}

async function pause(signal: AbortSignal): Promise<void> {
  await setTimeout(patienceMs, undefined, { signal, ref: false }).catch(() => undefined);
}

interface WantedLog {
  readonly log: PodLog;
  readonly jails: readonly JailConfiguration[];
  /** Those of annotations, as text: their limits become known with the source. */
  readonly annotated: string;
}

interface OpenLog extends Omit<WantedLog, 'log'> {
  /** The file that the link led to. */
  readonly path: string;
  readonly source: OpenSource;
}

class Follower {
  readonly #directory: string;
  readonly #list: JailList;
  readonly #host: SourceHost;
  readonly #cluster: KubernetesCluster | null;
  /** By the name of the link. */
  readonly #open = new Map<string, OpenLog>();

  constructor(directory: string, jails: JailList, host: SourceHost, cluster: KubernetesCluster | null) {
    this.#directory = directory;
    this.#list = jails;
    this.#host = host;
    this.#cluster = cluster;
  }

  async run(signal: AbortSignal): Promise<void> {
    const watch = new FolderWatch([this.#directory]);
    while (!signal.aborted) {
      const until = AbortSignal.any([signal, this.#list.changed]);
      this.#cluster?.judgeAgain();
      do {
        const annotations = this.#cluster?.changed ?? until;
        await this.#look();
        await watch.next(AbortSignal.any([until, annotations]));
      } while (!until.aborted);
    }
    watch.close();
    for (const { source } of this.#open.values()) source.close();
  }

  get #jails(): readonly JailConfiguration[] {
    return this.#list.now.filter((jail) => jail.kubernetes.length > 0);
  }

  /** Opens what is new, ends what is gone. Never rejects. */
  async #look(): Promise<void> {
    let names: string[];
    try {
      names = await readdir(this.#directory);
    } catch (error) {
      this.#report('waiting', `${messageOf(error)}; the node's /var/log is read there`);
      return;
    }
    const wanted = this.#wanted(names);
    for (const name of [...this.#open.keys()]) if (!wanted.has(name)) this.#end(name);
    const unreadable: string[] = [];
    for (const [name, log] of wanted) {
      const problem = await this.#follow(name, log);
      if (problem !== null) unreadable.push(problem);
    }
    this.#reportLogs(wanted.size, unreadable);
  }

  #wanted(names: readonly string[]): Map<string, WantedLog> {
    const wanted = new Map<string, WantedLog>();
    const asking = this.#jails;
    for (const name of names) {
      const log = parsePodLog(name);
      if (log === null) continue;
      const jails = asking.filter(({ kubernetes }) =>
        kubernetes.some((selector) => selectsPod(selector, log)),
      );
      const annotated = this.#cluster?.jailsOf(log) ?? [];
      if (jails.length + annotated.length > 0)
        wanted.set(name, { log, jails: [...jails, ...annotated], annotated: JSON.stringify(annotated) });
      if (wanted.size === mostLogs) break;
    }
    return wanted;
  }

  /** Reads the file that a link leads to, or goes on with it. Returns why that cannot be, or null. */
  async #follow(name: string, { log, jails, annotated }: WantedLog): Promise<string | null> {
    const open = this.#open.get(name);
    let path: string;
    try {
      path = await realpath(join(this.#directory, name));
    } catch (error) {
      // The file goes before its link, and is read to its end.
      return open === undefined ? messageOf(error) : null;
    }
    if (path === open?.path && annotated === open.annotated && readAlike(jails, open.jails)) return null;
    // Of the file itself: a rotated one lies beside it and not beside the link.
    const source = this.#host.open({
      id: `kubernetes:${log.namespace}/${log.pod}/${log.container}@${log.containerId.slice(0, 12)}`,
      cursorKey: `kubernetes:${log.containerId}`,
      input: { kind: 'file', path, format: 'cri', readers: jails.map((jail) => jail.name) },
      jails,
    });
    this.#open.set(name, { path, source, jails, annotated });
    return null;
  }

  #end(name: string): void {
    const source = this.#open.get(name)?.source;
    this.#open.delete(name);
    // It is judged to its end before it is forgotten.
    void source?.end('the container is gone').catch(() => undefined);
    source?.close();
  }

  #reportLogs(wanted: number, unreadable: readonly string[]): void {
    const [first] = unreadable;
    const read = `containers read: ${this.#open.size}`;
    if (first !== undefined)
      this.#report(
        this.#open.size > 0 ? 'reading' : 'waiting',
        `${read}; not read: ${unreadable.length}: ${first}; the links lead to the node's /var/log/pods, which must be there under the same path`,
      );
    else if (wanted === 0) this.#report('waiting', 'no container of this node is one that a jail asks for');
    else if (wanted === mostLogs) this.#report('reading', `${read}; more are not read`);
    else this.#report('reading', read);
  }

  #report(state: 'reading' | 'waiting', detail: string): void {
    // While it waits, all of its jails do; else those whose pods are not there show by themselves.
    const waiting = state === 'waiting' ? this.#jails.map(({ name }) => name) : [];
    this.#host.report('kubernetes', state, detail, waiting);
  }
}

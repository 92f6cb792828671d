import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { JailConfiguration } from '../config/schema.ts';
import { messageOf } from '../core/errors.ts';
import { FolderWatch } from './folder-watch.ts';
import { type JailList, readAlike } from './jail-list.ts';
import { type PodLog, parsePodLog, selectsPodLog } from './pod-log.ts';
import type { OpenSource, SourceHost, SourceKind } from './source.ts';

/** Logs read at a time: a node has some hundred pods. */
const mostLogs = 2_000;

/** The logs of the containers of this node's pods, through the links that the kubelet keeps in `directory`. */
export function kubernetesSource(directory: string): SourceKind {
  return {
    name: 'kubernetes',
    async follow(jails, host, signal) {
      await new Follower(directory, jails, host).run(signal);
    },
  };
}

interface OpenLog {
  /** The file that the link led to. */
  readonly path: string;
  readonly source: OpenSource;
  readonly jails: readonly JailConfiguration[];
}

interface WantedLog {
  readonly log: PodLog;
  readonly jails: readonly JailConfiguration[];
}

class Follower {
  readonly #directory: string;
  readonly #list: JailList;
  readonly #host: SourceHost;
  /** By the name of the link. */
  readonly #open = new Map<string, OpenLog>();

  constructor(directory: string, jails: JailList, host: SourceHost) {
    this.#directory = directory;
    this.#list = jails;
    this.#host = host;
  }

  async run(signal: AbortSignal): Promise<void> {
    const watch = new FolderWatch([this.#directory]);
    while (!signal.aborted) {
      const until = AbortSignal.any([signal, this.#list.changed]);
      do {
        await this.#look();
        await watch.next(until);
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
        kubernetes.some((selector) => selectsPodLog(selector, log)),
      );
      if (jails.length > 0) wanted.set(name, { log, jails });
      if (wanted.size === mostLogs) break;
    }
    return wanted;
  }

  /** Reads the file that a link leads to, or goes on with it. Returns why that cannot be, or null. */
  async #follow(name: string, { log, jails }: WantedLog): Promise<string | null> {
    const open = this.#open.get(name);
    let path: string;
    try {
      path = await realpath(join(this.#directory, name));
    } catch (error) {
      // The file goes before its link, and is read to its end.
      return open === undefined ? messageOf(error) : null;
    }
    if (path === open?.path && readAlike(jails, open.jails)) return null;
    // Of the file itself: a rotated one lies beside it and not beside the link.
    const source = this.#host.open({
      id: `kubernetes:${log.namespace}/${log.pod}/${log.container}@${log.containerId.slice(0, 12)}`,
      cursorKey: `kubernetes:${log.containerId}`,
      input: { kind: 'file', path, format: 'cri', readers: jails.map((jail) => jail.name) },
      jails,
    });
    this.#open.set(name, { path, source, jails });
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

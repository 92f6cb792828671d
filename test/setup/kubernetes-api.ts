import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { KubernetesApi } from '../../src/config/kubernetes-api.ts';
import { selfSigned } from './certificates.ts';
import { folderOf } from './folder.ts';

export interface FakeObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: string;
  readonly object: FakeObject;
}

interface Watch {
  readonly kind: string;
  readonly selects: (object: FakeObject) => boolean;
  readonly response: ServerResponse;
}

/**
 * Speaks as much of the Kubernetes API as a client that lists and watches can see: pages, versions, bookmarks, selectors of the
 * node, tokens, versions that are forgotten (410), and being away.
 */
export class FakeKubernetes {
  /** How a client reaches it. */
  readonly access: KubernetesApi;
  /** Paths that were asked for, with their queries. */
  readonly asked: string[] = [];
  /** Verbs and kinds that are refused (403), such as `list nodes`. */
  readonly refused = new Set<string>();
  /** Objects a page, where the client asks for more. */
  pageSize = 2;
  /** Also what is asked of its memory, as nothing forbids. */
  pagesAll = false;
  #token = 'first';
  #version = 100;
  /** Versions before this one are forgotten. */
  #oldest = 0;
  #changes: Change[] = [];
  readonly #objects = new Map<string, Map<string, FakeObject>>();
  readonly #watches = new Set<Watch>();
  /** The rest of what a watch was sent last. */
  readonly #unsent = new WeakMap<ServerResponse, string>();
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>, access: KubernetesApi) {
    this.#server = server;
    this.access = access;
    server.on('request', (request, response) => this.#answer(request, response));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.rotate('first');
  }

  static async start(node = 'node-1'): Promise<FakeKubernetes> {
    const { key, cert } = await selfSigned('IP:127.0.0.1');
    const serviceAccount = join(folderOf({}), 'account');
    mkdirSync(serviceAccount);
    writeFileSync(join(serviceAccount, 'ca.crt'), cert);
    const server = createServer({ key, cert });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new FakeKubernetes(server, { node, serviceAccount, server: `https://127.0.0.1:${port}` });
  }

  /** Makes an object, or puts another one in place of it. */
  put(kind: 'pods' | 'nodes', object: FakeObject): void {
    const known = this.#of(kind).has(object.metadata.uid);
    this.#change(known ? 'MODIFIED' : 'ADDED', kind, object);
  }

  remove(kind: 'pods' | 'nodes', uid: string): void {
    const object = this.#of(kind).get(uid);
    if (object !== undefined) this.#change('DELETED', kind, object);
  }

  /** The token that is taken from now on; the client's file has it at once. */
  rotate(token: string): void {
    this.#token = token;
    writeFileSync(join(this.access.serviceAccount, 'token'), `${token}\n`);
  }

  /** Takes no token but this one, whatever the client's file has. */
  expect(token: string): void {
    this.#token = token;
  }

  /** Forgets what has changed until now: who left off there has to list again. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#changes = [];
  }

  /** Ends all connections, as a load balancer does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Sends every watch a bookmark. */
  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watches) this.#send(response, 'BOOKMARK', {});
  }

  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  async comeBack(): Promise<void> {
    const { port } = new URL(this.access.server);
    await new Promise<void>((resolve) => this.#server.listen(Number(port), '127.0.0.1', resolve));
  }

  #of(kind: string): Map<string, FakeObject> {
    const objects = this.#objects.get(kind) ?? new Map<string, FakeObject>();
    this.#objects.set(kind, objects);
    return objects;
  }

  #change(type: Change['type'], kind: string, given: FakeObject): void {
    this.#version += 1;
    const object = withVersion(given, this.#version);
    if (type === 'DELETED') this.#of(kind).delete(given.metadata.uid);
    else this.#of(kind).set(given.metadata.uid, object);
    this.#changes.push({ version: this.#version, type, kind, object });
    for (const watch of this.#watches)
      if (watch.kind === kind && watch.selects(object)) this.#send(watch.response, type, object);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.access.server);
    this.asked.push(`${url.pathname}${url.search}`);
    const kind = url.pathname.replace('/api/v1/', '');
    const verb = url.searchParams.has('watch') ? 'watch' : 'list';
    if (request.headers.authorization !== `Bearer ${this.#token}`) fail(response, 401, 'Unauthorized');
    else if (this.refused.has(`${verb} ${kind}`))
      fail(response, 403, `${kind} is forbidden: cannot ${verb} resource "${kind}"`);
    else if (verb === 'list') this.#list(kind, url.searchParams, response);
    else this.#watch(kind, url.searchParams, response);
  }

  #list(kind: string, query: URLSearchParams, response: ServerResponse): void {
    const all = [...this.#of(kind).values()].filter(selector(query));
    if (query.get('resourceVersion') === '0' && !this.pagesAll) {
      // Out of its memory: in one page, and of a version that it may have forgotten.
      const resourceVersion = `${this.#oldest === 0 ? this.#version : this.#oldest - 1}`;
      response.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion }, items: all }));
      return;
    }
    const from = Number(query.get('continue') ?? 0);
    const items = all.slice(from, from + this.pageSize);
    const next = from + this.pageSize < all.length ? `${from + this.pageSize}` : undefined;
    const metadata = {
      resourceVersion: `${this.#version}`,
      ...(next === undefined ? {} : { continue: next }),
    };
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ kind: 'List', metadata, items }));
  }

  #watch(kind: string, query: URLSearchParams, response: ServerResponse): void {
    const since = Number(query.get('resourceVersion'));
    response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    if (since < this.#oldest) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    const selects = selector(query);
    const watch = { kind, selects, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const change of this.#changes)
      if (change.version > since && change.kind === kind && selects(change.object))
        this.#send(response, change.type, change.object);
  }

  /** In two pieces, as a network may hand it over. */
  #send(response: ServerResponse, type: string, object: Partial<FakeObject>): void {
    const whole = type === 'BOOKMARK' ? { metadata: { resourceVersion: `${this.#version}` } } : object;
    const text = `${JSON.stringify({ type, object: whole })}\n`;
    response.write(`${this.#unsent.get(response) ?? ''}${text.slice(0, 20)}`);
    this.#unsent.set(response, text.slice(20));
    setImmediate(() => {
      response.write(this.#unsent.get(response) ?? '');
      this.#unsent.delete(response);
    });
  }
}

function withVersion(object: FakeObject, version: number): FakeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } };
}

function selector(query: URLSearchParams): (object: FakeObject) => boolean {
  const [, node] = /^spec\.nodeName=(.+)$/.exec(query.get('fieldSelector') ?? '') ?? [];
  return ({ spec }) => node === undefined || (spec as { nodeName?: string } | undefined)?.nodeName === node;
}

function fail(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
}

/** A pod of a Deployment, on a node. */
export function podOf(
  name: string,
  annotations: Readonly<Record<string, string>>,
  {
    node = 'node-1',
    namespace = 'shop',
    images = { main: 'sshd:1' } as Readonly<Record<string, string>>,
  } = {},
): FakeObject {
  const workload = name.replace(/-[^-]*$/, '');
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      annotations: { 'example.org/other': 'x', ...annotations },
      labels: { 'pod-template-hash': '7d4f9' },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-7d4f9`, controller: true }],
    },
    spec: {
      nodeName: node,
      containers: Object.entries(images).map(([container, image]) => ({ name: container, image })),
    },
  };
}

export function nodeOf(name: string, address: string, podCIDR: string): FakeObject {
  const addresses = [
    { type: 'InternalIP', address },
    { type: 'Hostname', address: name },
  ];
  return { metadata: { name, uid: `uid-${name}` }, spec: { podCIDRs: [podCIDR] }, status: { addresses } };
}

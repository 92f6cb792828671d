import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A read-only proxy before an engine's socket, as people run one: GET and HEAD alone, and only some paths. */
export class SocketProxy {
  /** Everything that was asked for: `GET /containers/json`, without parameters. */
  readonly asked: string[] = [];
  readonly #socket: string;
  readonly #hides: (method: string, path: string) => boolean;
  readonly #server: Server;
  #answers = new Set<ServerResponse>();

  private constructor(socket: string, hides: (method: string, path: string) => boolean) {
    this.#socket = socket;
    this.#hides = hides;
    this.#server = createServer((question, answer) => this.#forward(question, answer));
  }

  /** On any free port. A path that matches `hidden` is refused. */
  static async start(socket: string, hidden = /^$/): Promise<SocketProxy> {
    const proxy = new SocketProxy(socket, (method, path) => !isReading(method) || hidden.test(path));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** On a socket of its own, for its user alone. Of each method the paths that match whole are let through. */
  static async startAt({ path, socket, allowed }: ProxyOptions): Promise<void> {
    const proxy = new SocketProxy(socket, (method, asked) => allowed.get(method)?.test(asked) !== true);
    rmSync(path, { force: true });
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve));
    chmodSync(path, 0o600);
  }

  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every answer that is under way, as a proxy does after a time without bytes. */
  cut(): void {
    for (const answer of this.#answers) answer.destroy();
  }

  /** From now on nothing comes out of the answers that are under way, and none of them ends. */
  stall(): void {
    for (const answer of this.#answers) answer.emit('stall');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(question: IncomingMessage, answer: ServerResponse): void {
    const { method = '', url = '' } = question;
    const path = url.replace(/\?.*/s, '');
    this.asked.push(`${method} ${path}`);
    if (this.#hides(method, path)) {
      answer.writeHead(403).end('<html><body><h1>403 Forbidden</h1></body></html>');
      return;
    }
    const forwarded = request({ socketPath: this.#socket, path: url, method }, (received) => {
      answer.writeHead(received.statusCode ?? 502, received.headers);
      answer.flushHeaders();
      received.pipe(answer);
      received.on('error', () => answer.destroy());
      answer.once('stall', () => received.unpipe(answer).resume().removeAllListeners('end'));
    });
    forwarded.on('error', () => answer.destroy());
    answer.once('close', () => {
      this.#answers.delete(answer);
      forwarded.destroy();
    });
    this.#answers.add(answer);
    forwarded.end();
  }
}

/** What the options of the compose files' proxy come to. */
export interface ProxyOptions {
  /** The engine's socket. */
  readonly socket: string;
  /** The proxy's own. */
  readonly path: string;
  /** By method. */
  readonly allowed: ReadonlyMap<string, RegExp>;
}

/** @throws on an option that the compose files do not use */
export function readOptions(options: readonly string[]): ProxyOptions {
  let socket = '';
  let path = '';
  const allowed = new Map<string, RegExp>();
  for (const option of options) {
    const [, name = '', value = ''] = /^-(\w+)=(.*)$/s.exec(option) ?? [];
    const [, method] = /^allow([A-Z]+)$/.exec(name) ?? [];
    if (method !== undefined) allowed.set(method, new RegExp(`^${value}$`));
    else if (name === 'socketpath') socket = value;
    else if (name === 'proxysocketendpoint') path = value;
    else throw new Error(`the stand-in knows no ${option}`);
  }
  return { socket, path, allowed };
}

const isReading = (method: string): boolean => ['GET', 'HEAD'].includes(method);

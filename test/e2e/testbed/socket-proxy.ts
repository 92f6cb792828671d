import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A read-only proxy before an engine's socket, as people run one: GET and HEAD alone, and only some paths. */
export class SocketProxy {
  /** Everything that was asked for: `GET /containers/json`, without parameters. */
  readonly asked: string[] = [];
  readonly #socket: string;
  readonly #hidden: RegExp;
  readonly #server: Server;
  #answers = new Set<ServerResponse>();

  private constructor(socket: string, hidden: RegExp) {
    this.#socket = socket;
    this.#hidden = hidden;
    this.#server = createServer((question, answer) => this.#forward(question, answer));
  }

  /** What matches `hidden` is refused. Without a port it is any free one. */
  static async start(socket: string, hidden = /^$/, port = 0): Promise<SocketProxy> {
    const proxy = new SocketProxy(socket, hidden);
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    return proxy;
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
    if (!['GET', 'HEAD'].includes(method) || this.#hidden.test(path)) {
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

import { createServer, type ServerResponse } from 'node:http';

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Lines of its standard output, without their ends. */
  readonly lines: readonly string[];
}

/** An engine of Docker's, as far as a daemon asks it, with these containers; what they are called need not be possible. */
export class FakeEngine {
  readonly #server = createServer((request, response) => this.#answer(request.url ?? '', response));
  readonly #containers: ReadonlyMap<string, FakeContainer>;

  constructor(containers: readonly FakeContainer[]) {
    this.#containers = new Map(containers.map((each) => [each.id, each]));
  }

  async listen(socket: string): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(socket, resolve));
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://engine');
    if (pathname === '/events') {
      response.flushHeaders();
      return;
    }
    if (pathname === '/containers/json') {
      response.end(JSON.stringify([...this.#containers.values()].map(listed)));
      return;
    }
    const [, id = '', question] = /^\/containers\/([^/]+)\/(\w+)$/.exec(pathname) ?? [];
    const container = this.#containers.get(id);
    if (container === undefined) {
      response.end(pathname === '/networks' ? '[]' : '{}');
      return;
    }
    if (question === 'json') response.end(JSON.stringify(inspected(container)));
    else if (searchParams.get('follow') === null || searchParams.get('follow') === 'false') response.end();
    else response.write(Buffer.concat(container.lines.map(message)));
  }
}

function listed({ id, name, image, labels }: FakeContainer) {
  return { Id: id, Names: [`/${name}`], Image: image, Labels: labels, State: 'running' };
}

function inspected({ id, name, image, labels }: FakeContainer) {
  return {
    Id: id,
    Name: `/${name}`,
    Config: { Image: image, Labels: labels, Tty: false },
    State: { Running: true, Pid: 0 },
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: { Networks: {}, Ports: {} },
  };
}

/** As the engine sends it: a frame of standard output, in which the message's time stands before it. */
function message(line: string): Buffer {
  const text = Buffer.from(`${new Date().toISOString().replace('Z', '000000Z')} ${line}\n`);
  const head = Buffer.alloc(8);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text]);
}

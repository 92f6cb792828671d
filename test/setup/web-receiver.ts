import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WebReceiver {
  readonly port: number;
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** How a request is answered; 200 takes it. */
  answer: (response: ServerResponse) => void;
  /** Resolves once there are so many requests. */
  until(count: number): Promise<void>;
  close(): void;
}

export interface WebReceiverOptions {
  /** Absent: any that is free. */
  readonly port?: number;
  /** In PEM: https with these. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A receiver of webhooks on this machine. */
export async function startWebReceiver({ port = 0, tls }: WebReceiverOptions = {}): Promise<WebReceiver> {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    receiver.requests.push({ method, path: url, headers, body: await text(request) });
    receiver.answer(response);
    for (const { count, resolve } of waiting) if (receiver.requests.length >= count) resolve();
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => void take(request, response));
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const receiver: WebReceiver = {
    port: own,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${own}/hook`,
    requests: [],
    answer: (response) => response.end('ok'),
    until: (count) =>
      new Promise((resolve) => {
        if (receiver.requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return receiver;
}

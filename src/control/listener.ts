import type { Server } from 'node:http';
import { jsonText } from '../core/printable.ts';
import { createServer } from './http.ts';
import type { Status } from './protocol.ts';

export interface ListenerParts {
  readonly status: () => Status;
  /** All series, in the format that an `Accept` header prefers. */
  readonly metrics: (accept?: string) => Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * Serves /metrics, /healthz, /readyz and /livez. The first two of these answer 503 while something that should hold does not,
 * and say what; a dry run that the owner asked for is healthy, and says that nothing is enforced. /livez answers as long
 * as anything does: what is wrong otherwise, another start would not put right.
 * @throws the system's error (EADDRINUSE, EACCES)
 */
export async function serveListener(
  address: { readonly host: string; readonly port: number },
  parts: ListenerParts,
): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/metrics') {
      parts.metrics(request.headers.accept).then(
        ({ contentType, text }) => response.setHeader('content-type', contentType).end(text),
        () => response.writeHead(500).end(),
      );
      return;
    }
    if (path === '/livez') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('alive\n');
      return;
    }
    if (path !== '/healthz' && path !== '/readyz') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('/metrics /healthz /readyz /livez\n');
      return;
    }
    const { ready, problems, enforcement } = parts.status();
    response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
    response.end(
      `${jsonText({ ready, enforcement: enforcement.state, backend: enforcement.backend, problems })}\n`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

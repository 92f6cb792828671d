/** Reaches what listens in the namespace it is started in, and receives what Alertmanager sends there. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { serveLines } from './lines.ts';

const received: unknown[] = [];

await serveLines({
  /** Takes webhooks of Alertmanager on this port. */
  listen: async (port: number) => {
    const server = createServer((request, response) => {
      void json(request).then((message) => received.push(...(message as { alerts: unknown[] }).alerts));
      response.end();
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
  },
  received: () => received,
  get: async (url: string, accept = '*/*') => {
    const answer = await fetch(url, { headers: { accept } });
    return answer.text();
  },
});

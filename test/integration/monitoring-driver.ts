/**
 * In the namespace it is started in: reaches what listens there, receives what Alertmanager sends, is a service that logs, or
 * attacks one.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { serveLines } from './lines.ts';

const received: unknown[] = [];
/** By the address they send from. */
const attackers = new Map<string, Socket>();

async function attackerAt(address: string): Promise<Socket> {
  const known = attackers.get(address);
  if (known !== undefined) return known;
  const socket = createSocket('udp4');
  attackers.set(address, socket);
  await once(socket.bind(0, address), 'listening');
  return socket;
}

const failedLogin = (address: string): string =>
  `${new Date().toISOString()} host sshd[77]: Failed password for root from ${address} port 40000 ssh2\n`;

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
  /** Takes each datagram that reaches this port for a failed login, and logs it. */
  serve: async (port: number, log: string) => {
    const socket = createSocket('udp4', (_, { address }) => appendFileSync(log, failedLogin(address)));
    await once(socket.bind(port), 'listening');
  },
  /** One datagram from each of these addresses. */
  attack: async (addresses: readonly string[], host: string, port: number) => {
    for (const address of addresses) (await attackerAt(address)).send('x', port, host);
  },
  get: async (url: string, accept = '*/*') => {
    const answer = await fetch(url, { headers: { accept } });
    return answer.text();
  },
});

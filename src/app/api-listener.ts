import type { Server } from 'node:http';
import type { ApiConfiguration } from '../config/api.ts';
import type { Control } from '../control/protocol.ts';
import { serveTcp } from '../control/tcp.ts';
import type { Clock } from '../core/types.ts';
import type { Log } from './log.ts';

/** Who guesses tokens is told of so often, in seconds: he must not fill the log. */
const complaintEvery = 60;

export interface ApiListenerParts {
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Log;
}

/** The API over TCP. @throws the system's error (EADDRINUSE, EACCES) */
export async function serveApi(api: ApiConfiguration, parts: ApiListenerParts): Promise<Server> {
  const { listen, readToken: read, writeToken: write } = api;
  const { control, log } = parts;
  const server = await serveTcp(listen, { control, tokens: { read, write }, refused: refusals(parts) });
  log.info({ address: server.address() }, 'the API listens');
  return server;
}

function refusals({ clock, log }: ApiListenerParts): (address: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (address) => {
    count++;
    if (clock.now() - last < complaintEvery) return;
    log.warn({ address, requests: count }, 'the API refused requests without a right token');
    last = clock.now();
    count = 0;
  };
}

import type { Server } from 'node:http';
import type { Configuration } from '../config/schema.ts';
import type { Control } from '../control/protocol.ts';
import { serveTcp } from '../control/tcp.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import type { Log } from './log.ts';

/** Who guesses tokens is told of so often, in seconds: he must not fill the log. */
const complaintEvery = 60;

export interface ApiListenerParts {
  readonly control: Control;
  readonly problems: Set<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The API over TCP, where it is wanted. A port that is taken does not stop the protection: it shows in status and log. */
export async function openApi({ api }: Configuration, parts: ApiListenerParts): Promise<Server[]> {
  if (api === null) return [];
  const { control, problems, log } = parts;
  const { listen, readToken: read, writeToken: write } = api;
  try {
    const server = await serveTcp(listen, { control, tokens: { read, write }, refused: refusals(parts) });
    log.info({ address: server.address() }, 'the API listens');
    return [server];
  } catch (error) {
    const problem = `the API is not open over TCP: ${messageOf(error)}`;
    problems.add(problem);
    log.error({ error: problem }, 'listener failed');
    return [];
  }
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

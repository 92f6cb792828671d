import type { IncomingMessage, Server } from 'node:http';
import { type Access, Guard, type Tokens } from './guard.ts';
import { createApi, type Patience } from './handler.ts';
import type { Control } from './protocol.ts';

/** Each takes a few kilobytes, and those who follow the events stay. */
const mostConnections = 100;

export interface TcpParts {
  readonly control: Control;
  readonly tokens: Tokens;
  /** Told of each request that was not admitted, with the address that it came from. */
  readonly refused?: (address: string) => void;
  readonly patience?: Patience;
}

/**
 * Serves the API to whoever has a token.
 * @throws the system's error (EADDRINUSE, EACCES)
 */
export async function serveTcp(
  address: { readonly host: string; readonly port: number },
  { control, tokens, refused = () => undefined, patience }: TcpParts,
): Promise<Server> {
  const guard = new Guard(tokens);
  const admit = ({ headers, socket }: IncomingMessage): Access => {
    try {
      return guard.admit(headers);
    } catch (error) {
      refused(socket.remoteAddress ?? '');
      throw error;
    }
  };
  const server = createApi({ control, admit, ...(patience === undefined ? {} : { patience }) });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

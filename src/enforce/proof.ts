import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Banned for the proof and for nothing else. Loopback: no packet with this source comes from outside (RFC 1122). */
export const proofAddress = '127.66.66.66';
/** As loopback as the other one, and not banned: it must get through, or the listener proves nothing. */
const controlAddress = '127.66.66.67';

/** After the control got through, the banned one, which knocked before it, has this long (ms) to get through as well. */
const graceMs = 250;
/** How long the control may take, on a busy machine, in ms. */
const patienceMs = 5_000;

/** `shut`: the banned address found no way in; `open`: it did; `unknown`: nothing can be said, and why. */
export type Proof =
  | { readonly path: 'shut' | 'open' }
  | { readonly path: 'unknown'; readonly reason: string };

/**
 * Knocks on a listener of our own, over loopback, from the banned `proofAddress` and then from an address
 * that is not banned. The caller puts the former into the kernel's set before, and takes it out after.
 */
export async function provePath(): Promise<Proof> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  const seen = new Set<string>();
  server.on('connection', (socket) => {
    seen.add(socket.remoteAddress ?? '');
    socket.destroy();
  });
  const patience = AbortSignal.timeout(patienceMs);
  try {
    const port = await listening(server, patience);
    const knocks = [proofAddress, controlAddress].map((localAddress) =>
      connect({ host: '127.0.0.1', port, localAddress }).on('error', () => undefined),
    );
    try {
      while (!seen.has(controlAddress)) await once(server, 'connection', { signal: patience });
      await pause(graceMs);
      return { path: seen.has(proofAddress) ? 'open' : 'shut' };
    } finally {
      for (const knock of knocks) knock.destroy();
    }
  } catch (error) {
    if (patience.aborted) return { path: 'unknown', reason: 'no connection over loopback gets through' };
    return { path: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    server.close();
  }
}

async function listening(server: Server, signal: AbortSignal): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening', { signal });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

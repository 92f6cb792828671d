import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type ListenOptions, type Socket } from 'node:net';
import type { SyslogListener } from '../config/schema.ts';
import { SyslogFraming } from './syslog-framing.ts';
import type { SyslogQueue } from './syslog-queue.ts';

/** Connections of one listener; further ones are closed at once. */
const mostConnections = 256;
/** A connection on which nothing came for so long, in ms, is closed. A sender in order opens another. */
const idleMs = 3_600_000;
/** How often a silent sender is asked whether it is still there, in ms. */
const keepAliveMs = 60_000;
/** Bytes that the kernel may keep of datagrams while this thread is busy; it may allow less (net.core.rmem_max). */
const datagramBuffer = 4 * 1024 * 1024;

/** Who may use the socket: root and its group. Whoever may write there can have anybody banned. */
const socketMode = 0o660;
/** The sender of what comes over a unix socket. */
const thisHost = 'localhost';

/** What a listener counts and decides with. */
export interface Reception {
  readonly queue: SyslogQueue;
  /** Whether this address may send. */
  admits(address: string): boolean;
  refused(address: string): void;
  /** A message that came faster than it could be judged is lost. */
  dropped(): void;
  /** A connection's bytes made no sense, or there were too many connections. */
  closed(reason: string): void;
  /** Seconds since the epoch. */
  now(): number;
}

/**
 * Listens until the signal aborts. `listening` is called once it does.
 * @throws Error where it cannot listen, or cannot go on
 */
export async function receive(
  listener: SyslogListener,
  reception: Reception,
  listening: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (listener.protocol === 'unix') {
    await removeStale(listener.path);
    const ready = (): void => {
      chmodSync(listener.path, socketMode);
      listening();
    };
    await receiveStreams({ path: listener.path }, reception, ready, signal);
  } else {
    const { host, port } = listener;
    const receiveThere = listener.protocol === 'udp' ? receiveDatagrams : receiveStreams;
    await receiveThere({ host, port }, reception, listening, signal);
  }
}

async function receiveDatagrams(
  { host, port }: { readonly host: string; readonly port: number },
  { queue, admits, refused, dropped, now }: Reception,
  listening: () => void,
  signal: AbortSignal,
): Promise<void> {
  const type = host.includes(':') ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: datagramBuffer });
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening', { signal });
    listening();
    socket.on('message', (message, { address }) => {
      if (!admits(address)) refused(address);
      else if (queue.full) dropped();
      else if (message.length > 0) queue.add({ receivedAt: now(), sender: nameOf(address), message });
    });
    await once(socket, 'close', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    socket.close();
  }
}

async function receiveStreams(
  where: ListenOptions,
  reception: Reception,
  listening: () => void,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const address = 'path' in where ? null : (socket.remoteAddress ?? '');
    if (address !== null && !reception.admits(address)) {
      reception.refused(address);
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    readConnection(socket, address === null ? thisHost : nameOf(address), reception);
  });
  server.maxConnections = mostConnections;
  server.on('drop', () => reception.closed(`more than ${mostConnections} connections`));
  try {
    server.listen({ ...where, exclusive: true });
    await once(server, 'listening', { signal });
    listening();
    await once(server, 'close', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    server.close();
    for (const socket of open) socket.destroy();
  }
}

function readConnection(socket: Socket, sender: string, { queue, closed, now }: Reception): void {
  const framing = new SyslogFraming();
  const take = (message: Buffer): void => queue.add({ receivedAt: now(), sender, message });
  socket.setKeepAlive(true, keepAliveMs);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      framing.push(chunk, take);
    } catch (error) {
      closed(`${sender} ${error instanceof Error ? error.message : String(error)}`);
      socket.destroy();
      return;
    }
    if (!queue.full) return;
    socket.pause();
    queue.whenRoom(() => socket.resume());
  });
  socket.on('end', () => framing.flush(take));
  // What was received is judged; the sender opens a new one.
  socket.on('error', () => socket.destroy());
}

/** The address without the zone of a link-local one, and IPv4 as such. */
function nameOf(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, '');
}

/** Takes away the socket of a run that was killed. @throws Error where something else, or a living receiver, is there */
async function removeStale(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new Error('there is something that is no socket');
  const probe = connect(path);
  const answers = await once(probe, 'connect').then(
    () => true,
    () => false,
  );
  probe.destroy();
  if (answers) throw new Error('another program listens there');
  unlinkSync(path);
}

/** Knocks on ports from addresses of the namespace it is started in. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { serveLines } from './lines.ts';

interface Knock {
  readonly source: string;
  readonly target: string;
  readonly port: number;
  readonly udp?: boolean;
  /** ms of silence that count as dropped. */
  readonly patience: number;
}

/** Connections that are kept open, by a number. */
const open: Socket[] = [];

/** `open`, `dropped` after the patience is over, or the error that came back. */
function knock(what: Knock): Promise<string> {
  return new Promise((resolve) => {
    const end = (word: string): void => {
      clearTimeout(timer);
      close();
      resolve(word);
    };
    const timer = setTimeout(() => end('dropped'), what.patience);
    const close = what.udp === true ? knockUdp(what, end) : knockTcp(what, end);
  });
}

function knockTcp({ source, target, port }: Knock, end: (word: string) => void): () => void {
  const socket = connect({ host: target, port, localAddress: source });
  socket.on('connect', () => end('open'));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    end(error.code === 'ETIMEDOUT' ? 'dropped' : String(error.code)),
  );
  return () => socket.destroy();
}

/** UDP answers nothing by itself, so the other end echoes; asked again, as datagrams may be lost. */
function knockUdp({ source, target, port }: Knock, end: (word: string) => void): () => void {
  const socket = createSocket(target.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', () => end('open'));
  socket.on('error', (error: NodeJS.ErrnoException) => end(String(error.code)));
  let again: NodeJS.Timeout | undefined;
  socket.bind({ address: source }, () =>
    socket.connect(port, target, () => {
      const send = (): void => socket.send('?', () => undefined);
      again = setInterval(send, 300);
      send();
    }),
  );
  return () => {
    clearInterval(again);
    socket.removeAllListeners('error').on('error', () => undefined);
    socket.close();
  };
}

await serveLines({
  knock: (all: Knock[]) => Promise.all(all.map(knock)),
  /** Opens a connection and keeps it. @returns its number */
  keep: ({ source, target, port }: Knock) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: target, port, localAddress: source });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.on('error', () => undefined);
        resolve(open.push(socket) - 1);
      });
    }),
  /** Whether something sent over a kept connection comes back within `patience` ms. */
  echo: (which: number, patience: number) =>
    new Promise((resolve) => {
      const socket = open[which];
      const timer = setTimeout(() => resolve(false), patience);
      socket?.once('data', () => {
        clearTimeout(timer);
        resolve(true);
      });
      socket?.write('?');
    }),
});

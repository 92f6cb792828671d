import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly login: string | null;
  /** All of it, with line ends as LF. */
  readonly data: string;
}

export interface SmtpServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** What is answered to the sender's address; 250 takes it, and '' says nothing at all. */
  answer: string;
  /** Resolves once there are so many mails. */
  until(count: number): Promise<void>;
  /** Takes no more connections, and ends those that are there. */
  close(): void;
}

export interface SmtpServerOptions {
  /** Absent: any that is free. */
  readonly port?: number;
  /** In PEM; TLS from the first byte with these. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** In PEM; TLS from STARTTLS on (RFC 3207) with these. */
  readonly startTls?: { readonly key: string; readonly cert: string };
}

/** A mail server on this machine that takes every mail (RFC 5321, and AUTH PLAIN). */
export async function startSmtpServer({
  port = 0,
  tls,
  startTls,
}: SmtpServerOptions = {}): Promise<SmtpServer> {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const sockets = new Set<Socket>();
  const listener = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.write('220 test\r\n');
    void converse(socket, smtp, waiting, startTls);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address();
  const smtp: SmtpServer = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails: [],
    answer: '250 fine',
    until: (count) =>
      new Promise((resolve) => {
        if (smtp.mails.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return smtp;
}

async function converse(
  socket: Socket,
  smtp: SmtpServer,
  waiting: readonly { readonly count: number; readonly resolve: () => void }[],
  startTls: SmtpServerOptions['startTls'],
): Promise<void> {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let mail = { from: '', to: [] as string[], login: null as string | null, data: '' };
  let inData = false;
  for await (const line of createInterface({ input: socket })) {
    const [word = ''] = line.split(' ');
    if (inData && line !== '.') mail.data += `${line.replace(/^\./, '')}\n`;
    else if (inData) {
      inData = false;
      smtp.mails.push(mail);
      say('250 taken');
      for (const { count, resolve } of waiting) if (smtp.mails.length >= count) resolve();
      mail = { ...mail, data: '', to: [] };
    } else if (word === 'EHLO')
      say(`250-test\r\n${startTls === undefined ? '' : '250-STARTTLS\r\n'}250 AUTH PLAIN`);
    else if (word === 'AUTH') {
      mail.login = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
      say('235 welcome');
    } else if (word === 'MAIL') {
      mail.from = line;
      if (smtp.answer !== '') say(smtp.answer);
    } else if (word === 'RCPT') {
      mail.to.push(line);
      say('250 fine');
    } else if (word === 'DATA') {
      inData = true;
      say('354 go on');
    } else if (word === 'STARTTLS' && startTls !== undefined) break;
    else if (word === 'STARTTLS') say('502 not here');
    else if (word === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say('250 fine');
  }
  if (socket.destroyed || startTls === undefined) return;
  const secure = new TLSSocket(socket, { isServer: true, ...startTls });
  secure.on('error', () => undefined);
  say('220 go ahead');
  await converse(secure, smtp, waiting, undefined);
}

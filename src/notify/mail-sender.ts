import { once } from 'node:events';
import { BailiffError } from '../core/errors.ts';
import { DeliveryFailure, explained } from './channel.ts';
import { type MailServer, parseMailServer, requireMailAddress } from './mail-server.ts';
import type { MailText } from './mail-text.ts';
import { runProgram } from './program.ts';
import { tlsTrust } from './tls-trust.ts';

/** How mails leave this machine: to a server, or through a program that takes them as sendmail does. */
export type MailWay =
  | { readonly kind: 'smtp'; readonly server: MailServer; readonly ca: string | null }
  | { readonly kind: 'sendmail'; readonly path: string };

export interface MailSenderOptions {
  readonly from: string;
  readonly fromName: string;
  readonly to: readonly string[];
  /** Whose accounts names without a domain are. */
  readonly host: string;
  readonly way: MailWay;
}

interface Person {
  readonly name: string;
  readonly address: string;
}

interface OutgoingMail extends MailText {
  readonly from: Person;
  readonly to: Person[];
  readonly headers: Record<string, string>;
}

/** How long a server may take to answer, in ms. */
const timeouts = {
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
  dnsTimeout: 10_000,
};
const sendmailMs = 20_000;
/** Nothing of a mail is ever fetched from somewhere. */
const closed = { disableFileAccess: true, disableUrlAccess: true };

/** @throws BailiffError config-invalid. See `parseMailServer` for `verify`. */
export function smtpWay(server: string, verify: boolean | null = null, ca: string | null = null): MailWay {
  return { kind: 'smtp', server: parseMailServer(server, verify), ca };
}

/** Sends mails from one address to some. */
export class MailSender {
  readonly #way: MailWay;
  readonly #envelope: Pick<OutgoingMail, 'from' | 'to'>;

  /** @throws BailiffError config-invalid */
  constructor({ from, fromName, to, host, way }: MailSenderOptions) {
    if (to.length === 0) throw new BailiffError('config-invalid', 'a mail has nobody to go to');
    this.#way = way;
    this.#envelope = {
      from: { name: fromName, address: requireMailAddress(from, host) },
      to: to.map((each) => ({ name: '', address: requireMailAddress(each, host) })),
    };
  }

  /** Returns what the server said. @throws where it does not take the mail, or the signal aborts */
  async send({ subject, text }: MailText, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const headers = { 'Auto-Submitted': 'auto-generated' };
    const mail = { ...this.#envelope, subject, text, headers };
    const way = this.#way;
    return way.kind === 'smtp' ? sendBySmtp(mail, way, signal) : this.#sendByProgram(mail, way.path, signal);
  }

  async #sendByProgram(mail: OutgoingMail, path: string, signal: AbortSignal): Promise<string> {
    const { createTransport } = await import('nodemailer');
    const written = await createTransport({
      streamTransport: true,
      buffer: true,
      newline: 'unix',
      ...closed,
    }).sendMail(mail);
    const { from, to } = this.#envelope;
    const recipients = to.map(({ address }) => address);
    const outcome = await runProgram([path, '-i', '-f', from.address, '--', ...recipients], {
      env: {},
      input: written.message as Buffer,
      timeoutMs: sendmailMs,
      signal,
    });
    if (!outcome.ok) throw new DeliveryFailure(`${path}: ${outcome.complaint}`);
    return `${path} has taken it`;
  }
}

async function sendBySmtp(
  mail: OutgoingMail,
  { server, ca }: MailWay & { readonly kind: 'smtp' },
  signal: AbortSignal,
): Promise<string> {
  // Most daemons never send one.
  const { createTransport } = await import('nodemailer');
  const tls = await tlsTrust(server.tls.rejectUnauthorized, ca);
  const transport = createTransport({ ...server, tls, ...timeouts, ...closed });
  const sent = transport.sendMail(mail);
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).then(() => signal.throwIfAborted());
  try {
    await Promise.race([sent, aborted]);
    return (await sent).response;
  } catch (error) {
    throw isRefusal(error) ? new DeliveryFailure(explained(error), { refused: true }) : error;
  } finally {
    done.abort();
    aborted.catch(() => undefined);
    sent.catch(() => undefined);
    transport.close();
  }
}

/** A permanent answer (RFC 5321, 4.2.1) to this mail's addresses or content, and not to the login. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('code' in error)) return false;
  return Number(error.responseCode) >= 500 && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE');
}

import { BailiffError } from '../core/errors.ts';

/** What nodemailer is told of a server. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (RFC 8314). */
  readonly secure: boolean;
  /** STARTTLS or nothing. */
  readonly requireTLS: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
  readonly tls: { readonly rejectUnauthorized: boolean };
}

const remedy = 'Write smtp://host, smtp://user:password@host:587 or smtps://host.';

/**
 * Reads `smtp://[user:password@]host[:port]` or `smtps://…`; the ports are 25 and 465 where none is named. A password goes
 * only over TLS to the server that the certificate names, or to this machine. Without one TLS is used where the
 * server offers it, whatever its certificate: as between mail servers (RFC 7435), and Debian's Postfix has
 * one that nobody signed. `verify` decides instead whether the certificate has to be sound: then it is TLS or nothing.
 * @throws BailiffError config-invalid; it never holds the password
 */
export function parseMailServer(text: string, verify: boolean | null = null): MailServer {
  const url = URL.parse(text);
  const secure = url?.protocol === 'smtps:';
  if (url === null || (!secure && url.protocol !== 'smtp:') || url.hostname === '') throw invalid();
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') throw invalid();
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const hasPassword = url.username !== '' || url.password !== '';
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);
  const isSecret = hasPassword && !isHere;
  const verified = verify ?? (secure || isSecret);
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 25) : Number(url.port),
    secure,
    requireTLS: !secure && (verified || isSecret),
    ...(hasPassword ? { auth: { user: decoded(url.username), pass: decoded(url.password) } } : {}),
    tls: { rejectUnauthorized: verified },
  };
}

/** A server as fail2ban's smtp.py takes it: `host` or `host:port`. */
export function mailServerUrl(host: string, user: string | null, password: string | null): string {
  const login = user === null ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`;
  return `smtp://${login}${host}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid();
  }
}

function invalid(): BailiffError {
  return new BailiffError('config-invalid', 'the mail server is not written as an smtp:// address', {
    remedy,
  });
}

const mailAddress = /^[^\s<>"(),:;@[\]\\\p{C}]{1,64}@[^\s<>"(),:;@\\\p{C}]{1,253}$/u;

/**
 * A mail address; a name without a domain is an account of `host`, as sendmail takes it, and `<fq-hostname>` stands
 * for that host, too.
 * @throws BailiffError config-invalid
 */
export function requireMailAddress(text: string, host: string): string {
  const named = text.trim().replaceAll('<fq-hostname>', host);
  const address = named.includes('@') ? named : `${named}@${host}`;
  if (mailAddress.test(address)) return address;
  throw new BailiffError('config-invalid', 'a mail address is not written as one', {
    remedy: 'Write name@example.org.',
  });
}

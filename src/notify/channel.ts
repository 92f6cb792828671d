import type { Message } from './message.ts';

/** A way to tell somebody something. */
export interface Channel {
  /**
   * Resolves once the other side has taken the message, with what it said; ends soon after the signal aborts.
   * @throws DeliveryFailure, or anything that is thrown on the way
   */
  send(message: Message, signal: AbortSignal): Promise<string>;
}

/** The other side did not take a message. */
export class DeliveryFailure extends Error {
  /** It will not take this one, whenever it is asked. */
  readonly refused: boolean;
  /** How long it wants to be left alone, in ms. */
  readonly waitMs: number;

  constructor(message: string, { refused = false, waitMs = 0 } = {}) {
    super(message);
    this.name = 'DeliveryFailure';
    this.refused = refused;
    this.waitMs = waitMs;
  }
}

/** What OpenSSL finds wrong with a certificate, as Node calls it (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const certificateCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
/** What Node adds is not for those who did not start it by hand. */
const nodesAdvice = /; if the root CA is installed locally.*$/s;
const certificateWords = /self[- ]signed|certificate|altname/i;

/** What went wrong on the way, on one line; of a certificate, what to do about it. */
export function explained(thrown: unknown): string {
  if (thrown instanceof DeliveryFailure) return thrown.message;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const isUntrusted = certificateCodes.has(code) || certificateWords.test(message);
  const told = isUntrusted || message.includes(code) ? message : `${message} (${code})`;
  const line = told.replace(nodesAdvice, '').replaceAll(/\s+/g, ' ').slice(0, 300);
  if (!isUntrusted) return line;
  return `the server's certificate is not trusted: ${line}; name its authority in \`ca\`, or switch \`verify\` off`;
}

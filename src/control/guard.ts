import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BailiffError } from '../core/errors.ts';
import { isWriting } from './routes.ts';

export interface Tokens {
  /** May ask for everything, and change nothing; null: there is none. */
  readonly read: string | null;
  readonly write: string | null;
}

/** What a request may do. */
export type Access = 'read' | 'write';

/** Decides who may ask what over TCP. */
export class Guard {
  readonly #read: Buffer;
  readonly #write: Buffer;

  constructor({ read, write }: Tokens) {
    this.#read = digestOf(read);
    this.#write = digestOf(write);
  }

  /** Before anything else is said, also of which paths there are. @throws BailiffError request-forbidden, request-unauthorized */
  admit(headers: IncomingHttpHeaders): Access {
    checkHost(headers.host);
    const given = digestOf(tokenIn(headers.authorization));
    // Both each time, so that the time tells nothing of which it was.
    const mayRead = timingSafeEqual(given, this.#read);
    const mayWrite = timingSafeEqual(given, this.#write);
    if (mayWrite) return 'write';
    if (mayRead) return 'read';
    throw new BailiffError('request-unauthorized', 'the request brings no token, or a wrong one', {
      remedy: 'Send `Authorization: Bearer TOKEN` with the api-read-token or the api-write-token.',
    });
  }
}

/** @throws BailiffError request-forbidden: another token is needed, or a web page asks */
export function checkAccess(access: Access, method: string, headers: IncomingHttpHeaders): void {
  if (!isWriting({ method })) return;
  if (access === 'read')
    throw new BailiffError('request-forbidden', 'the read token may not change anything', {
      remedy: 'Send the api-write-token.',
    });
  // Browsers name the page that asks; other programs send none.
  if (headers.origin !== undefined)
    throw new BailiffError('request-forbidden', 'web pages may not change anything', {
      remedy: 'Ask from a program, without an Origin header.',
    });
}

/**
 * Whoever has a name of his own mean this machine (DNS rebinding) could have a browser here ask in it. Addresses cannot be
 * made to mean another machine.
 */
function checkHost(host: string | undefined): void {
  if (/^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host ?? '')) return;
  throw new BailiffError('request-forbidden', 'the Host header names neither an address nor localhost', {
    remedy: 'Ask by address, or have the proxy in front send `Host: localhost`.',
  });
}

function tokenIn(authorization: string | undefined): string | null {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** Of equal length, whatever the token's. None is like no other. */
function digestOf(token: string | null): Buffer {
  return createHash('sha256')
    .update(token ?? randomBytes(32))
    .digest();
}

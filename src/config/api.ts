import { BailiffError } from '../core/errors.ts';
import type { Layer } from './layer.ts';
import { picker } from './picker.ts';

/** Where the API answers over TCP, and to whom. One of the tokens is there at least. */
export interface ApiConfiguration {
  readonly listen: { readonly host: string; readonly port: number };
  /** May ask for everything, and change nothing. */
  readonly readToken: string | null;
  readonly writeToken: string | null;
}

/** The API over TCP, of the layers of which the last one wins; null: there is none. Or why it cannot be. */
export function decideApi(layers: readonly Layer[]): ApiConfiguration | null | BailiffError {
  const latest = layers.toReversed();
  const pick = picker(latest.map(({ values }) => values));
  const listen = pick.anywhere('api-listen') ?? null;
  if (listen === null) return null;
  const readToken = pick.anywhere('api-read-token') ?? null;
  const writeToken = pick.anywhere('api-write-token') ?? null;
  const fault = (key: 'api-listen' | 'api-read-token', message: string, remedy: string): BailiffError => {
    const where = latest.find(({ values }) => values[key] !== undefined)?.where([key]);
    return new BailiffError('config-invalid', message, { remedy, ...(where === undefined ? {} : { where }) });
  };
  if (readToken === null && writeToken === null)
    return fault(
      'api-listen',
      'api-listen: the API is open to nobody over TCP without a token',
      'Set api-read-token or api-write-token (BAILIFF_API_WRITE_TOKEN_FILE names a file with it); `openssl rand -hex 32` makes one.',
    );
  if (readToken === writeToken)
    return fault(
      'api-read-token',
      'api-read-token is the same as api-write-token, so that whoever may read could write',
      'Give each a value of its own.',
    );
  return { listen, readToken, writeToken };
}

/** Whether others than this machine can reach it. */
export function isPublic({ host }: { readonly host: string }): boolean {
  return host !== 'localhost' && host !== '::1' && !host.startsWith('127.');
}

import { ConfigurationErrors } from '../config/errors.ts';
import { BailiffError, type ErrorCode, messageOf } from '../core/errors.ts';
import type { ErrorAnswer } from './protocol.ts';

/** Errors that are not the request's form (400). */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  'request-unauthorized': 401,
  'request-forbidden': 403,
  'request-not-found': 404,
  'jail-not-found': 404,
  'notifier-not-found': 404,
  'request-method': 405,
  'request-slow': 408,
  'address-protected': 409,
  'jail-configured': 409,
  'request-too-large': 413,
  'request-type': 415,
  internal: 500,
  'enforcement-failed': 500,
  'jails-unwritable': 500,
  'ledger-unusable': 503,
};

/** What is thrown while a request is answered, as its status and its body. */
export function failureOf(thrown: unknown): { readonly status: number; readonly answer: ErrorAnswer } {
  const errors = (thrown instanceof ConfigurationErrors ? thrown.errors : [thrown]).map(wireError);
  const [error = wireError(thrown)] = errors;
  return {
    status: statuses[error.code as ErrorCode] ?? 400,
    answer: errors.length > 1 ? { error, errors } : { error },
  };
}

function wireError(thrown: unknown): ErrorAnswer['error'] {
  if (!(thrown instanceof BailiffError)) return { code: 'internal', message: messageOf(thrown) };
  const { code, message, where, remedy } = thrown;
  return { code, message, where, remedy };
}

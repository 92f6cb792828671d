import { BailiffError, type ErrorCode } from '../../core/errors.ts';
import { type Place, showPlace } from './place.ts';

/** What is wrong at a line, and what to do about it; it is thrown within this folder and listed outside. */
export function problemAt(
  at: Place,
  message: string,
  remedy: string,
  code: ErrorCode = 'fail2ban-invalid',
): BailiffError {
  return new BailiffError(code, message, { where: showPlace(at), remedy });
}

/** What does no harm, and still is not as somebody may think. */
export interface Remark {
  readonly at: Place;
  /** The jail that it is about; null where it is about the files. */
  readonly jail: string | null;
  readonly text: string;
}
